"""The settings that hold in an image: files that its build wrote anew, files that it left out."""

import pytest

from prodlint.deployment.settings.found import AppSettings
from prodlint.deployment.settings_module import settings_of
from prodlint.deployment.value import Known, Unknown
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

WSGI = """\
import os
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.dev")
application = get_wsgi_application()
"""
SHOP = {
    "manage.py": "",
    "requirements.txt": "django==5.2\ngunicorn==23.0\n",
    "shop/__init__.py": "",
    "shop/wsgi.py": WSGI,
    "shop/settings/__init__.py": "try:\n    from .dev import *\nexcept ImportError:\n    from .prod import *\n",
    "shop/settings/dev.py": "DEBUG = True\n",
    "shop/settings/prod.py": "DEBUG = False\n",
}
NAMED = "ENV DJANGO_SETTINGS_MODULE=shop.settings\n"


def used(*lines: str, **files: str) -> AppSettings:
    dockerfile = "\n".join(("FROM python:3.13", "WORKDIR /app", *lines, 'CMD ["gunicorn", "shop.wsgi"]', ""))
    named = {name.replace("__", "/").replace("_DOT_", "."): text for name, text in files.items()}
    deployment = inspect(MemoryTree({**SHOP, "Dockerfile": dockerfile, **named}), []).deployment
    (service,) = deployment.services
    known = settings_of(service, deployment.repository)
    assert known is not None
    return known


def debug_of(*lines: str, ignored: str = "") -> object:
    files = {"_DOT_dockerignore": ignored} if ignored else {}
    found = used("ENV DJANGO_SETTINGS_MODULE=shop.settings", *lines, **files).get("DEBUG")
    return found.value if isinstance(found, Known) else found


# What the build wrote


@pytest.mark.parametrize(
    "line",
    [
        "RUN sed -i s/dev/prod/ shop/wsgi.py shop/x.py && sed -i '/x/d' shop/wsgi.py",
        "RUN test -f x && sed -i '/dev/d' /app/shop/wsgi.py",
        "RUN perl -pi -e 's/(dev)/$ENV{KIND}/' shop/wsgi.py",
        "RUN python make.py > shop/wsgi.py",
        "RUN python make.py | tee shop/wsgi.py",
    ],
)
def test_what_a_rewritten_entry_module_chooses_is_not_known(line: str) -> None:
    module = used("COPY . .", line).module
    assert isinstance(module, Unknown)
    assert "Dockerfile:4 rewrites shop/wsgi.py while the image is built" in module.reason


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("RUN sed -i s/settings.dev/settings.prod/ shop/wsgi.py", "shop.settings.prod"),
        ("RUN sed -i 's|shop.settings.dev|shop.settings.prod|g' /app/shop/wsgi.py", "shop.settings.prod"),
        ("RUN sed -i -e 's/\"shop.settings/\"shop.config/' shop/wsgi.py", None),
        ("RUN sed -i 's/ngs.dev/ngs/' shop/wsgi.py && chmod +x shop/wsgi.py", "shop.settings"),
        ("RUN sed -i s/nothing.of.it/other/ shop/wsgi.py", "shop.settings.dev"),
        ("RUN sed -i s/e/i/ shop/wsgi.py", None),
        ("RUN sed -i s/_MODULE/_MODULES/ shop/wsgi.py", None),
        ("RUN sed -i s/shop.settings.dev/prod/ shop/wsgi.py && sed -i s/prod/other/ shop/wsgi.py", None),
        ("RUN test -f x && sed -i s/settings.dev/settings.prod/ shop/wsgi.py", None),
        ("RUN sed -i -n s/settings.dev/settings.prod/ shop/wsgi.py", None),
    ],
)
def test_a_plain_substitution_is_carried_out_in_thought(line: str, module: str | None) -> None:
    found = used("COPY . .", line).module
    name = getattr(found, "value", getattr(found, "default", None))
    assert name == module
    if module is None:
        assert isinstance(found, Unknown)


def test_a_variable_of_the_image_is_known_beside_a_rewritten_entry_module() -> None:
    found = used("COPY . .", "RUN sed -i '/x/d' shop/wsgi.py", "ENV DJANGO_SETTINGS_MODULE=shop.settings.prod")
    assert found.module == Known("shop.settings.prod", found.span)


def test_the_names_of_rewritten_settings_are_not_known() -> None:
    found = debug_of("COPY . .", "RUN sed -i 's/True/False/;s/x/y/' shop/settings/dev.py")
    assert isinstance(found, Unknown)
    assert found.reason == "Dockerfile:5 rewrites shop/settings/dev.py while the image is built"


def test_a_file_that_is_copied_again_is_what_the_repository_holds() -> None:
    assert debug_of("COPY . .", "RUN sed -i '/x/d' shop/settings/dev.py", "COPY shop shop") is True


def test_a_rewriting_of_another_place_is_none() -> None:
    assert debug_of("COPY . .", "RUN sed -i '/x/d' /tmp/shop/settings/dev.py") is True


def test_a_rewritten_file_of_another_stage_stays_rewritten() -> None:
    lines = ("COPY . .", "RUN sed -i '/x/d' shop/settings/dev.py", "FROM python:3.13", "WORKDIR /app")
    for copied in ("COPY --from=0 /app /app", "COPY --from=0 /app/shop/settings/dev.py shop/settings/"):
        found = debug_of(*lines, "COPY . .", NAMED.strip(), copied)
        assert isinstance(found, Unknown)
        assert "Dockerfile:5 rewrites" in found.reason


# What the image leaves out


def test_settings_that_the_image_leaves_out_are_missing_when_it_runs() -> None:
    assert debug_of("COPY . .", ignored="shop/settings/dev.py\n") is False


def test_settings_that_no_line_copies_are_missing_when_it_runs() -> None:
    assert debug_of("COPY shop/settings/__init__.py shop/settings/prod.py shop/settings/") is False


@pytest.mark.parametrize(
    "line",
    [
        "RUN python make.py > shop/settings/dev.py",
        "VOLUME /data",
        "COPY --from=somewhere/else /shop /app/shop",
        "COPY shop/settings/dev.py /app/shop/settings/",
    ],
)
def test_settings_that_may_be_there_are_read(line: str) -> None:
    ignored = "" if line.startswith("VOLUME") or "dev.py /" in line else "shop/settings/dev.py\n"
    assert debug_of("COPY . .", line, ignored=ignored) is True


def test_without_its_package_in_the_image_a_module_may_be_installed() -> None:
    assert debug_of("COPY manage.py .", "RUN pip install shop") is True
