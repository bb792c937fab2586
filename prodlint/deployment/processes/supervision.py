"""The programs of a supervisord: which of them an image's or a unit's supervisord starts, and where they run.

Source: the catalogue's platform page, 2.13; supervisor's manual, "Configuration File", sections
`[include]` and `supervisord -c`.
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterable, Iterator

from prodlint.deployment.command import Link, Step
from prodlint.deployment.environment import Environment
from prodlint.deployment.filemap import FileMap, absolute
from prodlint.deployment.process import Platform, PlatformSetting, Process
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known, Unknown, Value
from prodlint.record import Record, replace
from prodlint.source import Span

__all__ = ["Supervised", "SupervisorConfig", "daemonized_by", "supervised"]

_DEFAULTS = (
    "/etc/supervisord.conf",
    "/etc/supervisor/supervisord.conf",
)


class SupervisorConfig(Record):
    """A configuration file of supervisord: the patterns of the files that it includes, and what it says of itself.

    `section` is the place of `[supervisord]`, `nodaemon` whether it stays in the foreground; None: nothing is said.
    """

    path: str
    span: Span
    includes: tuple[str, ...] = ()
    section: Span | None = None
    nodaemon: Value[str] | None = None


class Supervised(Record):
    """A program as the supervisord of a service starts it."""

    process: Process
    parent: Service


def supervised(
    services: Iterable[Service], processes: Iterable[Process], configs: Iterable[SupervisorConfig]
) -> tuple[tuple[Supervised, ...], tuple[Process, ...], tuple[Link, ...]]:
    """The programs that services start, those that nothing here starts, and what could not be followed."""
    programs = [one for one in processes if one.platform is Platform.SUPERVISOR]
    by_path = {one.path: one for one in configs}
    found: list[Supervised] = []
    unread: list[Link] = []
    for service in services:
        for step in service.execution.steps:
            if step.program != "supervisord":
                continue
            paths = tuple(_read_by(step, service.place.files, by_path))
            if not paths and service.environment not in (Environment.DEVELOPMENT, Environment.TEST):
                unread.append(Link(step.span, "starts supervisord with a file that is not in this repository"))
            found.extend(
                Supervised(_inside(program, service, step), service) for program in programs if program.path in paths
            )
    started = {one.process.path for one in found}
    return tuple(found), tuple(one for one in programs if one.path not in started), tuple(unread)


def _read_by(step: Step, files: FileMap, configs: dict[str, SupervisorConfig]) -> Iterator[str]:
    """The configuration files of the repository that a supervisord reads, those that it includes among them."""
    written = _configuration(step)
    targets = _DEFAULTS if written is None else (written,)
    for target in targets:
        path = absolute(target, step.directory)
        held = files.candidates(path) if path is not None else ()
        main = next((configs[one] for one in held if one in configs), None)
        if main is None or path is None:
            continue
        yield main.path
        folder = posixpath.dirname(path)
        for pattern in main.includes:
            wanted = posixpath.normpath(posixpath.join(folder, pattern))
            for other in configs:
                if other != main.path and any(fnmatch.fnmatchcase(place, wanted) for place in files.places(other)):
                    yield other
        return
    if written is None or written in _DEFAULTS:
        # A distribution's own file includes the folder in which images put theirs.
        for other in configs:
            if any(place.startswith("/etc/supervisor/conf.d/") for place in files.places(other)):
                yield other


def daemonized_by(step: Step, files: FileMap, configs: Iterable[SupervisorConfig]) -> SupervisorConfig | None:
    """The file that leaves the supervisord of a step in the background, as it is by default; None where none does."""
    by_path = {one.path: one for one in configs}
    words = [word.literal or "-" for word in step.argv[1:]]
    stays = any(word == "--nodaemon" or (word.startswith("-") and word[1:2] != "-" and "n" in word) for word in words)
    written = _configuration(step)
    if step.program != "supervisord" or stays or written is None:
        return None
    read = [by_path[path] for path in _read_by(step, files, by_path)]
    main = read[0] if read else None
    if main is None or main.section is None or (main.nodaemon is not None and not _is_off(main.nodaemon)):
        return None
    return main


def _is_off(value: Value[str]) -> bool:
    return isinstance(value, Known) and value.value.strip().lower() in ("false", "no", "off", "0")


def _configuration(step: Step) -> str | None:
    words = [word.literal or "" for word in step.argv[1:]]
    for index, word in enumerate(words):
        if word in ("-c", "--configuration") and index + 1 < len(words):
            return words[index + 1]
        if word.startswith("--configuration="):
            return word.partition("=")[2]
        if word.startswith("-c") and len(word) > 2:
            return word[2:]
    return None


def _inside(program: Process, service: Service, step: Step) -> Process:
    """A program in the place of the supervisord that starts it, with what that one was given.

    The setting `reached` is where that is started, when a condition may leave it out, with that one in words.
    """
    parent = service.process
    when: Value[str] = Known(step.when, step.span) if step.when else Unknown("a condition decides", step.span)
    reached = (PlatformSetting("reached", when, step.span),)
    return replace(
        program,
        settings=(*program.settings, *(reached if step.conditional else ())),
        build=parent.build,
        image=parent.image,
        directory=program.directory or step.directory,
        variables=(*parent.variables, *program.variables),
        env_files=parent.env_files,
        mounts=parent.mounts,
        volumes=parent.volumes,
        reach=replace(parent.reach, machine=service.machine),
        environment=service.environment,
        variables_from=(*parent.variables_from, *program.variables_from),
    )
