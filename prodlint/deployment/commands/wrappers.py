"""Programs that only start another program: taken off from the left until the real one stands there.

Grammars: the catalogue's table of wrappers (serving page, 2.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prodlint.record import record
from prodlint.regex import regex
from prodlint.source import SyntaxProblem, Text
from prodlint.syntax.shell_words import split_words
from prodlint.syntax.word import Substitution, Word

__all__ = ["Unwrapped", "debugger_in", "is_assignment", "unwrap", "value_of"]


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
    "busybox": _wrapper(),
    "command": _wrapper(),
    "builtin": _wrapper(),
    "tini": _wrapper("-p -e"),
    "docker-init": _wrapper("-p -e"),
    "tini-static": _wrapper("-p -e"),
    "catatonit": _wrapper(),
    "my_init": _wrapper("--log-level --skip-startup-files"),
    "setuser": _wrapper(positional=1),
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
    "chroot": _wrapper("--userspec --groups", positional=1),
    "flock": _wrapper("-w -E --timeout --conflict-exit-code", positional=1),
    "unbuffer": _wrapper(),
    "chronic": _wrapper(),
    "systemd-cat": _wrapper("-t -p --identifier --priority"),
    "strace": _wrapper("-o -e -s -p -u -E -a -b -I -O -S -P -X"),
    "ltrace": _wrapper("-o -e -s -p -u -a -n -x -l"),
    "jemalloc.sh": _wrapper(),
    "timeout": _wrapper("-k -s --kill-after --signal", positional=1),
    "sshpass": _wrapper("-p -f -d -P"),
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
    "viztracer": _wrapper("-o --output_file --tracer_entries --max_stack_depth"),
    "py-spy": _wrapper(needs="record top", until_dashes=True),
    "austin": _wrapper("-i -o -t -x --interval --output --timeout --exposure"),
    "newrelic-admin": _wrapper(needs="run-program run-python"),
    "poetry": _wrapper("-C --directory -P --project", needs=_RUN),
    "pipenv": _wrapper("--python --pypi-mirror", needs=_RUN),
    "pdm": _wrapper("-p --project -s --site-packages", needs=_RUN),
    "rye": _wrapper(needs=_RUN),
    "pixi": _wrapper("-e --environment --manifest-path", needs=_RUN),
    "hatch": _wrapper("-e --env -p --project", needs=_RUN),
    "uv": _wrapper("--directory --project --config-file", needs=_RUN),
    "conda": _wrapper(needs=_RUN),
    "mamba": _wrapper(needs=_RUN),
    "micromamba": _wrapper(needs=_RUN),
    "pyenv": _wrapper(needs="exec"),
    "mise": _wrapper("-C --cd -E --env", needs="exec x", until_dashes=True),
    "direnv": _wrapper(needs="exec", positional=1),
    "doppler": _wrapper("-p -c --project --config --token", needs=_RUN, until_dashes=True),
    "op": _wrapper("--env-file", needs=_RUN, until_dashes=True),
    "infisical": _wrapper("--env --path --projectId --token", needs=_RUN, until_dashes=True),
    "chamber": _wrapper(needs="exec", until_dashes=True),
    "aws-vault": _wrapper(needs="exec", until_dashes=True),
    "berglas": _wrapper(needs="exec", until_dashes=True),
    "teller": _wrapper(needs=_RUN, until_dashes=True),
    "vault-env": _wrapper(),
    "envconsul": _wrapper(
        "-config -prefix -secret -consul-addr -vault-addr -log-level -kill-signal -env -exec-kill-signal -vault-token"
    ),
    "summon": _wrapper("-f -D -e -p --yaml --provider --environment"),
    "bws": _wrapper("--project-id --shell", needs=_RUN, until_dashes=True),
    "phase": _wrapper("--env --app --path --tags", needs=_RUN),
    "wait-for-it": _wrapper(until_dashes=True),
    "wait-for-it.sh": _wrapper(until_dashes=True),
    "wait-for": _wrapper(until_dashes=True),
    "wait-for.sh": _wrapper(until_dashes=True),
    "wait4ports": _wrapper("-s -t", until_dashes=True),
    "wait-port": _wrapper("-t --timeout -o --output", until_dashes=True),
    "dockerize": _wrapper("-wait -timeout -template -wait-retry-interval -stdout -stderr -wait-http-header"),
    # Heroku's buildpacks of these names, called `bin/start-nginx COMMAND`.
    "start-nginx": _wrapper(),
    "start-pgbouncer": _wrapper(),
    "start-pgbouncer-stunnel": _wrapper(),
    "start-stunnel": _wrapper(),
    "qgtunnel": _wrapper(),
    "uvx": _wrapper("--from --with -p --python"),
    "pipx": _wrapper(needs=_RUN),
    "bundle": _wrapper(needs="exec"),
}
_ALWAYS_VALUED = frozenset({"opentelemetry-instrument"})
_RUN_VALUES = frozenset(
    "--with --extra --group --only-group --no-group --python -p --env-file --directory --project --package --index "
    "-w --with-editable --with-requirements --index-url --default-index --exclude-newer -C --env -e -n --name "
    "--prefix --cwd --spec --pip-args".split()
)
# Options that move to another folder before the program starts.
_MOVES = {
    "env": ("-C", "--chdir"),
    "uv": ("--directory",),
    "poetry": ("-C", "--directory"),
    "conda": ("--cwd",),
    "micromamba": ("--cwd",),
    "mise": ("-C", "--cd"),
}
_OPEN_ENVIRONMENT = frozenset(
    "doppler op infisical chamber aws-vault berglas teller vault-env envconsul dotenv sops summon bws phase "
    "direnv".split()
)
_RELOADERS = {
    "watchmedo": "auto-restart",
    "nodemon": "",
    "watchfiles": "",
    "hupper": "",
    "entr": "",
    "reflex": "",
    "arelo": "",
}
# Programs that run a Python file or module: the options of theirs that take a value.
_PYTHON_RUNNERS = {
    "debugpy": "--listen --connect --log-to --pid",
    "ptvsd": "--host --port --pid --log-dir",
    "pydevd": "--port --client --vm_type --file",
    "pdb": "-c",
    "kernprof": "-o -s --outfile --setup -p --prof-mod",
    "coverage": "--rcfile --source --omit --include --context --data-file --concurrency",
    "scalene": "--outfile --profile-interval --cpu-sampling-rate --profile-only --profile-exclude",
    "memray": "-o --output",
    "pyinstrument": "-o -r -i --outfile --renderer --interval",
    "jurigged": "-w --watch -i",
}
_DEBUGGERS = frozenset("debugpy ptvsd pydevd pdb".split())
_PROFILERS = frozenset("kernprof coverage scalene memray pyinstrument py-spy austin viztracer strace ltrace".split())
_ASSIGNMENT = regex(r"[A-Za-z_][A-Za-z0-9_]*=")


@record
class Unwrapped:
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
        return any(layer in _OPEN_ENVIRONMENT for layer in self.layers)

    @property
    def auto_reload(self) -> bool:
        """Whether a wrapper restarts the program whenever a file changes."""
        return any(layer in _RELOADERS for layer in self.layers)

    @property
    def debugger(self) -> bool:
        """Whether it runs under a debugger."""
        return any(layer in _DEBUGGERS for layer in self.layers)

    @property
    def profiler(self) -> bool:
        """Whether it runs under a profiler or a tracer."""
        return any(layer in _PROFILERS for layer in self.layers)


def debugger_in(layers: Iterable[str]) -> str | None:
    """The debugger among some wrappers, None without one."""
    return next((layer for layer in layers if layer in _DEBUGGERS), None)


def is_assignment(word: Word) -> bool:
    """Whether a word reads `NAME=value`."""
    return _ASSIGNMENT.match(_shown(word)) is not None


def _shown(word: Word) -> str:
    value = word.literal
    return word.written if value is None else value


def _name(word: Word) -> str:
    return (word.literal or "").rpartition("/")[2]


_SHELLS = frozenset("sh bash ash dash zsh ksh".split())
_PYTHON = regex(r"python[\d.]*")


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
    if name in _ALWAYS_VALUED:
        return Unwrapped(_behind_options(words[1:], None), (name,))
    if name in _RELOADERS:
        return _behind_reloader(name, words)
    if name in _PYTHON_RUNNERS:
        return _behind_runner(name, words[0], words[1:])
    if _PYTHON.fullmatch(name):
        runner = words[2].literal if len(words) > 3 and words[1].literal == "-m" else None
        return _behind_runner(runner, words[0], words[3:]) if runner in _PYTHON_RUNNERS else None
    if name == "dotenv":
        return Unwrapped(_behind_dotenv(words[1:]), (name,))
    wrapper = _WRAPPERS.get(name)
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
    return Unwrapped(rest, layers, directory=value_of(taken, _MOVES.get(name, ())) or _home(name, taken[1:]))


def _shown_options(words: tuple[Word, ...], rest: tuple[Word, ...]) -> list[str]:
    return [_shown(word).partition("=")[0] for word in words[: len(words) - len(rest)]]


def value_of(words: tuple[Word, ...], names: tuple[str, ...]) -> Word | None:
    """The value of an option among some words, the next word or what stands behind `=`."""
    for index, word in enumerate(words):
        if word.literal in names and index + 1 < len(words):
            return words[index + 1]
        content = word.content
        if content is not None and content.value.partition("=")[0] in names and "=" in content.value:
            return Word.of(content.slice(content.value.index("=") + 1))
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


def _behind_env(name: str, words: tuple[Word, ...], assignments: list[Word]) -> Unwrapped | None:
    """`env -i -C folder A=b program`, `env -S "A=b program"`, and assignments without `env`."""
    rest = words
    if name == "env":
        rest = _behind_options(words[1:], frozenset({"-u", "--unset", "-C", "--chdir"}))
    directory = value_of(words[: len(words) - len(rest)], _MOVES["env"]) if name == "env" else None
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
    command = _RELOADERS[name]
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
    values = frozenset(_PYTHON_RUNNERS[name].split())
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
    python = program if _PYTHON.fullmatch(_name(program)) else _named("python", rest[0])
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
