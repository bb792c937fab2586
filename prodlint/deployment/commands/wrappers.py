"""Programs that only start another program: taken off from the left until the real one stands there.

Grammars: the catalogue's table of wrappers (serving page, 2.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prodlint.deployment.command import unversioned
from prodlint.deployment.commands.wrapper_tables import (
    ALWAYS_VALUED,
    DEBUGGERS,
    MOVES,
    OPEN_ENVIRONMENT,
    PROFILERS,
    PYTHON_RUNNERS,
    RELOADERS,
    RUN_VALUES,
    WRAPPERS,
    Wrapper,
)
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import SyntaxProblem, Text
from prodlint.syntax.shell_words import split_words
from prodlint.syntax.word import Substitution, Word

__all__ = ["Unwrapped", "debugger_in", "is_assignment", "unwrap", "value_of"]

_ASSIGNMENT = regex(r"[A-Za-z_][A-Za-z0-9_]*=")


class Unwrapped(Record):
    """The command inside the wrappers.

    `script` is set instead when a wrapper hands a whole string to a shell (`sh -c`, `su -c`);
    then `argv` holds that shell's own `$0 $1 …`. `assignments` come from `env`. `directory` is where
    a wrapper goes before it starts the program.
    """

    argv: tuple[Word, ...]
    layers: tuple[str, ...] = ()
    assignments: tuple[Word, ...] = ()
    script: Word | None = None
    replaces_shell: bool = False
    directory: Word | None = None

    @property
    def open_environment(self) -> bool:
        """Whether a wrapper fetches variables from outside of the repository."""
        return any(layer in OPEN_ENVIRONMENT for layer in self.layers)

    @property
    def auto_reload(self) -> bool:
        """Whether a wrapper restarts the program whenever a file changes."""
        return any(layer in RELOADERS for layer in self.layers)

    @property
    def debugger(self) -> bool:
        """Whether it runs under a debugger."""
        return any(layer in DEBUGGERS for layer in self.layers)

    @property
    def profiler(self) -> bool:
        """Whether it runs under a profiler or a tracer."""
        return any(layer in PROFILERS for layer in self.layers)


def debugger_in(layers: Iterable[str]) -> str | None:
    """The debugger among some wrappers, None without one."""
    return next((layer for layer in layers if layer in DEBUGGERS), None)


def is_assignment(word: Word) -> bool:
    """Whether a word reads `NAME=value`."""
    return _ASSIGNMENT.match(_shown(word)) is not None


def _shown(word: Word) -> str:
    value = word.literal
    return word.written if value is None else value


def _name(word: Word) -> str:
    return (word.literal or "").rpartition("/")[2]


_SHELLS = frozenset("sh bash ash dash zsh ksh".split())


def unwrap(argv: tuple[Word, ...]) -> Unwrapped:
    """Take every known wrapper off a command."""
    layers: list[str] = []
    assignments: list[Word] = []
    replaces = False
    directory: Word | None = None
    words = argv
    for _ in range(40):
        if not words:
            break
        name = _name(words[0])
        if name == "exec":
            replaces = True
        if name in _SHELLS:
            inner = _shell_string(words)
            if inner is not None:
                script, rest = inner
                return Unwrapped(rest, (*layers, name), tuple(assignments), script, replaces, directory)
            break
        following = _off(name, words, assignments)
        if following is None:
            break
        directory = following.directory or directory
        layers.extend(following.layers)
        if following.script is not None:
            return Unwrapped(following.argv, tuple(layers), tuple(assignments), following.script, replaces, directory)
        words = following.argv
    return Unwrapped(words, tuple(layers), tuple(assignments), None, replaces, directory)


def _off(name: str, words: tuple[Word, ...], assignments: list[Word]) -> Unwrapped | None:
    """One wrapper taken off, or None when the first word is the real program."""
    if name == "env" or is_assignment(words[0]):
        return _behind_env(name, words, assignments)
    if name in _STRINGS:
        found = _STRINGS[name](name, words)
        if found is not None:
            return found
    if name in ALWAYS_VALUED:
        return Unwrapped(_behind_options(words[1:], None), (name,))
    if name in RELOADERS:
        return _behind_reloader(name, words)
    if name in PYTHON_RUNNERS:
        return _behind_runner(name, words[0], words[1:])
    if unversioned(name) == "python":
        runner = words[2].literal if len(words) > 3 and words[1].literal == "-m" else None
        return _behind_runner(runner, words[0], words[3:]) if runner in PYTHON_RUNNERS else None
    if name == "dotenv":
        return Unwrapped(_behind_dotenv(words[1:]), (name,))
    wrapper = WRAPPERS.get(name)
    return None if wrapper is None else _behind(name, wrapper, words)


def _behind(name: str, wrapper: Wrapper, words: tuple[Word, ...]) -> Unwrapped | None:
    """What a wrapper of the table starts."""
    rest = _behind_options(words[1:], wrapper.values)
    layers: tuple[str, ...] = (name,)
    if wrapper.needs:
        if not rest or rest[0].literal not in wrapper.needs:
            return None
        rest = _behind_run(name, rest[1:])
        if any(head in ("--with", "--with-requirements") for head in _shown_options(words, rest)):
            layers = (name, "uvx")
        if rest and name in ("uv", "rye", "pdm") and (rest[0].literal or "").endswith(".py"):
            rest = (_named("python", rest[0]), *rest)
    if wrapper.until_dashes:
        dashes = next((index for index, word in enumerate(rest) if word.literal == "--"), None)
        if dashes is None:
            script = value_of(words, ("--command",))
            if script is None and name.startswith("wait"):
                return Unwrapped((), layers)  # It waits, and starts nothing.
            return None if script is None else Unwrapped((), layers, script=script)
        rest = rest[dashes:]
    rest = rest[wrapper.positional :]
    if rest and rest[0].literal == "--":
        rest = rest[1:]
    taken = words[: len(words) - len(rest)]
    if not rest and not wrapper.positional:
        return None
    return Unwrapped(rest, layers, directory=value_of(taken, MOVES.get(name, ())) or _home(name, taken[1:]))


def _shown_options(words: tuple[Word, ...], rest: tuple[Word, ...]) -> list[str]:
    return [_shown(word).partition("=")[0] for word in words[: len(words) - len(rest)]]


def value_of(words: tuple[Word, ...], names: tuple[str, ...]) -> Word | None:
    """The value of an option among some words, the next word or what stands behind `=`."""
    for index, word in enumerate(words if names else ()):
        written = word.literal or ""
        if written in names and index + 1 < len(words):
            return words[index + 1]
        name, equals, _ = written.partition("=")
        content = word.content if equals and name in names else None
        if content is not None:
            return Word.of(content.slice(len(name) + 1))
    return None


def _named(name: str, near: Word) -> Word:
    """A word that nobody wrote but that is implied where another one stands."""
    return Word.of(Text.at(name, near.span), near.span)


def _behind_run(name: str, words: tuple[Word, ...]) -> tuple[Word, ...]:
    """What `poetry run`, `uv run` and their like start; `-m MOD` means `python -m MOD`."""
    index = 0
    while index < len(words):
        value = words[index].literal or ""
        if value in ("-m", "--module"):
            return (_named("python", words[index]), *words[index:])
        if value == "--" or not value.startswith("-"):
            break
        index += 2 if value in RUN_VALUES else 1
    rest = words[index:]
    content = rest[0].content if name == "hatch" and rest else None
    if content is not None and ":" in content.value:
        # `hatch run ENVIRONMENT:COMMAND`
        command = content.slice(content.value.index(":") + 1)
        return (Word.of(command), *rest[1:]) if command.value else rest[1:]
    return rest


def _behind_options(words: tuple[Word, ...], values: frozenset[str] | None) -> tuple[Word, ...]:
    """The words behind leading options; `values` names those that take the next word, None means all."""
    index = 0
    while index < len(words):
        value = _shown(words[index])
        if value == "--" or not value.startswith("-") or value == "-":
            break
        takes = values is None or value in values
        index += 2 if takes and "=" not in value else 1
    return words[index:]


def _behind_env(name: str, words: tuple[Word, ...], assignments: list[Word]) -> Unwrapped | None:
    """`env -i -C folder A=b program`, `env -S "A=b program"`, and assignments without `env`."""
    rest = words
    if name == "env":
        rest = _behind_options(words[1:], frozenset({"-u", "--unset", "-C", "--chdir"}))
    directory = value_of(words[: len(words) - len(rest)], MOVES["env"]) if name == "env" else None
    for word in words[1 : len(words) - len(rest)] if name == "env" else ():
        shown = word.literal or ""
        split = rest[0] if shown in ("-S", "-vS", "--split-string") and rest else None
        if split is not None and split.content is not None:
            rest = (*_split(split.content), *rest[1:])
        elif shown.startswith("-S") and len(shown) > 2 and word.content is not None:
            rest = (*_split(word.content.slice(2)), *rest)
    index = 0
    while index < len(rest) and is_assignment(rest[index]):
        assignments.append(rest[index])
        index += 1
    return Unwrapped(rest[index:], (name,) if name == "env" else (), directory=directory)


def _split(text: Text) -> tuple[Word, ...]:
    try:
        return split_words(text)
    except SyntaxProblem:
        return ()


def _behind_dotenv(words: tuple[Word, ...]) -> tuple[Word, ...]:
    rest = _behind_options(words, frozenset({"-f", "--file", "-q"}))
    rest = rest[1:] if rest and rest[0].literal == "run" else rest
    return rest[1:] if rest and rest[0].literal == "--" else rest


def _behind_reloader(name: str, words: tuple[Word, ...]) -> Unwrapped | None:
    command = RELOADERS[name]
    rest = words[1:]
    if command and not any(word.literal == command for word in rest):
        return None
    dashes = next((index for index, word in enumerate(rest) if word.literal == "--"), None)
    if dashes is not None:
        return Unwrapped(rest[dashes + 1 :], (name,))
    if name == "hupper":
        module = next((index for index, word in enumerate(rest) if word.literal == "-m"), None)
        return None if module is None else Unwrapped((_named("python", rest[module]), *rest[module:]), (name,))
    for index, word in enumerate(rest):
        value = word.literal or ""
        if " " in value:
            return Unwrapped((), (name,), script=word)
        if value in ("--exec", "-x") and index + 1 < len(rest):
            return Unwrapped(rest[index + 1 :], (name,))
    values = frozenset("--filter -d --directory -p --pattern -s --signal --sigint-timeout --ignore-paths -t".split())
    behind = _behind_options(rest[1:] if command else rest, values)
    return Unwrapped(behind, (name,)) if behind else None


def _behind_runner(name: str | None, program: Word, words: tuple[Word, ...]) -> Unwrapped | None:
    """`debugpy … -m MOD`, `python -m coverage run FILE`, `memray run FILE`: the same under Python itself."""
    if name is None:
        return None
    values = frozenset(PYTHON_RUNNERS[name].split())
    rest = _behind_runner_options(words, values)
    if rest and rest[0].literal == "run":
        rest = _behind_runner_options(rest[1:], values)
    elif name in ("coverage", "memray"):
        return None
    if rest and rest[0].literal == "--":
        rest = rest[1:]
    rest = tuple(word for word in rest if word.literal != "---") if name == "scalene" else rest
    if not rest:
        return None
    python = program if unversioned(_name(program)) == "python" else _named("python", rest[0])
    return Unwrapped((python, *rest), (name,))


def _behind_runner_options(words: tuple[Word, ...], values: frozenset[str]) -> tuple[Word, ...]:
    """The words behind a runner's own options: `-m MOD` and `-c CODE` are for Python."""
    index = 0
    while index < len(words):
        value = _shown(words[index])
        if value in ("-m", "--module") or not value.startswith("-") or value in ("-", "--"):
            break
        index += 2 if value in values else 1
    return words[index:]


def _switch_user(name: str, words: tuple[Word, ...]) -> Unwrapped | None:
    """`su USER -c STRING`, `flock FILE -c STRING`, `script -c STRING FILE`."""
    for index, word in enumerate(words[:-1]):
        if word.literal in ("-c", "--command", "-qc", "-lc"):
            given = (*words[1:index], *words[index + 2 :], word)
            return Unwrapped((), (name,), script=words[index + 1], directory=_home(name, given))
    return None


_LOGINS = {"su": ("-", "-l", "--login", "-lc"), "runuser": ("-", "-l", "--login", "-lc"), "sudo": ("-i", "--login")}


def _home(name: str, words: Iterable[Word]) -> Word | None:
    """The home of a user, in which a login shell starts and which nothing here tells; None for other shells."""
    login = next((word for word in words if word.literal in _LOGINS.get(name, ())), None)
    return None if login is None else Word((Substitution(login.span, reason="a login moves home"),), login.span)


def _sops(name: str, words: tuple[Word, ...]) -> Unwrapped | None:
    """`sops exec-env FILE STRING`."""
    if len(words) < 4 or words[1].literal not in ("exec-env", "exec-file"):
        return None
    return Unwrapped((), (name,), script=words[-1])


_STRINGS: dict[str, Callable[[str, tuple[Word, ...]], Unwrapped | None]] = {
    "su": _switch_user,
    "runuser": _switch_user,
    "flock": _switch_user,
    "script": _switch_user,
    "sops": _sops,
}


def _shell_string(words: tuple[Word, ...]) -> tuple[Word, tuple[Word, ...]] | None:
    """The string behind `sh -c` and the words behind it, None when the shell is given a file."""
    index = 1
    while index < len(words):
        value = words[index].literal or ""
        if not value.startswith(("-", "+")):
            return None
        if not value.startswith("--") and value.startswith("-") and "c" in value[1:]:
            index += 1
            if value.endswith("o") and index < len(words):
                index += 1
            return (words[index], words[index + 1 :]) if index < len(words) else None
        takes_value = value in ("--rcfile", "--init-file") or (
            not value.startswith("--") and value.endswith(("o", "O"))
        )
        index += 2 if takes_value else 1
    return None
