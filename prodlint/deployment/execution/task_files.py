"""Commands that stand in another file under a name: `make run`, `just run`, `honcho start web`, `pdm run serve`.

A task is the text that a shell or a splitter reads instead of its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prodlint.deployment.commands.grammar import grammar, parse
from prodlint.deployment.execution.task import MANAGERS, Locate, Task, is_in_runner
from prodlint.deployment.repository import Repository
from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.word import Word

if TYPE_CHECKING:
    from prodlint.syntax.make import Makefile

__all__ = ["tasks_of"]

_TARGETS = 60
_MAKE = """
directory -C --directory list
file -f --file --makefile list
include -I --include-dir list
jobs -j --jobs attached
load -l --load-average --max-load attached
old -o --old-file --assume-old list
new -W --what-if --new-file --assume-new list
silent -s --silent --quiet -k --keep-going -B --always-make -e -n -i -w -r -R -q -t -d --no-print-directory flag
"""
_HONCHO = """
procfile -f --procfile text
directory -d --app-root --root text
env -e --env text
port -p --port text
formation -m -c --concurrency --formation text
color --no-color --no-colour --no-prefix flag
"""


def tasks_of(
    program: str, words: tuple[Word, ...], layers: tuple[str, ...], locate: Locate, repository: Repository
) -> list[Task] | None:
    """The commands that a program (its words, behind some wrappers) stands for; None when it is one itself."""
    if program in ("make", "gmake"):
        return make_tasks(words[1:], locate, repository)
    if program == "just":
        from prodlint.deployment.execution.just_recipes import just_tasks

        return just_tasks(words[1:], locate, repository)
    if program in MANAGERS:
        return managed_tasks(program, words[1:], locate, repository)
    task: Task | None = None
    if program in ("poe", "task") and len(words) > 1 and words[1].literal:
        task = runner_task(program, words[1].literal, locate, repository)
    elif is_in_runner(layers):
        task = runner_task(layers[-1], program, locate, repository)
    return None if task is None else [task]


def make_tasks(words: tuple[Word, ...], locate: Locate, repository: Repository) -> list[Task] | None:
    """What `make TARGET…` runs, in order; None when its Makefile is not here or a target is not in it."""
    parsed = parse(grammar(_MAKE, "optparse"), words)
    folders = [given.value.literal or "" for given in parsed.given if _is(given, "directory") and given.value]
    files = [given.value.literal or "" for given in parsed.given if _is(given, "file") and given.value]
    folder = "/".join(folders)
    prefix = f"{folder}/" if folder else ""
    names = [f"{prefix}{file}" for file in files] or [
        f"{prefix}{name}" for name in ("GNUmakefile", "makefile", "Makefile")
    ]
    path = next((found for found in map(locate, names) if found is not None), None)
    makefile = repository.makefile(path) if path is not None else None
    if makefile is None or path is None or not parsed.complete:
        return None
    given = dict(word.literal.split("=", 1) for word in parsed.positional if word.literal and "=" in word.literal)
    targets = [word.literal for word in parsed.positional if word.literal is None or "=" not in word.literal]
    tasks: list[Task] = []
    done: set[str] = set()
    for target in targets or [makefile.first]:
        if target is None or makefile.rule(target) is None:
            return None
        tasks.extend(_target(makefile, target, given, path, folder or None, done, 0))
    return tasks


def _is(given: object, name: str) -> bool:
    option = getattr(given, "option", None)
    return option is not None and option.name == name


def _target(
    makefile: Makefile, target: str, given: dict[str, str], path: str, folder: str | None, done: set[str], depth: int
) -> Iterator[Task]:
    rule = makefile.rule(target)
    if rule is None or target in done or len(done) > _TARGETS or depth > 20:
        return
    done.add(target)
    for need in rule.needs:
        yield from _target(makefile, need, given, path, folder, done, depth + 1)
    lines = [makefile.expanded(line, rule, given) for line in rule.recipe]
    if makefile.one_shell and lines:
        end = Text.at("\n", lines[0].span)
        lines = [Text.join([part for line in lines for part in (line, end)])]
    for line in lines:
        yield Task(line, path, line.span, folder, rule.conditional, guarded=True)


_PROCESS = regex(r"(?m)^([A-Za-z0-9_-]+):[^\S\n]*([^\n]*\S)")


def managed_tasks(manager: str, words: tuple[Word, ...], locate: Locate, repository: Repository) -> list[Task] | None:
    """The processes that `honcho start` and its like start; None when there is no such Procfile here."""
    parsed = parse(grammar(_HONCHO, "argparse"), words)
    positional = [word.literal for word in parsed.positional]
    if manager != "hivemind":
        if not positional or positional[0] not in ("start", "s", "run"):
            return None
        positional = positional[1:]
    values = {given.option.name: given.value.literal for given in parsed.given if given.option and given.value}
    if manager == "hivemind":
        values["procfile"], positional = (positional[0] if positional else values.get("procfile")), []
    folder = values.get("directory")
    name = values.get("procfile") or "Procfile"
    path = locate(f"{folder}/{name}" if folder else name)
    source = repository.source(path) if path is not None else None
    if source is None or path is None or parsed.loose:
        return None
    found = []
    for match in _PROCESS.finditer(source.text):
        if positional and match[1] not in positional:
            continue
        text = Text.verbatim(Span(source, match.start(2), match.end(2)))
        found.append(Task(text, path, text.span, folder))
    if len(found) <= 1:
        return found or None
    return [Task(one.text, one.path, one.span, one.directory, beside=True) for one in found]


_TABLES: dict[str, tuple[str, tuple[tuple[str, ...], ...], bool]] = {
    "pdm": ("pyproject.toml", (("tool", "pdm", "scripts"),), False),
    "rye": ("pyproject.toml", (("tool", "rye", "scripts"),), False),
    "poe": ("pyproject.toml", (("tool", "poe", "tasks"),), False),
    "task": ("pyproject.toml", (("tool", "taskipy", "tasks"),), True),
    "pipenv": ("Pipfile", (("scripts",),), False),
}


def runner_task(runner: str, name: str, locate: Locate, repository: Repository) -> Task | None:
    """The command that a project gives a name: `[tool.pdm.scripts]`, `[tool.poe.tasks]`, Pipfile's `[scripts]`."""
    if runner == "hatch":
        return _hatch(name, locate, repository)
    if runner not in _TABLES:
        return None
    file, tables, script = _TABLES[runner]
    path = locate(file)
    document = repository.toml(path) if path is not None else None
    if document is None or path is None:
        return None
    for table in tables:
        for keys, is_script in (((name,), script), ((name, "cmd"), False), ((name, "shell"), True)):
            text = document.text(*table, *keys)
            if text is not None:
                return Task(text, path, text.span, script=is_script)
    return None


def _hatch(name: str, locate: Locate, repository: Repository) -> Task | None:
    for file, prefix in (("pyproject.toml", ("tool", "hatch")), ("hatch.toml", ())):
        path = locate(file)
        document = repository.toml(path) if path is not None else None
        environments = document.get(*prefix, "envs") if document is not None else None
        if document is None or path is None or not isinstance(environments, dict):
            continue
        found = [env for env in environments if document.text(*prefix, "envs", env, "scripts", name) is not None]
        chosen = "default" if "default" in found else found[0] if len(found) == 1 else None
        text = document.text(*prefix, "envs", chosen, "scripts", name) if chosen is not None else None
        if text is not None:
            return Task(text, path, text.span)
    return None
