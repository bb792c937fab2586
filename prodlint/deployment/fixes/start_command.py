"""A start command written anew: the installed application server in the place of a development server.

What is offered was read by the model again, and serves the same app at the same address. Every form
in which words stand behind one another is kept: exec form, shell form, a list or a string of YAML.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator

from prodlint.deployment.app import Interface, module_at
from prodlint.deployment.command import Step
from prodlint.deployment.commands.program import python_arguments
from prodlint.deployment.commands.words import Piece, Words, is_plain, separator_of, spelled, whole, with_quotes
from prodlint.deployment.environment import Environment
from prodlint.deployment.process import Platform
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.bind import Bind
from prodlint.deployment.servers.configuration import import_folders
from prodlint.deployment.servers.server import Server
from prodlint.deployment.service import Service
from prodlint.deployment.service_start import started
from prodlint.deployment.settings_module import settings_of
from prodlint.deployment.value import NO, YES, EnvDriven, Known
from prodlint.finding import Change, Edit, Fix, Safety, WithoutArgument
from prodlint.record import Record, replace
from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.python import is_main_guard
from prodlint.syntax.word import Expansion, Literal, Word

__all__ = ["StartCommand", "production_command", "without_reload"]

# These run WSGI or ASGI apps, and the model knows their options.
_SERVERS = {Interface.WSGI: ("gunicorn",), Interface.ASGI: ("uvicorn",)}
# What serves more than the WSGI app that `runserver` names.
_MORE_THAN_WSGI = ("channels", "daphne")
_SET_PORT = (
    Platform.HEROKU,
    Platform.RAILWAY,
    Platform.CLOUD_RUN,
    Platform.APP_ENGINE,
    Platform.RENDER,
    Platform.CLOUD_FOUNDRY,
)
_RUNNERS = frozenset({"uvx", "pipx", "watchmedo", "watchfiles", "nodemon", "hupper", "entr", "jurigged"})

# What a development server is told that no other server needs to know.
_LEFT_BEHIND = frozenset(
    "host port app debug reload debugger with_threads threaded static skip_checks verbosity traceback no_color "
    "force_color extra_files exclude_patterns".split()
)
_FOR_DEVELOPERS = (Environment.DEVELOPMENT, Environment.TEST)

_SWITCH = regex(r"reload[ \t]*=[ \t]*(True)[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z)")


class StartCommand(Record):
    """What to start instead, as it would be typed, and the edits that write it where the old one stands."""

    product: str
    written: str
    edits: tuple[Edit, ...]

    @property
    def help(self) -> str:
        return f"start `{self.written}`"

    @property
    def fix(self) -> Fix:
        """To be read before it is applied: what the development server did besides, nobody knows."""
        return Fix(f"start the app with {self.product}", self.edits, Safety.UNSAFE)


def production_command(service: Service, services: tuple[Service, ...], repository: Repository) -> StartCommand | None:
    """The installed application server with the app that a development server serves.

    None where it is not certain how to write it, or where the same words start something else as well.
    """
    step = service.step
    if step is None or not step.argv or service.candidates:
        return None
    words = _new_words(service, repository)
    written = spelled(step, words) if words is not None else None
    if words is None or written is None:
        return None
    for other in services:
        if other is service or not _shares_words(other, step):
            continue
        if other.environment in _FOR_DEVELOPERS or _new_words(other, repository) != words:
            return None
    return StartCommand(words.product, words.written, (Edit(whole(step), written),))


def without_reload(service: Service, services: tuple[Service, ...], repository: Repository) -> tuple[Change, ...]:
    """What takes reloading out of a command, of gunicorn's file or of a call; empty where that is not certain."""
    server, step = service.server, service.step
    if server is None or step is None or server.reload_span is None or service.candidates:
        return ()
    if any(other.environment in _FOR_DEVELOPERS and _shares_words(other, step) for other in services):
        return ()
    if server.in_code:
        return _without_keyword(service, repository)
    if server.reload_span.path == server.configuration:
        return _switched_off(server.reload_span)
    return _without_options(server, step)


def _without_keyword(service: Service, repository: Repository) -> tuple[Change, ...]:
    start = service.starts[0] if len(service.starts) == 1 else None
    module = repository.python(start.span.path) if start is not None else None
    if start is None or module is None or start.node is None or start.product != "uvicorn":
        return ()
    for keyword in start.node.keywords:
        if keyword.arg == "reload" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True:
            return (WithoutArgument(module.span(start.node), "reload"),)
    return ()


def _switched_off(place: Span) -> tuple[Change, ...]:
    """`reload = True` on a line of its own in gunicorn's configuration file."""
    found = _SWITCH.match(place.source.text, place.start) if place.column == 1 else None
    return (Edit(Span(place.source, found.start(1), found.end(1)), "False"),) if found is not None else ()


def _without_options(server: Server, step: Step) -> tuple[Change, ...]:
    """`--reload`, and with it the options that say what is watched."""
    places = [word.span for word in step.argv]
    removed: list[int] = []
    found = False
    for given in server.parsed.given:
        if given.option is None or not given.option.name.startswith("reload"):
            continue
        inside = [at for at, place in enumerate(places) if _is_within(place, given.span)]
        if not inside or inside[0] == 0:
            return ()
        found = found or given.span == server.reload_span
        removed += inside
    if not found or separator_of(step) is None:
        return ()
    return tuple(
        Edit(Span(places[at].source, with_quotes(places[at - 1]).end, with_quotes(places[at]).end), "")
        for at in removed
    )


def _is_within(one: Span, other: Span) -> bool:
    return one.source is other.source and other.start <= one.start and one.end <= other.end


def _shares_words(other: Service, step: Step) -> bool:
    steps = [one.step for one in other.candidates or (other,) if one.step is not None]
    return any(bool(one.argv) and one.argv[0].span == step.argv[0].span for one in steps)


def _new_words(service: Service, repository: Repository) -> Words | None:
    """The words to start production with; None where something about them is not certain."""
    server, step, app = service.server, service.step, service.app
    if server is None or step is None or app is None or not step.argv or _RUNNERS & set(step.layers):
        return None
    if server.is_development is not YES:
        return None
    if server.parsed.loose or not server.parsed.complete or len(server.binds) > 1:
        return None
    if server.product == "fastapi dev":
        return _fastapi_run(service, server, step, repository)
    if any(given.option is None or given.option.name not in _LEFT_BEHIND for given in server.parsed.given):
        return None
    if any(service.installs_distribution(name) is YES for name in _MORE_THAN_WSGI):
        return None
    product = next(
        (name for name in _SERVERS.get(app.interface, ()) if service.installs_distribution(name) is YES), None
    )
    if product is None:
        return None
    address = _address(service, server, step, product)
    if address is None:
        return None
    for target, folder in _targets(service, server, step, repository):
        options = [*address]
        if folder:
            options.append((f"--pythonpath={folder}" if product == "gunicorn" else f"--app-dir={folder}",))
        if product == "uvicorn" and target.endswith("()"):
            options.append(("--factory",))
            target = target.removesuffix("()")
        words = (*((word,) for word in _program(step, product)), *options, (target,))
        if _serves_the_same(service, server, step, words, repository, bool(address)):
            return Words(product, words)
    return None


def _fastapi_run(service: Service, server: Server, step: Step, repository: Repository) -> Words | None:
    """`fastapi run` in the place of `fastapi dev`: the same command, which is there, and listens everywhere."""
    words: list[tuple[Piece, ...]] = []
    for word in step.argv:
        if not all(isinstance(part, Literal | Expansion) for part in word.parts):
            return None
        text = word.literal
        is_command = text == "dev" and ("run",) not in words
        words.append(("run",) if is_command else tuple(_pieces(word)))
    if not _serves_the_same(service, server, step, tuple(words), repository, False):
        return None
    return Words("fastapi run", tuple(words))


def _pieces(word: Word) -> Iterator[Piece]:
    for part in word.parts:
        if isinstance(part, Literal) and part.text.span.text == part.text.value:
            yield part.text.value
        elif isinstance(part, Literal | Expansion):
            yield part


def _program(step: Step, product: str) -> tuple[str, ...]:
    """The new program, from the same environment as the old one."""
    literal = step.argv[0].literal or ""
    folder, slash, name = literal.rpartition("/")
    if not slash:
        return (product,)
    if python_arguments(step) is not None:
        return literal, "-m", product
    return (product,) if name.endswith(".py") or folder in (".", "") else (f"{folder}/{product}",)


def _targets(service: Service, server: Server, step: Step, repository: Repository) -> Iterator[tuple[str, str]]:
    """What to serve, with the folder to import it from where that is not the working directory."""
    python = python_arguments(step)
    file = (python.file.literal or "") if python is not None and python.file is not None else ""
    folder = posixpath.dirname(posixpath.normpath(file)) if file else ""
    if server.in_code:
        name = _name_in_script(service, repository)
        module = posixpath.basename(file).removesuffix(".py") if file else (python.module if python else None)
        if name is not None and module:
            for dotted in (module,) if file else (f"{module}.__main__", module):
                yield f"{dotted}:{name}", folder
        return
    if not isinstance(server.target, Known):
        return
    target = server.target.value
    if app_is_called := service.app is not None and service.app.is_factory and not target.endswith("()"):
        target = f"{target}()"
    if not app_is_called and "(" in target and not target.endswith("()"):
        return
    yield target, folder


def _name_in_script(service: Service, repository: Repository) -> str | None:
    """The name that holds the app at module level in a script whose `__main__` block does nothing but start it."""
    start = service.starts[0] if len(service.starts) == 1 else None
    if start is None or start.conditional or start.through or start.is_child or start.node is None:
        return None
    module = repository.python(start.span.path)
    function = start.node.func
    if module is None or start.within is not None or start.caller is not None:
        return None
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
        return None
    if any(keyword.arg in (None, "ssl_context") for keyword in start.node.keywords):
        return None
    guards = [node for node in module.tree.body if isinstance(node, ast.If) and is_main_guard(node.test)]
    if any(len(guard.body) != 1 or guard.orelse for guard in guards) or len(guards) != 1:
        return None
    statement = guards[0].body[0]
    if not isinstance(statement, ast.Expr) or module.span(statement.value) != start.span:
        return None
    bindings = module.bindings(function.value.id)
    return function.value.id if bindings and not any(one.conditional for one in bindings) else None


def _address(service: Service, server: Server, step: Step, product: str) -> list[tuple[Piece, ...]] | None:
    """The options that make the new server listen where the old one does."""
    gives_port = service.process.platform in _SET_PORT
    if not server.binds:
        return None
    bind = server.binds[0]
    if bind.socket is not None or bind.protocol != "http":
        return None
    is_written = bind.span != server.span or server.in_code
    if product == "gunicorn" and gives_port and (_is_port(bind) or not is_written):
        # Where the platform sets PORT, gunicorn listens there by itself.
        return []
    port = _port(bind, step)
    if port is None or not isinstance(bind.host, Known) or not bind.host.value:
        return None
    host = bind.host.value
    if product == "gunicorn":
        shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return [(f"--bind={shown}:", port)]
    return [(f"--host={host}",), ("--port=", port)]


def _is_port(bind: Bind) -> bool:
    return isinstance(bind.port, EnvDriven) and bind.port.name == "PORT"


def _port(bind: Bind, step: Step) -> Piece | None:
    """The port as the old command spells it, a variable where it is one there."""
    source = step.argv[0].span.source
    parts = [part for word in step.argv for part in word.parts]
    variables = [part for part in parts if isinstance(part, Expansion) and part.span.source is source]
    if isinstance(bind.port, EnvDriven):
        return next((part for part in variables if part.name == bind.port.name), None)
    if not isinstance(bind.port, Known) or not isinstance(bind.port.value, int):
        return None
    number, place = str(bind.port.value), bind.port.span
    for part in parts:
        if isinstance(part, Literal) and part.text.value == number and part.text.source is source:
            return number if part.text.span.text == number else part
    if place.source is source and place.start < step.argv[-1].span.end and step.argv[0].span.start < place.end:
        variables = [one for one in variables if one.span.start < place.end and place.start < one.span.end]
    return variables[0] if len(variables) == 1 else number


def _serves_the_same(
    service: Service,
    server: Server,
    step: Step,
    words: tuple[tuple[Piece, ...], ...],
    repository: Repository,
    is_bound: bool,
) -> bool:
    """Whether the model understands the new command as the same app at the same address."""
    if not all(is_plain(one) for word in words for one in word if isinstance(one, str)):
        return False
    argv = tuple(_word(word, step.argv[0].span) for word in words)
    bare = replace(service, server=None, worker=None, app=None, module=None, roots=(), starts=())
    new = started(replace(bare, step=replace(step, argv=argv)), replace(step, argv=argv), repository)
    if new.server is None or new.server.is_development is not NO or new.server.reload is not NO:
        return False
    if new.app is None or service.app is None or new.app.span != service.app.span:
        return False
    if service.app.framework == "Django" and _settings_path(service, repository) != _settings_path(new, repository):
        return False
    if new.server.product == "fastapi run":
        return True
    place = replace(service.place, directory=step.directory)
    name = words[-1][0] if isinstance(words[-1][0], str) else ""
    if module_at(place, import_folders(new.server, step, place), name.partition(":")[0], repository) is None:
        return False
    return not is_bound or [str(bind) for bind in new.server.binds] == [str(bind) for bind in server.binds]


def _settings_path(service: Service, repository: Repository) -> str | None:
    settings = settings_of(service, repository)
    return settings.path if settings is not None else None


def _word(pieces: tuple[Piece, ...], span: Span) -> Word:
    return Word(tuple(Literal(Text.at(one, span)) if isinstance(one, str) else one for one in pieces), span)
