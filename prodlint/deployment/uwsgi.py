"""What a uWSGI configuration starts besides its app: hooks and attached programs (serving page, 2.2)."""

from __future__ import annotations

from dataclasses import replace

from prodlint.deployment.command import Execution, Link, Step, shell_form
from prodlint.deployment.execution import execute
from prodlint.deployment.filemap import absolute
from prodlint.deployment.repository import Repository
from prodlint.deployment.server_uwsgi import uwsgi_files
from prodlint.deployment.service import Service

__all__ = ["uwsgi_hooks"]

_STARTS = ("exec-", "attach-daemon", "smart-attach-daemon", "legion-attach-daemon", "cron", "unique-cron")


def uwsgi_hooks(service: Service, repository: Repository) -> Execution:
    """The programs that the ini file of a uWSGI service starts; unread when there is such a file elsewhere."""
    if service.server is None or service.server.product != "uwsgi" or service.step is None:
        return Execution()
    steps: list[Step] = []
    unread: list[Link] = []
    for word in uwsgi_files(service.server):
        written = (word.literal or "").partition(":")[0]
        target = absolute(written, service.step.directory)
        candidates = service.place.files.candidates(target) if target is not None else ()
        path = next((one for one in candidates if one in repository.paths), None)
        document = repository.ini(path) if path is not None and path.endswith(".ini") else None
        if document is None:
            unread.append(Link(word.span, f"reads {written}, which is not in this repository"))
            continue
        chdir = document.get("uwsgi", "chdir")
        place = replace(service.place, directory=service.step.directory if chdir is None else chdir.value.value)
        for option in (option for section in document.sections for option in section.options):
            kind, colon, _ = option.value.value.partition(":")
            if option.name.startswith("hook-") and kind in ("exec", "call") and colon:
                text = option.value.slice(len(kind) + 1)
            elif option.name.startswith(_STARTS):
                text = option.value
            else:
                continue
            found = execute(shell_form(text), place, repository)
            steps.extend(found.steps)
    return Execution(tuple(steps), unread=tuple(unread))
