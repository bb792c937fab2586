"""uWSGI's configuration starts programs of its own; what it does not tell is unread."""

import pytest

from prodlint.deployment import Service
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree


def web(command: str, files: dict[str, str]) -> Service:
    (service,) = inspect(MemoryTree({"Procfile": f"web: {command}\n", **files}), []).deployment.services
    return service


@pytest.mark.parametrize(
    ("option", "program"),
    [
        ("hook-pre-app = exec:python manage.py migrate", "python manage.py migrate"),
        ("hook-post-app = call:ignored", "ignored"),
        ("exec-pre-app = python manage.py migrate", "python manage.py migrate"),
        ("exec-asap = sh prepare.sh", "python manage.py migrate"),
        ("attach-daemon = celery -A shop worker", "celery -A shop worker"),
        ("attach-daemon2 = celery -A shop worker", "celery -A shop worker"),
    ],
)
def test_a_hook_is_a_program_that_the_service_starts(option: str, program: str) -> None:
    files = {"uwsgi.ini": f"[uwsgi]\nmodule = shop.wsgi\n{option}\n", "prepare.sh": "python manage.py migrate\n"}
    service = web("uwsgi --ini uwsgi.ini", files)
    assert program in [step.written for step in service.execution.steps]
    assert service.execution.unread == ()


@pytest.mark.parametrize("command", ["uwsgi uwsgi.ini", "uwsgi --ini=uwsgi.ini", "uwsgi --ini uwsgi.ini:shop"])
def test_the_configuration_is_named_in_several_ways(command: str) -> None:
    files = {"uwsgi.ini": "[uwsgi]\nexec-asap = ./one\n[shop]\nexec-asap = ./two\n"}
    assert "./one" in [step.written for step in web(command, files).execution.steps]


def test_a_configuration_elsewhere_is_unread() -> None:
    assert [one.note for one in web("uwsgi --ini /etc/uwsgi/shop.ini", {}).execution.unread]


def test_daemons_run_beside_the_app_and_a_condition_may_leave_one_out() -> None:
    conf = (
        "[uwsgi]\nattach-daemon = ./one\nif-env = MAIL\nattach-daemon = ./two %(_) -v\nendif =\nexec-asap = ./three\n"
    )
    steps = web("uwsgi --ini uwsgi.conf", {"uwsgi.conf": conf}).execution.steps
    found = {step.program: (step.background, step.conditional) for step in steps}
    assert (found["one"], found["two"], found["three"]) == ((True, False), (True, True), (False, False))
    assert "./two %(_) -v" in [step.written for step in steps]
