"""The process of a rule's page as prodlint understands it, started: command, variables and port are the model's.

What a page leaves out (an app that it only names, the settings of Django) is given by the test that starts it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from prodlint.deployment import Service
from prodlint.deployment.command import CommandLine, Form
from prodlint.deployment.environment import Environment
from prodlint.deployment.process import Platform
from prodlint.deployment.value import Known
from prodlint.engine import built_in_rules
from prodlint.inspection import Policy, load
from prodlint.syntax.word import Expansion, Literal, Word
from prodlint.testing import Case, example_cases
from prodlint.tree import MemoryTree
from tests.rules.real_server import Running, free_port, started, write_files

__all__ = ["page", "served", "start"]

_PAGES = {rule.name: rule.page for rule in built_in_rules()}
# What servers take for their port where neither the command nor a file says one.
_DEFAULTS = {"flask": "FLASK_RUN_PORT", "granian": "GRANIAN_PORT", "uvicorn": "UVICORN_PORT"}


def page(rule: str) -> tuple[Case, Case]:
    """The wrong project of a rule's page, and the one to use instead."""
    return example_cases(_PAGES[rule])


def served(files: Mapping[str, str], name: str = "") -> Service:
    """What production starts of a project: its server, or the service of a name."""
    deployment = load(MemoryTree(dict(files)), Policy())[0]
    production = [one for one in deployment.services if one.environment is Environment.PRODUCTION]
    wanted = [one for one in production if (one.name == name if name else one.server is not None)]
    return (wanted or production)[0]


def start(
    stack: ExitStack,
    folder: Path,
    files: Mapping[str, str],
    environment: Mapping[str, str] | None = None,
    service: str = "",
    before: Sequence[str] = (),
    target: str = "",
) -> Running:
    """A project as its platform would start it, on a free port: in the line where the model finds the port.

    `before` are words in front of its command, `target` a module of the test that is served in the place of its app.
    """
    port = free_port()
    changed, variables = _on_port(files, service, port)
    write_files(folder, changed)
    found = served(changed, service)
    variables = {**variables, **(environment or {})}
    argv = [word for line in found.start_lines for word in _argv(line, variables)]
    if target:
        assert found.server is not None
        assert isinstance(found.server.target, Known)
        argv = [word.replace(found.server.target.value, target) for word in argv]
    return stack.enter_context(started(folder, [*before, *argv], port, variables))


def _on_port(files: Mapping[str, str], name: str, port: int) -> tuple[dict[str, str], dict[str, str]]:
    service = served(files, name)
    variables = {
        one.name: one.value.value
        for each in service.variables.names
        for one in service.variables.definitions(each)[-1:]
        if isinstance(one.value, Known) and not one.by_platform
    }
    if service.server is None or not service.server.binds:
        return dict(files), variables
    bind = service.server.binds[0]
    if service.process.platform is Platform.HEROKU or not isinstance(bind.port, Known):
        return dict(files), {**variables, "PORT": str(port)}
    lines = files[bind.span.path].splitlines(keepends=True)
    line = lines[bind.span.line - 1]
    lines[bind.span.line - 1] = re.sub(rf"(?<!\d){re.escape(bind.shown_port)}(?!\d)", str(port), line)
    if lines[bind.span.line - 1] == line:
        told = "PORT" if "PORT" in variables else _DEFAULTS.get(service.server.product, "PORT")
        return dict(files), {**variables, told: str(port)}
    changed = {**files, bind.span.path: "".join(lines)}
    moved = served(changed, name).server
    assert moved is not None
    assert moved.binds[0].shown_port == str(port), "the port stands elsewhere"
    return changed, variables


def _argv(line: CommandLine, variables: Mapping[str, str]) -> list[str]:
    if line.form is Form.EXEC:
        return ["".join(_parts(word, variables)) for word in line.words]
    # As the platforms that read a Procfile do.
    return [shutil.which("bash") or "bash", "-c", line.text.value if line.text is not None else ""]


def _parts(word: Word, variables: Mapping[str, str]) -> Iterator[str]:
    for part in word.parts:
        if isinstance(part, Literal):
            yield part.text.value
        elif isinstance(part, Expansion):
            yield "" if part.outside else variables[part.name]
        else:
            raise AssertionError(f"{word} is not known before it runs")
