"""The command that a map tells as what stays: not what only makes something ready before it."""

from __future__ import annotations

import pytest
from maps import drawn

from prodlint.map.document import State

FILES = {
    "Dockerfile": 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["./start.sh"]\n',
    "manage.py": "import django\n",
}


@pytest.mark.parametrize(
    ("script", "command"),
    [
        # A job ends behind what it does.
        ("python manage.py migrate\ntouch /tmp/done", "python manage.py migrate"),
        ("mkdir -p /data\npython manage.py migrate && chown -R app /data", "python manage.py migrate"),
        ("python manage.py runserver\nrm -f pid", "python manage.py runserver"),
        ("gunicorn app:app &\nchown -R app /data", "gunicorn app:app"),
        # It does nothing else.
        ("mkdir -p /data\nchown -R app /data", "chown -R app /data"),
        ("exec chown -R app /data", "chown -R app /data"),
        # What stays is not known.
        ('if [ "$PUID" -ne 0 ]; then usermod -u "$PUID" app; fi\neval "$COMMAND"', None),
        ("./elsewhere.sh\nchown -R app /data", None),
        ('python manage.py check\npython manage.py migrate\nif [ "$PUID" ]; then usermod -u "$PUID" app; fi', None),
        ("celery -A shop worker &\npython manage.py check\nmkdir -p /data", None),
    ],
)
def test_what_only_makes_something_ready_is_not_what_stays(script: str, command: str | None) -> None:
    files = {**FILES, "start.sh": f"#!/bin/sh\n{script}\n"}
    [service] = drawn(files).services
    fact = service.fact("command")
    assert fact is not None
    if command is not None:
        assert (fact.text, fact.state) == (command, State.KNOWN)
    else:
        assert fact.state is State.UNKNOWN
        assert "usermod" not in fact.text
        assert "chown" not in fact.text
        assert "mkdir" not in fact.text


def test_one_command_that_two_users_may_run_is_told_once() -> None:
    script = 'if [ "$(id -u)" = 0 ]; then exec gosu app gunicorn app:app; fi\nexec gunicorn app:app\n'
    files = {**FILES, "start.sh": f"#!/bin/sh\n{script}"}
    [service] = drawn(files).services
    fact = service.fact("command")
    assert fact is not None
    assert (fact.text, fact.state) == ("gunicorn app:app", State.KNOWN)
    assert [str(one.span) for one in fact.sources] == ["start.sh:2", "start.sh:3"]
    other = {**files, "start.sh": files["start.sh"].replace("exec gunicorn app:app", "exec gunicorn app:app -w 2")}
    [service] = drawn(other).services
    fact = service.fact("command")
    assert fact is not None
    assert fact.state is State.UNKNOWN
