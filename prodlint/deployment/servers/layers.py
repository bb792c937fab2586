"""The places that have a say in a server's settings, laid over one another: defaults, files, variables, words."""

from __future__ import annotations

from prodlint.deployment.app import locate_module, roots_of
from prodlint.deployment.command import Step
from prodlint.deployment.commands.grammar import Given, Grammar, Option, Parsed
from prodlint.deployment.commands.program import python_arguments, runs_manage
from prodlint.deployment.condition import Lookup, word_value
from prodlint.deployment.execution.place import Place
from prodlint.deployment.filemap import absolute
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.server import Server
from prodlint.deployment.servers.setting import Settings, SettingSource, converted, from_variable, joined, text_of
from prodlint.deployment.value import EnvDriven, Known, PerCpu, Unknown, Value, per_cpu
from prodlint.record import Record, replace
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.word import Word

__all__ = ["Context", "Layers", "cpus_of"]


class Context(Record):
    """Where a server starts: its step, the files and variables that it sees there."""

    server: Server
    step: Step
    place: Place
    repository: Repository

    def lookup(self, name: str) -> Value[str] | None:
        """A variable as the server sees it: the step's own assignments come before the process's."""
        if name in self.step.environment:
            word = self.step.environment[name]
            if word is None:
                return Unknown(f"${name} is computed when it runs", self.step.span)
            return word_value(word, self.place.variable)
        return self.place.variable(name)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables that the repository sets."""
        return tuple(dict.fromkeys((*self.place.environment, *self.step.environment)))

    def set_variables(self, prefix: str) -> tuple[tuple[str, Value[str]], ...]:
        """The variables with a prefix that the repository sets, and their values."""
        found = []
        for name in self.variables:
            value = self.lookup(name) if name.startswith(prefix) else None
            if value is not None:
                found.append((name, value))
        return tuple(found)

    def locate(self, written: str) -> str | None:
        """The repository path of a file, named as in the directory where the server starts."""
        target = absolute(written, self.step.directory)
        candidates = self.place.files.candidates(target) if target is not None else ()
        return next((path for path in candidates if path in self.repository.paths), None)

    def manage_file(self) -> str | None:
        """The repository path of the manage.py that it runs, by its path or as a module."""
        python = python_arguments(self.step)
        if python is not None and python.module is not None:
            return locate_module(self.repository, self.roots(), python.module) if runs_manage(python.module) else None
        program = python.file if python is not None and python.file is not None else self.step.argv[0]
        written = program.literal or ""
        return self.locate(written) if written.endswith(".py") else None

    def roots(self, *folders: str) -> tuple[str, ...]:
        """The folders of the repository from which it imports, some of its own first."""
        return roots_of(replace(self.place, directory=self.step.directory), self.repository, folders)


class Layers:
    """The sources of every setting as they are found, the weakest first."""

    def __init__(self, context: Context, known: Grammar) -> None:
        self.context = context
        self.grammar = known
        self.defaults: dict[str, list[SettingSource]] = {}
        self.said: dict[str, list[SettingSource]] = {}
        self.doubt: str | None = None

    def say(self, name: str, value: Value[object], span: Span, origin: str, words: tuple[Word, ...] = ()) -> None:
        """Something stronger than all before has a say."""
        self.said.setdefault(name, []).append(SettingSource(value, span, origin, words))

    def forget(self, reason: str) -> None:
        """Nothing weaker than what comes now can be relied on."""
        self.said.clear()
        self.doubt = reason

    def default_from(self, name: str, variable: str, default: object, kind: str, lookup: Lookup | None = None) -> None:
        """A built-in default that reads an environment variable."""
        server = self.context.server
        lookup = lookup or self.context.lookup
        value = from_variable(variable, lookup, kind, default, server.span)
        sources = [SettingSource(Known(default, server.span), server.span, f"default of {server.product}")]
        if lookup(variable) is not None:
            span = value.span if value.span is not None and value.span.path else server.span
            sources.append(SettingSource(replace(value, span=span), span, variable))
        self.defaults[name] = sources

    def words(self, parsed: Parsed, origin: str | None, lookup: Lookup) -> None:
        """The options of a command, each by its last word; `origin` is empty for the command line itself."""
        if parsed.loose:
            self.forget(f"{parsed.loose[0].written} may hold more options")
        elif not parsed.complete and self.doubt is None:
            self.doubt = "the command has an option that is not known"
        given: dict[str, list[Given]] = {}
        for one in parsed.given:
            if one.option is not None:
                given.setdefault(one.option.name, []).append(one)
        for name, every in given.items():
            # A new spelling wins over the deprecated one that stands in front of it in the grammar.
            option = max((one.option for one in every if one.option is not None), key=self.grammar.options.index)
            ones = [one for one in every if one.option is option]
            value, words = self._value(option, ones, lookup)
            place = origin or f"{ones[-1].written} on the command line"
            self.say(name, value, ones[-1].span, place, words)

    def _value(self, option: Option, ones: list[Given], lookup: Lookup) -> tuple[Value[object], tuple[Word, ...]]:
        last = ones[-1]
        words = tuple(one.value for one in ones if one.value is not None)
        if option.kind in ("list", "many"):
            return joined([text_of(word, lookup) for word in words], last.span), words
        if option.kind == "count":
            return Known(len(ones), last.span), ()
        if last.value is None:
            constant: object = option.kind != "off" and last.written not in option.off
            if option.kind == "optional" and option.constant is not None:
                constant = option.constant.partition("|")[0]
            return Known(constant, last.span), ()
        value = converted(option.kind, text_of(last.value, lookup))
        if option.kind == "int" and isinstance(value, Unknown):
            counted = cpus_of(last.value)
            value = value if counted is None else counted
        return value, (last.value,)

    def variables(self, prefix: str) -> None:
        """Environment variables named after the options: `UVICORN_HOST`."""
        by_own = {option.own.upper(): option for option in self.grammar.options}
        for name, value in self.context.set_variables(prefix):
            option = by_own.get(name[len(prefix) :])
            if option is None or (isinstance(value, Known) and not value.value):
                continue
            if isinstance(value, EnvDriven) and value.default is None and value.name == name:
                continue
            self.say(option.name, _of_variable(option, value), value.span or self.context.server.span, name)

    def settings(self) -> Settings:
        """What all of them come to."""
        server = self.context.server
        # In doubt, a default that reads a variable is as little to be relied on as any other.
        weak = {} if self.doubt is not None else self.defaults
        said = {name: (*weak.get(name, ()), *self.said.get(name, ())) for name in dict.fromkeys((*weak, *self.said))}
        return Settings(server.product, server.span, self.grammar.options, said, self.doubt)


_NPROC = regex(r"(?:\$\(nproc(?: --all)?\)|`nproc(?: --all)?`)")
_FORMULA = regex(r"N|\$\(\((?:(?P<before>\d{1,4})\*N|N(?:\*(?P<behind>\d{1,4}))?)(?:\+(?P<plus>\d{1,4}))?\)\)")


def cpus_of(word: Word) -> PerCpu | None:
    """A word that is computed from the CPUs of the machine: `$(nproc)`, `$((2 * $(nproc) + 1))`."""
    text = _NPROC.sub("N", word.written.strip("\"'"))
    found = _FORMULA.fullmatch(text.replace(" ", ""))
    if found is None:
        return None
    times, plus = int(found["before"] or found["behind"] or 1), int(found["plus"] or 0)
    formula = "CPUs" + (f" × {times}" if times != 1 else "") + (f" + {plus}" if plus else "")
    return per_cpu(formula, times + plus, span=word.span)


def _of_variable(option: Option, value: Value[str]) -> Value[object]:
    if option.kind == "list":
        return value if isinstance(value, Unknown) else _split(value)
    return converted(option.kind, value)


def _split(value: Known[str] | EnvDriven[str]) -> Value[object]:
    if isinstance(value, Known):
        return Known(tuple(value.value.split()), value.span)
    return value.with_default(None if value.default is None else tuple(value.default.split()))
