"""`just RECIPE…`: the lines that a justfile holds under a name, with what the recipe needs."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prodlint.deployment.commands.grammar import grammar, parse
from prodlint.deployment.execution.task import Locate, Task
from prodlint.deployment.repository import Repository
from prodlint.source import Text
from prodlint.syntax.word import Word

if TYPE_CHECKING:
    from prodlint.syntax.just import Justfile, Need, Recipe

__all__ = ["JUSTFILES", "just_tasks"]

JUSTFILES = ("justfile", "Justfile", ".justfile", "JUSTFILE")
"""The names that just looks for; it does not mind their case."""

_RECIPES = 60
_SHELLS = frozenset("sh bash zsh dash ash".split())
_OPTIONS = """
justfile -f --justfile text
directory -d --working-directory text
shell --shell text
argument --shell-arg --color --chooser --dump-format --list-heading --list-prefix --timestamp-format text
dotenv --dotenv-filename --dotenv-path -E text
quiet -q --quiet -v --verbose -n --dry-run --yes --no-deps --one --unstable --no-dotenv --timestamp --highlight flag
"""


def just_tasks(words: tuple[Word, ...], locate: Locate, repository: Repository) -> list[Task] | None:
    """What `just` runs with these words behind it, in order; None when a recipe of them is not known.

    `locate` finds the repository path of a file as the process names it.
    """
    parsed = parse(grammar(_OPTIONS, "getopt"), words)
    given = {one.option.name: one.value.literal for one in parsed.given if one.option is not None and one.value}
    names = [name] if (name := given.get("justfile")) else JUSTFILES
    path = next((found for found in map(locate, names) if found is not None), None)
    justfile = repository.justfile(path) if path is not None else None
    if justfile is None or path is None or parsed.loose:
        return None
    folder = given.get("directory") or posixpath.dirname(names[0])
    if justfile.directory:
        folder = posixpath.join(folder, justfile.directory)
    return _Invocation(justfile, path, folder or None).tasks([word.literal for word in parsed.positional])


_Call = tuple[str, "tuple[str | None, ...]"]


class _Invocation:
    """One call of just: a recipe that several need, with the same arguments, runs once before them.

    What a recipe runs afterwards starts anew (measured with just 1.59).
    """

    def __init__(self, justfile: Justfile, path: str, folder: str | None) -> None:
        self.justfile = justfile
        self.path = path
        self.folder = folder
        self.set: dict[str, str] = {}
        self.calls = 0

    def tasks(self, words: list[str | None]) -> list[Task] | None:
        """The commands of the recipes that the words name, each with as many words as it has parameters."""
        while words and words[0] and "=" in words[0]:
            name, _, value = words.pop(0).partition("=")  # type: ignore[union-attr]
            self.set[name] = value
        first = self.justfile.first
        words = words or ([first] if first is not None else [])
        tasks: list[Task] = []
        done: set[_Call] = set()
        while words:
            recipe = self.justfile.recipes.get(words[0] or "")
            if recipe is None:
                return None
            taken = len(words) if any(one.variadic for one in recipe.parameters) else 1 + len(recipe.parameters)
            tasks.extend(self._run(recipe, tuple(words[1:taken]), done, 0))
            words = words[taken:]
        return tasks

    def _run(self, recipe: Recipe, arguments: tuple[str | None, ...], done: set[_Call], depth: int) -> Iterator[Task]:
        self.calls += 1
        if (recipe.name, arguments) in done or self.calls > _RECIPES or depth > 20:
            return
        done.add((recipe.name, arguments))
        bound = self._bound(recipe, arguments)
        yield from self._needed(recipe.needs, bound, done, depth)
        if recipe.interpreter is not None and recipe.interpreter not in _SHELLS:
            name = Text.at(f"{recipe.interpreter} {recipe.name}", recipe.span)
            yield Task(name, self.path, recipe.span, self.folder, script=False)
        elif recipe.interpreter is not None and recipe.lines:
            text = self.justfile.expanded(_joined(recipe.lines), bound)
            yield Task(text, self.path, recipe.span, self.folder)
        else:
            for line in recipe.lines:
                yield Task(self.justfile.expanded(line, bound), self.path, line.span, self.folder, guarded=True)
        yield from self._needed(recipe.then, bound, set(), depth)

    def _needed(self, needs: tuple[Need, ...], bound: dict[str, str], done: set[_Call], depth: int) -> Iterator[Task]:
        for need in needs:
            recipe = self.justfile.recipes.get(need.name)
            if recipe is not None:
                values = tuple(self.justfile.value(one, bound) for one in need.arguments)
                yield from self._run(recipe, values, done, depth + 1)

    def _bound(self, recipe: Recipe, arguments: tuple[str | None, ...]) -> dict[str, str]:
        """The parameters by name; one that nobody knows is left out."""
        bound = dict(self.set)
        for index, parameter in enumerate(recipe.parameters):
            given = arguments[index:] if parameter.variadic else arguments[index : index + 1]
            value: str | None
            if given:
                value = None if None in given else " ".join(one or "" for one in given)
            elif parameter.default is not None:
                value = self.justfile.value(parameter.default, bound)
            else:
                value = "" if parameter.variadic else None
            if value is None:
                # A variable of the file of the same name is hidden all the same.
                bound[parameter.name] = f"${{{parameter.name.replace('-', '_')}}}"
            else:
                bound[parameter.name] = value
        return bound


def _joined(lines: tuple[Text, ...]) -> Text:
    end = Text.at("\n", lines[0].span)
    return Text.join([part for line in lines for part in (line, end)])
