"""Which server a step starts, by its command line alone.

Names and defaults: the catalogue's serving page, 2.2; the options are in `servers.tables`.
"""

from __future__ import annotations

from prodlint.deployment.app import App, Interface
from prodlint.deployment.command import Step
from prodlint.deployment.commands.grammar import Parsed, parse
from prodlint.deployment.commands.program import Program, program_of, python_arguments
from prodlint.deployment.condition import NOWHERE, from_outside, word_value
from prodlint.deployment.process import Role
from prodlint.deployment.servers.bind import Bind
from prodlint.deployment.servers.products import Product, grammar_of, product_of
from prodlint.deployment.servers.setting import Setting, Settings
from prodlint.deployment.servers.worker import worker_role
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, Known, Unknown, Value, answer
from prodlint.finding import Evidence
from prodlint.record import Record, compared_without, field, replace
from prodlint.source import Span
from prodlint.syntax.word import Word

__all__ = ["Product", "Program", "Server", "program_of", "python_arguments", "role_of", "server_of"]

_RELOADERS = frozenset("watchmedo watchfiles nodemon hupper entr reflex jurigged arelo".split())
# What they start they install: it need not be among the packages of the service.
_INSTALLERS = frozenset({"uvx", "pipx"})
# Apps that have a server of their own, under another.
_OWN_APPS = {
    (Interface.WSGI, "Sanic"): NO,
    (Interface.WSGI, "aiohttp"): NO,
    (Interface.WSGI, "Tornado"): NO,
    (Interface.ASGI, "Sanic"): YES,
    (Interface.ASGI, "aiohttp"): NO,
}
# Loops of these serve all requests of a worker.
_WITHOUT_THREADS = frozenset("gevent gevent_wsgi gevent_pywsgi eventlet tornado asgi".split())
_NOTHING = Parsed((), ())
_NO_SETTINGS = Settings("a server", NOWHERE)


@compared_without("settings")
class Server(Record):
    """The server that a process starts.

    `target` is what it serves, as written (`shop.wsgi:application`). `reload` answers whether it
    restarts on every change of a file. `in_code` is set when a Python script starts the server
    itself; then `span` is that call. `settings` holds every setting by the model's name, `binds`
    where it listens; both need `configured`. `configuration` is the path of its configuration file,
    `hooks` the functions that gunicorn calls from it. `folders` are what it adds to the import path, `target_file` is
    the path of its app's module where it is found by its own rules. `interface` is how it calls the app.
    """

    product: str
    span: Span
    distribution: str | None = None
    is_development: Answer = NO
    owner: str = ""
    target: Value[str] = field(default_factory=lambda: Unknown("the command names no app"))
    reload: Answer = NO
    reload_span: Span | None = None
    parsed: Parsed = _NOTHING
    attribute: str | None = None
    in_code: bool = False
    settings: Settings = field(default_factory=lambda: _NO_SETTINGS)
    binds: tuple[Bind, ...] = ()
    configuration: str | None = None
    hooks: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    target_file: str | None = None
    interface: Interface | None = None

    @property
    def options(self) -> tuple[tuple[str, Word | None], ...]:
        """The options of the command line, each by the spelling that says most; None for one without a value."""
        return tuple(
            (given.option.spelling if given.option is not None else given.written, given.value)
            for given in self.parsed.given
        )

    @property
    def options_complete(self) -> bool:
        """Whether every word of the command is understood: no rule may rely on an option's absence otherwise."""
        return self.parsed.complete and not self.parsed.loose

    def can_serve(self, app: App) -> Answer:
        """Whether it calls an app in the way that the app is made for (measured: serving page, 3.1)."""
        if self.interface not in (Interface.WSGI, Interface.ASGI) or app.is_factory:
            return UNKNOWN
        if app.interface is not Interface.OWN:
            return answer(app.interface is self.interface)
        return _OWN_APPS.get((self.interface, app.framework), UNKNOWN)

    @property
    def ignored_workers(self) -> Setting | None:
        """More than one worker that uvicorn is told and does not start, because it reloads (measured, 0.54)."""
        setting = self.settings.get("workers") if self.product == "uvicorn" and self.reload is YES else None
        count = setting.value.value if setting is not None and isinstance(setting.value, Known) else None
        return setting if isinstance(count, int) and count > 1 else None

    @property
    def worker_class(self) -> Setting | None:
        """The class of gunicorn's workers, where it is written down."""
        setting = self.settings.get("worker_class") if self.product == "gunicorn" else None
        return setting if setting is not None and isinstance(setting.value, Known) else None

    @property
    def idle_threads(self) -> Setting | None:
        """The number of threads that gunicorn is told, where its worker class has no use for threads (measured)."""
        worker, threads = self.worker_class, self.settings.get("threads")
        count = self.settings.known("threads")
        if worker is None or threads is None or not isinstance(count, int) or count < 2:
            return None
        name = str(self.settings.known("worker_class"))
        is_idle = name in _WITHOUT_THREADS or name.partition(".")[0] in ("uvicorn", "uvicorn_worker")
        return threads if is_idle else None

    @property
    def survives_without_app(self) -> bool:
        """Whether it goes on without an app that it cannot load and answers 500, as uWSGI does by itself."""
        return self.product == "uwsgi" and self.settings.known("need_app") is not True

    def is_silent_on(self, name: str) -> bool:
        """Whether the default of a setting holds for certain, as far as the repository goes: nothing else has a say."""
        return self.settings.doubt is None and name in self.settings and name not in self.settings.mentioned

    @property
    def interface_evidence(self) -> tuple[Evidence, ...]:
        """The place that decides how it calls the app, where that is not its own command."""
        name = "worker_class" if self.product == "gunicorn" else "interface"
        source = self.settings[name].source if name in self.settings and not self.is_silent_on(name) else None
        if source is None or source.span.source is self.span.source or not source.span.path:
            return ()
        return (Evidence(source.span, f"sets the {name.replace('_', ' ')}"),)

    @property
    def told_by(self) -> str:
        """Its product with the worker class that decides how it calls the app: `gunicorn's sync worker`."""
        worker = self.settings.known("worker_class") if self.product == "gunicorn" else None
        return f"{self.product}'s {worker} worker" if isinstance(worker, str) else self.product

    def option(self, *names: str) -> Word | None:
        """The last value given for an option, by any of its names."""
        values = [
            given.value
            for given in self.parsed.given
            if given.written in names or (given.option is not None and set(given.option.spellings) & set(names))
        ]
        return values[-1] if values else None


def server_of(step: Step) -> Server | None:
    """The server that a step starts by its command line, None when it starts none that is known."""
    found = product_of(*program_of(step))
    if found is None:
        return None
    product, words = found
    known = grammar_of(product)
    parsed = parse(known, words)
    target: Value[str] = Unknown("the command names no app", step.span)
    if product.has_target and parsed.loose and not parsed.positional:
        # `gunicorn $OPTIONS $APP`: the app is what must be there.
        parsed = replace(parsed, positional=parsed.loose[-1:], loose=parsed.loose[:-1])
    if product.has_target and parsed.positional:
        target = word_value(parsed.positional[0], from_outside)
    reload, span = _reloads(product, parsed)
    return Server(
        product=product.name,
        span=step.span,
        distribution=None if set(step.layers) & _INSTALLERS else product.distribution,
        is_development=YES if product.development else NO,
        owner=product.owner,
        target=target,
        reload=YES if set(step.layers) & _RELOADERS else reload,
        reload_span=span,
        parsed=parsed,
        attribute=product.attribute,
    )


def _reloads(product: Product, parsed: Parsed) -> tuple[Answer, Span | None]:
    """Whether an option switches reloading on, and which."""
    result: tuple[Answer, Span | None] = (NO, None)
    for given in parsed.given:
        if given.option is None or given.option.name not in product.reloads:
            continue
        on = given.written not in given.option.off and given.option.kind != "off"
        result = (YES, given.span) if on else (NO, None)
    return result


def role_of(step: Step) -> Role:
    """What a step is for, as far as its command tells."""
    role = worker_role(*program_of(step))
    if role is not Role.UNKNOWN:
        return role
    return Role.WEB if product_of(*program_of(step)) is not None else Role.UNKNOWN
