"""Procfiles: one process a line, whatever its line ends."""

import pytest

from prodlint.deployment import Platform, Role, Service
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree


def services_of(text: str | bytes, path: str = "Procfile") -> list[Service]:
    return list(inspect(MemoryTree({path: text, "x.txt": ""}), []).deployment.services)


@pytest.mark.parametrize(
    ("text", "processes"),
    [
        ("web: gunicorn a\n", ["web: gunicorn a"]),
        ("web:gunicorn a", ["web: gunicorn a"]),
        ("web:\t gunicorn a  \n", ["web: gunicorn a"]),
        ("web: gunicorn a\r\nworker: celery -A b worker\r\n", ["web: gunicorn a", "worker: celery -A b worker"]),
        ("# web: gunicorn a\n\nweb: gunicorn b\n", ["web: gunicorn b"]),
        ("web: gunicorn a\nweb: gunicorn b\n", ["web: gunicorn b"]),
        ("long-name_2: gunicorn a\n", ["long-name_2: gunicorn a"]),
        ("web: gunicorn a:b --bind 0.0.0.0:$PORT\n", ["web: gunicorn a:b --bind 0.0.0.0:$PORT"]),
        (b"\xef\xbb\xbfweb: gunicorn a\n", ["web: gunicorn a"]),
        ("web gunicorn a\n", []),
        (" web: gunicorn a\n", []),
        ("web:\n", []),
        ("", []),
        (b"\xff\xfe\x00", []),
    ],
)
def test_each_line_is_a_process(text: str | bytes, processes: list[str]) -> None:
    assert [one.label for one in services_of(text)] == processes


def test_names_tell_the_roles_and_lines_the_places() -> None:
    text = "web: ./run\nrelease: ./run\nclock: ./run\n"
    found = [(one.role, str(one.span), one.process.platform) for one in services_of(text)]
    assert found == [
        (Role.WEB, "Procfile:1", Platform.HEROKU),
        (Role.RELEASE, "Procfile:2", Platform.HEROKU),
        (Role.WORKER, "Procfile:3", Platform.HEROKU),
    ]


def test_a_process_starts_in_the_folder_of_its_file() -> None:
    files = {"api/Procfile": "web: sh start.sh\n", "api/start.sh": "gunicorn api\n", "start.sh": "gunicorn root\n"}
    (service,) = inspect(MemoryTree(files), []).deployment.services
    assert service.written == "gunicorn api"
