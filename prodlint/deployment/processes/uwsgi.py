"""What a uWSGI configuration starts besides its app: hooks and attached programs (serving page, 2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prodlint.deployment.command import Link, Step, shell_form
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import absolute
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.source import Text

if TYPE_CHECKING:
    from prodlint.syntax.ini import Ini

__all__ = ["with_hooks"]

_PLACEHOLDER = regex(r"%\(([^()]*)\)")
_NO_INI = (".yaml", ".yml", ".json", ".xml")
# These run while the app serves, or behind it.
_LATER = regex(r"attach-daemon|cron|atexit")
_STARTS = ("exec-", "attach-daemon", "smart-attach-daemon", "legion-attach-daemon", "cron", "unique-cron")


def with_hooks(service: Service, repository: Repository) -> Service:
    """A uWSGI service with the programs that its ini file starts, those that its app waits for in front of it.

    What is read from a file that is not in this repository is unread.
    """
    if service.server is None or service.server.product != "uwsgi" or service.step is None:
        return service
    before: list[Step] = []
    later: list[Step] = []
    unread: list[Link] = []
    servers = [one.server for one in service.candidates or (service,) if one.server is not None]
    from prodlint.deployment.servers.agreement import agree
    from prodlint.deployment.servers.uwsgi import uwsgi_files

    files = agree([uwsgi_files(server) for server in servers], lambda words: [str(word) for word in words])
    if files is None:
        unread.append(Link(service.server.span, "is one of several commands, and they read different files"))
    for word in files or ():
        written = (word.literal or "").partition(":")[0]
        target = absolute(written, service.step.directory)
        candidates = service.place.files.candidates(target) if target is not None else ()
        path = next((one for one in candidates if one in repository.paths), None)
        document = repository.ini(path) if path is not None and not path.endswith(_NO_INI) else None
        if document is None:
            told = f"{written}, which is not in this repository" if written else f"{word}, which is computed"
            unread.append(Link(word.span, f"reads {told}"))
            continue
        chdir = document.get("uwsgi", "chdir")
        place = replace(service.place, directory=service.step.directory if chdir is None else chdir.value.value)
        for option, step in _started(document, place, repository):
            (later if _LATER.search(option) else before).append(step)
    own = service.execution.steps
    at = next((number for number, step in enumerate(own) if service.stays(step)), len(own))
    execution = replace(
        service.execution,
        steps=(*own[:at], *before, *own[at:], *later),
        unread=(*service.execution.unread, *unread),
    )
    return replace(service, execution=execution)


def _started(document: Ini, place: Place, repository: Repository) -> Iterator[tuple[str, Step]]:
    """What the options of a file start, each with the option's name."""
    conditions: list[str] = []
    for option in (option for section in document.sections for option in section.options):
        if option.name.startswith("if"):
            conditions.append(option.value.value.partition("=")[0].strip() if "env" in option.name else "")
        elif option.name in ("endif", "end-if"):
            conditions = conditions[:-1]
        kind, colon, _ = option.value.value.partition(":")
        if option.name.startswith("hook-") and kind in ("exec", "call") and colon:
            text = option.value.slice(len(kind) + 1)
        elif option.name.startswith(_STARTS):
            text = option.value
        else:
            continue
        stays = "attach-daemon" in option.name
        if "%(" in text.value:
            text = _filled(text, document, conditions)
        for step in execute(shell_form(text), place, repository).steps:
            conditional = step.conditional or bool(conditions)
            yield option.name, replace(step, conditional=conditional, background=step.background or stays)


def _filled(text: Text, document: Ini, conditions: list[str]) -> Text:
    """A command with its placeholders replaced: `%(_)` is what the condition asks about, `%(name)` the option."""
    parts: list[Text] = []
    at = 0
    for found in _PLACEHOLDER.finditer(text.value):
        parts.append(text.slice(at, found.start()))
        at = found.end()
        if found[1] == "_":
            held = f"${conditions[-1]}" if conditions and conditions[-1].isidentifier() else "$unknown"
        else:
            option = document.get("uwsgi", found[1])
            held = option.value.value if option is not None else "$unknown"
            held = held if "%(" not in held and len(held) < 200 else "$unknown"
        span = text.span_of(*found.span())
        if held:
            # Its last character ends where the placeholder does: what it is part of is shown as it is written.
            parts.append(Text(held, span.source, (span.start,) * (len(held) - 1) + (span.end - 1, span.end)))
    return Text.join([*parts, text.slice(at)])
