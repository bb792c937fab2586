"""Where a platform runs a command once before new code serves, and how a migration is written there.

Heroku: `release:` of the Procfile. Render: `preDeployCommand`. Fly.io: `release_command` of `[deploy]`.
"""

from __future__ import annotations

import posixpath

from prodlint.deployment.environment import Environment
from prodlint.deployment.filemap import absolute
from prodlint.deployment.migration import MigrationSystem, System
from prodlint.deployment.pipeline import Release
from prodlint.deployment.process import Platform, Role
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.finding import Edit, Fix, Safety
from prodlint.regex import regex
from prodlint.source import Source, Span

__all__ = ["migrating"]

_RUNNERS = ("poetry", "uv", "pipenv", "pdm")
_FILES = {System.DJANGO: "manage.py", System.ALEMBIC: "alembic.ini"}
_RELEASE = regex(r"(?m)^release[ \t]*:")
_START = regex(r"(?m)^(?P<indent>[ ]*)startCommand:")
_DEPLOY = regex(r"(?m)^\[deploy\][ \t]*(?:#[^\n]*)?\n")
_ITS_COMMAND = regex(r"(?m)^[ \t]*(?:deploy\.)?release_command\b|^[ \t]*deploy[ \t]*(?:\.|=)")
_PLAIN = regex(r"[\w./-]+")


def migrating(
    system: MigrationSystem, release: Release, services: tuple[Service, ...], repository: Repository
) -> Fix | None:
    """A step that applies the migrations, in the file where the release goes live; None where there is no place."""
    served = [
        one
        for one in services
        if one.process.path == release.span.path and one.environment is Environment.PRODUCTION and one.role is Role.WEB
    ]
    if len(served) != 1 or repository.source(release.span.path) is not release.span.source:
        return None
    command = _command(system, served[0])
    write = _HOOKS.get(served[0].process.platform)
    edit = write(release.span.source, served[0], command) if write is not None and command is not None else None
    if edit is None:
        return None
    return Fix(f"run `{command}` in each release", (edit,), Safety.UNSAFE)


def _command(system: MigrationSystem, service: Service) -> str | None:
    """The command from the directory in which a service starts; None where its file is not there."""
    name = _FILES.get(system.system)
    if name is None:
        return None
    file = posixpath.join(system.root, name)
    folder = service.process.root
    inside = posixpath.relpath(file, folder) if folder else file
    for written in dict.fromkeys((name, inside)):
        target = absolute(written, service.place.directory)
        is_there = target is not None and file in service.place.files.candidates(target)
        if is_there and _PLAIN.fullmatch(written) and (written == name or system.system is System.DJANGO):
            layers = service.step.layers if service.step is not None else ()
            runner = next((f"{one} run " for one in _RUNNERS if one in layers), "")
            return runner + system.system.command.replace(name, written, 1)
    return None


def _in_procfile(source: Source, service: Service, command: str) -> Edit | None:
    if posixpath.basename(source.path) != "Procfile" or _RELEASE.search(source.text):
        return None
    start = source.offset(service.process.span.line)
    return Edit(Span(source, start, start), f"release: {command}\n")


def _in_render(source: Source, service: Service, command: str) -> Edit | None:
    """Above the start command, as a key of the same mapping; it is not for free plans."""
    plan = service.process.setting("plan")
    span = service.process.command.span if service.process.command is not None else None
    if span is None or "preDeployCommand" in source.text or (plan is not None and "free" in str(plan)):
        return None
    start = source.offset(span.line)
    found = _START.match(source.text, start)
    return Edit(Span(source, start, start), f"{found['indent']}preDeployCommand: {command}\n") if found else None


def _in_fly(source: Source, service: Service, command: str) -> Edit | None:
    if _ITS_COMMAND.search(source.text) or "\r" in source.text:
        return None
    deploy = _DEPLOY.search(source.text)
    if deploy is not None:
        return Edit(Span(source, deploy.end(), deploy.end()), f'  release_command = "{command}"\n')
    end = len(source.text)
    lead = "" if source.text.endswith("\n") or not source.text else "\n"
    return Edit(Span(source, end, end), f'{lead}\n[deploy]\n  release_command = "{command}"\n')


_HOOKS = {Platform.HEROKU: _in_procfile, Platform.RENDER: _in_render, Platform.FLY: _in_fly}
