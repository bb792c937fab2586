"""Programs that only start another program: taken off from the left until the real one stands there.

Grammars: the catalogue's table of wrappers (serving page, 2.1).
"""

from __future__ import annotations

import re

from prodlint.record import record
from prodlint.regex import regex
from prodlint.syntax.word import Word

__all__ = ["Unwrapped", "is_assignment", "unwrap"]


@record
class Wrapper:
    """How one wrapper is written: which options take a value, how many words come before the command."""

    values: frozenset[str] = frozenset()
    positional: int = 0
    needs: tuple[str, ...] = ()
    until_dashes: bool = False


def _wrapper(values: str = "", positional: int = 0, needs: str = "", until_dashes: bool = False) -> Wrapper:
    return Wrapper(frozenset(values.split()), positional, tuple(needs.split()), until_dashes)


_RUN = "run"
_WRAPPERS: dict[str, Wrapper] = {
    "exec": _wrapper("-a"),
    "command": _wrapper(),
    "builtin": _wrapper(),
    "tini": _wrapper("-p -e"),
    "docker-init": _wrapper("-p -e"),
    "catatonit": _wrapper(),
    "dumb-init": _wrapper("-r --rewrite"),
    "gosu": _wrapper(positional=1),
    "su-exec": _wrapper(positional=1),
    "setpriv": _wrapper("--reuid --regid --groups"),
    "chpst": _wrapper("-u -U -e -d -n -l -L -P -0"),
    "nice": _wrapper("-n --adjustment"),
    "ionice": _wrapper("-c -n --class --classdata"),
    "chrt": _wrapper(positional=1),
    "taskset": _wrapper("-c", positional=1),
    "stdbuf": _wrapper("-i -o -e"),
    "time": _wrapper("-f -o"),
    "nohup": _wrapper(),
    "setsid": _wrapper(),
    "timeout": _wrapper("-k -s --kill-after --signal", positional=1),
    "sudo": _wrapper("-u -g -h -p -C -D --user --group"),
    "doas": _wrapper("-u"),
    "runuser": _wrapper("-u -g -G --user"),
    "numactl": _wrapper(),
    "prlimit": _wrapper(),
    "authbind": _wrapper(),
    "xvfb-run": _wrapper("-n -s -e -f -w --server-args --server-num"),
    "with-contenv": _wrapper(),
    "s6-setuidgid": _wrapper(positional=1),
    "catchsegv": _wrapper(),
    "ddtrace-run": _wrapper(),
    "sentry-run": _wrapper(),
    "elasticapm-run": _wrapper(),
    "scout-apm": _wrapper(),
    "newrelic-admin": _wrapper(needs="run-program run-python"),
    "poetry": _wrapper("-C --directory -P --project", needs=_RUN),
    "pipenv": _wrapper(needs=_RUN),
    "pdm": _wrapper("-p --project -s --site-packages", needs=_RUN),
    "rye": _wrapper(needs=_RUN),
    "pixi": _wrapper("-e --environment --manifest-path", needs=_RUN),
    "hatch": _wrapper("-e --env -p --project", needs=_RUN),
    "uv": _wrapper("--directory --project --config-file", needs=_RUN),
    "doppler": _wrapper("-p -c --project --config --token", needs=_RUN, until_dashes=True),
    "op": _wrapper("--env-file", needs=_RUN, until_dashes=True),
    "infisical": _wrapper("--env --path --projectId --token", needs=_RUN, until_dashes=True),
    "chamber": _wrapper(needs="exec", until_dashes=True),
    "aws-vault": _wrapper(needs="exec", until_dashes=True),
    "berglas": _wrapper(needs="exec", until_dashes=True),
    "teller": _wrapper(needs=_RUN, until_dashes=True),
    "vault-env": _wrapper(),
    "wait-for-it": _wrapper(until_dashes=True),
    "wait-for-it.sh": _wrapper(until_dashes=True),
    "wait-for": _wrapper(until_dashes=True),
    "wait-for.sh": _wrapper(until_dashes=True),
    "dockerize": _wrapper("-wait -timeout -template -wait-retry-interval -stdout -stderr -wait-http-header"),
    "uvx": _wrapper("--from --with -p --python"),
    "bundle": _wrapper(needs="exec"),
}
_ALWAYS_VALUED = frozenset({"opentelemetry-instrument"})
_RUN_VALUES = frozenset(
    "--with --extra --group --only-group --no-group --python -p --env-file --directory --project --package --index "
    "-w --with-editable --with-requirements --index-url --default-index --exclude-newer -C --env -e".split()
)
_OPEN_ENVIRONMENT = frozenset(
    "doppler op infisical chamber aws-vault berglas teller vault-env envconsul dotenv sops".split()
)
_RELOADERS = {"watchmedo": "auto-restart", "nodemon": "", "watchfiles": "", "hupper": "", "entr": "", "reflex": ""}
_DEBUGGERS = frozenset("debugpy pdb kernprof coverage".split())
_ASSIGNMENT = regex(r"[A-Za-z_][A-Za-z0-9_]*=")


@record
class Unwrapped:
    """The command inside the wrappers.

    `script` is set instead when a wrapper hands a whole string to a shell (`sh -c`, `su -c`);
    then `argv` holds that shell's own `$0 $1 …`. `assignments` come from `env`.
    """

    argv: tuple[Word, ...]
    layers: tuple[str, ...] = ()
    assignments: tuple[Word, ...] = ()
    script: Word | None = None
    replaces_shell: bool = False

    @property
    def open_environment(self) -> bool:
        """Whether a wrapper fetches variables from outside of the repository."""
        return any(layer in _OPEN_ENVIRONMENT for layer in self.layers)

    @property
    def auto_reload(self) -> bool:
        """Whether a wrapper restarts the program whenever a file changes."""
        return any(layer in _RELOADERS for layer in self.layers)


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
                return Unwrapped(rest, (*layers, name), tuple(assignments), script, replaces)
            break
        following = _off(name, words, assignments)
        if following is None:
            break
        if following.script is not None:
            return Unwrapped(
                following.argv, (*layers, *following.layers), tuple(assignments), following.script, replaces
            )
        layers.extend(following.layers)
        words = following.argv
    return Unwrapped(words, tuple(layers), tuple(assignments), None, replaces)


def _off(name: str, words: tuple[Word, ...], assignments: list[Word]) -> Unwrapped | None:
    """One wrapper taken off, or None when the first word is the real program."""
    if name == "env" or is_assignment(words[0]):
        return Unwrapped(_behind_env(words, assignments), (name,) if name == "env" else ())
    if name == "su" or (name == "runuser" and any(word.literal == "-c" for word in words)):
        return _switch_user(name, words)
    if name in _ALWAYS_VALUED:
        return Unwrapped(_behind_options(words[1:], None), (name,))
    if name in _RELOADERS:
        return _behind_reloader(name, words)
    if re.fullmatch(r"python[\d.]*", name):
        return _behind_python_wrapper(words)
    if name == "dotenv":
        return Unwrapped(_behind_dotenv(words[1:]), (name,))
    wrapper = _WRAPPERS.get(name)
    if wrapper is None:
        return None
    rest = _behind_options(words[1:], wrapper.values)
    if wrapper.needs:
        if not rest or rest[0].literal not in wrapper.needs:
            return None
        rest = _behind_run(name, rest[1:])
        if rest and name == "uv" and (rest[0].literal or "").endswith(".py"):
            return Unwrapped((_named("python", rest[0]), *rest), (name,))
    if wrapper.until_dashes:
        dashes = next((index for index, word in enumerate(rest) if word.literal == "--"), None)
        if dashes is None:
            return None
        rest = rest[dashes:]
    rest = rest[wrapper.positional :]
    if rest and rest[0].literal == "--":
        rest = rest[1:]
    return Unwrapped(rest, (name,)) if rest else None


def _named(name: str, near: Word) -> Word:
    """A word that nobody wrote but that is implied where another one stands."""
    from prodlint.source import Text

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
        index += 2 if value in _RUN_VALUES else 1
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


def _behind_env(words: tuple[Word, ...], assignments: list[Word]) -> tuple[Word, ...]:
    rest = words
    if _name(words[0]) == "env":
        rest = _behind_options(words[1:], frozenset({"-u", "--unset", "-C", "--chdir"}))
    index = 0
    while index < len(rest) and is_assignment(rest[index]):
        assignments.append(rest[index])
        index += 1
    return rest[index:]


def _behind_dotenv(words: tuple[Word, ...]) -> tuple[Word, ...]:
    rest = _behind_options(words, frozenset({"-f", "--file", "-q"}))
    rest = rest[1:] if rest and rest[0].literal == "run" else rest
    return rest[1:] if rest and rest[0].literal == "--" else rest


def _behind_reloader(name: str, words: tuple[Word, ...]) -> Unwrapped | None:
    command = _RELOADERS[name]
    rest = words[1:]
    if command and not any(word.literal == command for word in rest):
        return None
    dashes = next((index for index, word in enumerate(rest) if word.literal == "--"), None)
    if dashes is not None:
        return Unwrapped(rest[dashes + 1 :], (name,))
    for index, word in enumerate(rest):
        value = word.literal or ""
        if " " in value:
            return Unwrapped((), (name,), script=word)
        if value in ("--exec", "-x") and index + 1 < len(rest):
            return Unwrapped(rest[index + 1 :], (name,))
    values = frozenset("--filter -d --directory -p --pattern -m -s".split())
    behind = _behind_options(rest[1:] if command else rest, values)
    return Unwrapped(behind, (name,)) if behind else None


def _behind_python_wrapper(words: tuple[Word, ...]) -> Unwrapped | None:
    """`python -m debugpy … -m MOD`, `python -m pdb FILE`, `python -m coverage run FILE`."""
    if len(words) < 4 or words[1].literal != "-m" or words[2].literal not in _DEBUGGERS:
        return None
    rest = _behind_options(words[3:], frozenset({"--listen", "--connect", "--log-to"}))
    if rest and rest[0].literal == "run":
        rest = rest[1:]
    return Unwrapped((words[0], *rest), (words[2].literal or "",)) if rest else None


def _switch_user(name: str, words: tuple[Word, ...]) -> Unwrapped | None:
    for index, word in enumerate(words[:-1]):
        if word.literal in ("-c", "--command"):
            return Unwrapped((), (name,), script=words[index + 1])
    return None


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
