"""What the settings of a server come to together: processes, requests at once, the end of a slow request."""

from collections.abc import Callable

import pytest

from prodlint.deployment.servers.concurrency import (
    processes_of,
    request_timeout_of,
    slots_of,
)
from prodlint.deployment.servers.server import Server
from prodlint.deployment.value import NO, UNKNOWN, YES, EnvDriven, Known, is_several

Serve = Callable[..., Server]


def shown(value: object) -> object:
    if isinstance(value, Known):
        return value.value
    if isinstance(value, EnvDriven):
        return f"${value.name} or {value.default}"
    return "unlimited" if value is None else "?"


@pytest.mark.parametrize(
    ("command", "processes", "slots", "timeout"),
    [
        ("gunicorn -w 3 app:app", 3, 3, 30),
        ("gunicorn -w 3 -t 0 app:app", 3, 3, None),
        ("gunicorn app:app", "$WEB_CONCURRENCY or 1", "$WEB_CONCURRENCY or 1", 30),
        ("gunicorn -w 2 --threads 4 app:app", 2, 8, None),
        ("gunicorn -w ${W:-2} --threads 4 app:app", "$W or 2", "$W or 8", None),
        ("gunicorn -w $W --threads $T app:app", "$W or None", "?", "?"),
        ("gunicorn -w 2 --threads ${T:-3} app:app", 2, "$T or 6", "?"),
        ("gunicorn -w 2 -k gevent app:app", 2, 2000, None),
        ("gunicorn -w 2 -k uvicorn.workers.UvicornWorker app:app", 2, "unlimited", None),
        ("gunicorn -w 2 -k $K app:app", 2, "?", "?"),
        ("uvicorn app:app --workers 4", 4, "unlimited", None),
        ("uvicorn app:app --workers 4 --reload", 1, "unlimited", None),
        ("hypercorn app", 1, "unlimited", None),
        ("waitress-serve app:app", 1, 4, None),
        ("waitress-serve --threads=8 app:app", 1, 8, None),
        ("daphne app:app", 1, "unlimited", None),
        ("uwsgi --http :80 -p 4 --threads 2 --harakiri 20", 4, 8, 20),
        ("uwsgi --http :80", 1, 1, None),
        ("uwsgi --http :80 --gevent 100", 1, "?", None),
        ("flask run", 1, "unlimited", None),
        ("sanic app --fast", "?", "unlimited", None),
        ("gunicorn -c missing.py app:app", "?", "?", "?"),
    ],
)
def test_settings_come_to_processes_slots_and_a_limit(
    serve: Serve, command: str, processes: object, slots: object, timeout: object
) -> None:
    server = serve(command)
    found = [shown(processes_of(server)), shown(slots_of(server)), shown(request_timeout_of(server))]
    assert found == [processes, slots, timeout]


def test_several_processes_are_only_claimed_where_they_are_known(serve: Serve) -> None:
    assert is_several(processes_of(serve("gunicorn -w 2 app:app"))) is YES
    assert is_several(processes_of(serve("gunicorn -w 1 app:app"))) is NO
    assert is_several(processes_of(serve("gunicorn app:app"))) is UNKNOWN
    assert is_several(processes_of(serve("gunicorn app:app", WEB_CONCURRENCY="4"))) is YES
