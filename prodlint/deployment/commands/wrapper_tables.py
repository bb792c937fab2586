"""The programs that only start another one, and how each is written.

Grammars: the catalogue's table of wrappers (serving page, 2.1).
"""

from __future__ import annotations

from prodlint.record import Record

__all__ = [
    "ALWAYS_VALUED",
    "DEBUGGERS",
    "MOVES",
    "OPEN_ENVIRONMENT",
    "PROFILERS",
    "PYTHON_RUNNERS",
    "RELOADERS",
    "RUN_VALUES",
    "WRAPPERS",
    "Wrapper",
]


class Wrapper(Record):
    """How one wrapper is written: which options take a value, how many words come before the command."""

    values: frozenset[str] = frozenset()
    positional: int = 0
    needs: tuple[str, ...] = ()
    until_dashes: bool = False


def _wrapper(values: str = "", positional: int = 0, needs: str = "", until_dashes: bool = False) -> Wrapper:
    return Wrapper(frozenset(values.split()), positional, tuple(needs.split()), until_dashes)


_RUN = "run"
WRAPPERS: dict[str, Wrapper] = {
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
ALWAYS_VALUED = frozenset({"opentelemetry-instrument"})
RUN_VALUES = frozenset(
    "--with --extra --group --only-group --no-group --python -p --env-file --directory --project --package --index "
    "-w --with-editable --with-requirements --index-url --default-index --exclude-newer -C --env -e -n --name "
    "--prefix --cwd --spec --pip-args".split()
)
# Options that move to another folder before the program starts.
MOVES = {
    "env": ("-C", "--chdir"),
    "uv": ("--directory",),
    "poetry": ("-C", "--directory"),
    "conda": ("--cwd",),
    "micromamba": ("--cwd",),
    "mise": ("-C", "--cd"),
}
OPEN_ENVIRONMENT = frozenset(
    "doppler op infisical chamber aws-vault berglas teller vault-env envconsul dotenv sops summon bws phase "
    "direnv".split()
)
RELOADERS = {
    "watchmedo": "auto-restart",
    "nodemon": "",
    "watchfiles": "",
    "hupper": "",
    "entr": "",
    "reflex": "",
    "arelo": "",
}
# Programs that run a Python file or module: the options of theirs that take a value.
PYTHON_RUNNERS = {
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
DEBUGGERS = frozenset("debugpy ptvsd pydevd pdb".split())
PROFILERS = frozenset("kernprof coverage scalene memray pyinstrument py-spy austin viztracer strace ltrace".split())
