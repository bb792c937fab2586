"""What a process runs before it asks for its settings: the modules of its entry, its arguments, its own variables.

Django's settings module is named by a variable that the entry module may set (`wsgi.py`, `manage.py`, the
module of a Celery app), so that these have to be run first (configuration page, 2.1).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.app import locate_module, module_at, roots_of
from prodlint.deployment.command import Step
from prodlint.deployment.commands.grammar import Given, grammar, parse
from prodlint.deployment.commands.program import program_of, python_arguments
from prodlint.deployment.condition import Lookup
from prodlint.deployment.execution.place import Place
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.layers import Context
from prodlint.deployment.servers.script_run import script_path
from prodlint.deployment.servers.server import Server
from prodlint.deployment.servers.setting import text_of
from prodlint.deployment.servers.worker_tables import CELERY_GROUP, CELERY_WORKER
from prodlint.deployment.service import Service
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.deployment.variable import Variables, variables_of
from prodlint.record import Record, replace
from prodlint.source import Span
from prodlint.syntax.word import Word

__all__ = ["MAIN", "Module", "Named", "Start", "agreed_start", "start_of", "start_of_command"]

MAIN = "__main__"
# Options of servers that set variables of the process: gunicorn's --env, uWSGI's env.
_VARIABLES = {"gunicorn": "raw_env", "uwsgi": "env"}
_SETTING = "env"
_ENV_FILES = ("uvicorn", "flask", "quart")


class Module(Record):
    """A module that is run: its file, and the name under which it is imported (`__main__` for a program)."""

    path: str
    dotted: str

    @property
    def root(self) -> str | None:
        """The folder that it is imported from, None when its name does not tell."""
        if self.dotted == MAIN:
            return posixpath.dirname(self.path)
        relative = self.dotted.replace(".", "/")
        for suffix in (f"{relative}.py", f"{relative}/__init__.py"):
            if self.path == suffix:
                return ""
            if self.path.endswith(f"/{suffix}"):
                return self.path[: -len(suffix) - 1]
        return None


class Named(Record):
    """A value that a command or a server gives: `origin` is what a user calls the place."""

    value: Value[str]
    span: Span
    origin: str


class Start(Record):
    """How a process begins.

    `modules` run in order before the settings are read. `given` are the variables that a server sets for its
    workers, `named` is what `--settings` says. `env_files` are files of the repository that a server loads.
    """

    modules: tuple[Module, ...]
    argv: tuple[str | None, ...]
    roots: tuple[str, ...]
    place: Place
    lookup: Lookup
    variables: Variables
    given: tuple[tuple[str, Named], ...] = ()
    named: Named | None = None
    env_files: tuple[str, ...] = ()
    is_django: bool = False


def start_of(service: Service, step: Step, repository: Repository) -> Start:
    """How a step of a service begins: its long-running program, or one that runs before it."""
    if step is service.step:
        return _start(step, service.place, service.variables, repository, service)
    return start_of_command(step, service.place, _variables(service, step, repository), repository)


def agreed_start(service: Service, repository: Repository) -> Start | None:
    """How the long-running program of a service begins; None where several commands may and they differ in it."""
    if service.step is None:
        return _start_of_handler(service, repository)
    if not service.candidates:
        return start_of(service, service.step, repository)
    starts = [start_of(one, one.step, repository) for one in service.candidates if one.step is not None]
    from prodlint.deployment.servers.agreement import agree

    first = agree(starts, _decisive)
    if first is None:
        return None
    longest = max(len(start.argv) for start in starts)
    words = zip(*(start.argv + (None,) * (longest - len(start.argv)) for start in starts), strict=True)
    return replace(first, argv=tuple(agree(found) for found in words))


def _start_of_handler(service: Service, repository: Repository) -> Start | None:
    """How a process begins that calls a function of the repository, or the app that a settings file names.

    None where nothing is known of what it calls.
    """
    if service.app is None:
        return None
    text = service.handler.value if isinstance(service.handler, Known) else ""
    dotted = text.rpartition(".")[0].replace("/", ".")
    roots = roots_of(service.place, repository)
    path = module_at(service.place, (), dotted, repository) if dotted else None
    path = path or (locate_module(repository, roots, dotted) if dotted else None)
    return Start(
        modules=(Module(path, dotted),) if path is not None else (),
        argv=(),
        roots=roots,
        place=service.place,
        lookup=_lookup(service.variables, ()),
        variables=service.variables,
        is_django=service.app.framework == "Django",
    )


def _decisive(start: Start) -> object:
    """What settings may depend on, without the places that say it."""
    from prodlint.deployment.servers.agreement import told

    given = [(name, told(one.value)) for name, one in start.given]
    variables = {name: told(value) for name, value in start.variables.values.items()}
    named = None if start.named is None else told(start.named.value)
    return start.modules, start.roots, given, named, start.env_files, start.place.directory, variables


def start_of_command(step: Step, place: Place, variables: Variables, repository: Repository) -> Start:
    """How a step begins that is of no service, with the variables that it finds."""
    return _start(step, place, variables, repository, None)


def _variables(service: Service, step: Step, repository: Repository) -> Variables:
    return variables_of(service.process, service.image, repository).seen_by(step)


def _start(step: Step, place: Place, variables: Variables, repository: Repository, service: Service | None) -> Start:
    server = service.server if service is not None else None
    context = Context(server or Server("", step.span), step, place, repository)
    tool, words = program_of(step)
    modules = tuple(dict.fromkeys(_modules(service, context, tool)))
    given = tuple(_given(server)) if server is not None else ()
    folders = [module.root for module in modules if module.root is not None]
    place = replace(place, directory=step.directory)
    roots = roots_of(place, repository, server.folders if server is not None else ())
    app = service.app if service is not None else None
    is_django = app.framework == "Django" if app is not None else tool == "django-admin"
    # Other frameworks have a manage.py, too.
    is_django = is_django and not (modules and tool == "django-admin" and not _mentions_django(modules[0], repository))
    return Start(
        modules=modules,
        argv=_argv(step, tool),
        roots=tuple(dict.fromkeys((*folders, *(service.roots if service is not None else ()), *roots))),
        place=place,
        lookup=_lookup(variables, given),
        variables=variables,
        given=given,
        named=_named(words, variables) if tool == "django-admin" else None,
        env_files=tuple(_env_files(server, context)) if server is not None else (),
        is_django=is_django,
    )


def _mentions_django(module: Module, repository: Repository) -> bool:
    return b"django" in (repository.data(module.path) or b"").lower()


def _lookup(variables: Variables, given: tuple[tuple[str, Named], ...]) -> Lookup:
    stronger = {name: one.value for name, one in given}

    def lookup(name: str) -> Value[str] | None:
        return stronger[name] if name in stronger else variables.get(name)

    return lookup


def _modules(service: Service | None, context: Context, tool: str) -> Iterator[Module]:
    step, repository = context.step, context.repository
    if tool == "django-admin":
        path = context.manage_file()
        if path is not None:
            yield Module(path, MAIN)
        return
    if tool == "celery":
        yield from _celery(context)
        return
    server = service.server if service is not None else None
    if service is not None and server is not None and not server.in_code:
        if server.configuration is not None and server.product == "gunicorn":
            yield Module(server.configuration, "__config__")
        if service.module is not None:
            yield Module(service.module, _dotted(server.target))
        return
    if service is not None and service.worker is not None and isinstance(service.worker.target, Known):
        yield from _imported(service.worker.target.value.partition(":")[0], context)
    elif service is not None and service.process.handler is not None and service.app is not None:
        yield Module(service.app.path, service.app.target.partition(":")[0])
    else:
        path = script_path(step, context.place, repository, context.roots())
        if path is not None:
            yield Module(path, MAIN if python_arguments(step) is not None else "")


def _dotted(target: Value[str]) -> str:
    text = target.value if isinstance(target, Known) else target.default if isinstance(target, EnvDriven) else None
    module = (text or "").partition(":")[0]
    return "" if "/" in module or module.endswith(".py") else module


def _celery(context: Context) -> Iterator[Module]:
    """`-A shop` imports the package shop and, when that holds no app, shop.celery (Celery, `find_app`)."""
    _, words = program_of(context.step)
    given = [one for one in parse(grammar(CELERY_GROUP + CELERY_WORKER, "click"), words).given if one.value is not None]
    value = next((text_of(one.value, context.lookup) for one in given if _is_app(one) and one.value is not None), None)
    value = context.lookup("CELERY_APP") if value is None else value
    name = "" if value is None else _dotted(value)
    if name:
        yield from _imported(name, context)
        yield from _imported(f"{name}.celery", context)


def _is_app(given: Given) -> bool:
    return given.option is not None and given.option.name == "app"


def _imported(dotted: str, context: Context) -> Iterator[Module]:
    """A module with the packages around it, which Python runs first."""
    parts = dotted.split(".")
    for count in range(1, len(parts) + 1):
        name = ".".join(parts[:count])
        place = replace(context.place, directory=context.step.directory)
        path = module_at(place, (), name, context.repository) if name else None
        path = path or (locate_module(context.repository, context.roots(), name) if name else None)
        if path is not None:
            yield Module(path, name)


def _argv(step: Step, tool: str) -> tuple[str | None, ...]:
    """`sys.argv` of the program."""
    python = python_arguments(step)
    if python is not None and python.file is not None:
        return (python.file.literal, *(word.literal for word in python.arguments))
    words = python.arguments if python is not None else step.argv[1:]
    if tool == "uwsgi":
        words = ()
    # Where its script was installed decides the folder, and nobody compares that.
    name = step.argv[0].literal or "" if python is None else tool
    first = name if "/" in name or name.endswith(".py") else f"/usr/local/bin/{name}"
    return (first, *(word.literal for word in words))


def _given(server: Server) -> Iterator[tuple[str, Named]]:
    """The variables that a server sets for the code that it runs."""
    setting = server.settings.get(_SETTING) if server.product in _VARIABLES else None
    if setting is None or not isinstance(setting.value, Known) or not isinstance(setting.value.value, tuple):
        return
    for part in setting.value.value:
        name, equals, text = str(part).partition("=")
        if equals:
            yield (
                name,
                Named(Known(text, setting.source.span), setting.source.span, _said(setting.source.origin, server)),
            )


def _said(origin: str, server: Server) -> str:
    return f"{_VARIABLES[server.product]} in {origin}" if "command line" not in origin else origin


def _env_files(server: Server, context: Context) -> Iterator[str]:
    word = server.option("--env-file") if server.product in _ENV_FILES else None
    path = context.locate(word.literal or "") if word is not None else None
    if path is not None:
        yield path


def _named(words: tuple[Word, ...], variables: Variables) -> Named | None:
    """The last `--settings=x` or `--settings x` of a management command."""
    found = None
    for index, word in enumerate(words):
        if word.literal == "--":
            break
        if word.literal == "--settings" and index + 1 < len(words):
            found = Named(text_of(words[index + 1], variables.get), word.span, "--settings on the command line")
        elif word.literal is not None and word.literal.startswith("--settings="):
            span = word.span
            found = Named(Known(word.literal.partition("=")[2], span), span, "--settings on the command line")
        elif word.literal is None and word.written.startswith("--settings="):
            value = text_of(word, variables.get)
            value = _after_equals(value)
            found = Named(value, word.span, "--settings on the command line")
    return found


def _after_equals(value: Value[str]) -> Value[str]:
    if isinstance(value, Known):
        return Known(value.value.partition("=")[2], value.span)
    if isinstance(value, EnvDriven):
        default = None if value.default is None else value.default.partition("=")[2]
        return replace(value, default=default, form=None if value.form is None else value.form.partition("=")[2])
    return Unknown(value.reason, value.span)
