"""Procfile: one process a line, run by bash in the folder of the file (Heroku and its relatives)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from prodlint.deployment.command import shell_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import Platform, PlatformSetting, Process, Role
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import Known, Unknown, Value
from prodlint.readers.app_json import app_variables
from prodlint.readers.declared import number_at, text_of
from prodlint.readers.procfile_lines import procfile_lines
from prodlint.regex import regex
from prodlint.source import Text
from prodlint.syntax.json import Json

_DEVELOPMENT = regex(
    r"(?m)^[A-Za-z0-9_-]+:.*(\b(docker|tailwindcss|postgres|redis-server|webpack|vite|browser-sync|watchmedo)\b"
    r"|\b(npm run|yarn|pnpm|pnpm run|bun run|make|just) (dev|watch)\b|[ =]--watch\b)"
)


def _runs_tools(text: str) -> bool:
    """Whether a Procfile starts what only developers start; one with a release phase is for production."""
    return _DEVELOPMENT.search(text) is not None and not re.search(r"(?m)^release:", text)


def read(path: str, repository: Repository) -> Iterator[Process]:
    """A process for each line; a later line of the same name replaces an earlier one."""
    source = repository.source(path)
    if source is None:
        return
    lines = procfile_lines(source)
    environment = environment_of(path)
    if environment is None and (path.rpartition("/")[2] != "Procfile" or _runs_tools(source.text)):
        # `Procfile.windows`, `Procfile.tilt`: variants are for the desks of developers.
        environment = Environment.DEVELOPMENT
    formation = _formation(path, repository)
    given = app_variables(formation)
    beanstalk = normal_path(posixpath.dirname(path), ".ebextensions") in repository.folders
    for name, span in lines.items():
        if name == "web" and beanstalk and environment is None:
            # The reader of .ebextensions tells of it.
            continue
        yield Process(
            name=name,
            span=span,
            platform=Platform.BEANSTALK if beanstalk else Platform.HEROKU,
            role={"web": Role.WEB, "release": Role.RELEASE}.get(name, Role.WORKER),
            command=shell_form(Text.verbatim(span)),
            root=posixpath.dirname(path),
            environment=environment or Environment.PRODUCTION,
            variables=() if beanstalk else given,
            replicas=_quantity(formation, name),
            settings=tuple(_settings(formation, name)),
        )


def _formation(path: str, repository: Repository) -> Json | None:
    """The app.json beside a Procfile: how many of each process run, and how large they are."""
    manifest = normal_path(posixpath.dirname(path), "app.json")
    if posixpath.basename(path) != "Procfile" or manifest not in repository.paths:
        return None
    return repository.json(manifest)


def _quantity(formation: Json | None, name: str) -> Value[int] | None:
    """How many run: what app.json says holds for an app that is made from it, and for others somebody decides."""
    asked = number_at(formation, "formation", name, "quantity") if formation is not None else None
    if not isinstance(asked, Known):
        return asked
    return Unknown(f"app.json proposes {asked.value} for an app that is made from it", asked.span)


def _settings(formation: Json | None, name: str) -> Iterator[PlatformSetting]:
    """The size of a process, and what Heroku runs once after the first deployment of an app."""
    paths: list[tuple[str, tuple[str, ...]]] = [("size", ("formation", name, "size"))]
    if name == "web":
        paths.append(("scripts.postdeploy", ("scripts", "postdeploy")))
    if formation is None:
        return
    for label, path in paths:
        text = formation.text(*path)
        if text is not None:
            yield PlatformSetting(label, text_of(text.value, text.span), text.span)
