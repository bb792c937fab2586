"""What platforms install by themselves, and what is declared and installed nowhere."""

from __future__ import annotations

from installations import PIPENV, POETRY, UV, asked, ran, repository

from prodlint.deployment.install import provides, where_else
from prodlint.deployment.packages.install_platform import package_manager_files, platform_install
from prodlint.deployment.value import NO, UNKNOWN, YES
from prodlint.source import Source


def test_heroku_installs_the_main_part_by_its_only_manager():
    span = Source("Procfile", "web: gunicorn app\n").span
    poetry = platform_install(repository(POETRY), "", "heroku", span)
    assert poetry is not None
    assert (poetry.installed, poetry.locked, poetry.span) == ({"flask", "werkzeug"}, YES, span)
    uv = platform_install(repository(UV), "", "heroku", span)
    assert uv is not None
    assert provides((uv,), "gunicorn") is NO
    pipenv = platform_install(repository(PIPENV), "", "heroku", span)
    assert pipenv is not None
    assert pipenv.installed == {"flask", "werkzeug"}
    assert platform_install(repository({"setup.py": ""}), "", "heroku", span) is None


def test_heroku_with_two_managers_is_uncertain():
    files = {**UV, "requirements.txt": "flask\n"}
    install = platform_install(repository(files), "", "heroku", Source("Procfile", "").span)
    assert install is not None
    assert install.complete is UNKNOWN
    assert package_manager_files(repository(files), "") == ("requirements.txt", "uv.lock")


def test_railway_takes_requirements_before_a_lock():
    files = {f"api/{path}": text for path, text in {**UV, "requirements.txt": "flask\n"}.items()}
    span = Source("railway.toml", "").span
    install = platform_install(repository(files), "api", "railway", span)
    assert install is not None
    assert asked(install) == {"flask"}
    assert install.complete is YES
    del files["api/requirements.txt"]
    install = platform_install(repository(files), "api", "railway", span)
    assert install is not None
    assert (asked(install), install.locked) == ({"fastapi"}, YES)


def test_a_platform_whose_choice_is_not_known():
    span = Source("app.yaml", "").span
    assert platform_install(repository(UV), "", "render", span) is None
    install = platform_install(repository(UV), "", "appengine", span)
    assert install is not None
    assert install.complete is UNKNOWN


def test_where_else_names_a_declaration_that_is_not_installed():
    files = {
        "requirements/base.txt": "flask\n",
        "requirements/dev.txt": "Gunicorn\n",
        "requirements/prod.txt": "-r base.txt\ngunicorn==22.0.0\n",
    }
    repo = repository(files)
    place = where_else(repo, "gunicorn", (ran("pip install -r requirements/base.txt", files),))
    assert place is not None
    assert (place.path, place.line) == ("requirements/prod.txt", 2)
    assert where_else(repo, "daphne") is None
