"""Which server a step starts, and what it is told to serve.

Grammars and defaults: the catalogue's serving page, 2.2 (gunicorn 27.0.1, uvicorn 0.54.0,
hypercorn 0.18.0, daphne 4.2.3, granian 2.8.7, waitress 3.0.2, uWSGI 2.0.31, Flask 3.1.3,
fastapi-cli 0.0.34, Django 5.2).
"""

from __future__ import annotations

import re
from dataclasses import field

from prodlint.deployment.command import Step
from prodlint.deployment.condition import from_outside, word_value
from prodlint.deployment.process import Role
from prodlint.deployment.value import NO, YES, Answer, Unknown, Value
from prodlint.record import record
from prodlint.source import Span
from prodlint.syntax.word import Word

__all__ = ["Product", "Program", "Server", "program_of", "python_arguments", "role_of", "server_of"]


@record
class Product:
    """A server or tool by name: what installs it, how its options are read."""

    name: str
    distribution: str | None
    development: bool = False
    owner: str = ""
    flags: frozenset[str] = frozenset()
    short_values: str = ""
    reload: frozenset[str] = frozenset()
    default_attribute: str | None = None


def _product(
    name: str,
    distribution: str | None,
    flags: str = "",
    *,
    short: str = "",
    reload: str = "--reload",
    development: bool = False,
    owner: str = "",
    attribute: str | None = None,
) -> Product:
    return Product(
        name, distribution, development, owner, frozenset(flags.split()), short, frozenset(reload.split()), attribute
    )


_PRODUCTS = {
    product.name: product
    for product in (
        _product(
            "gunicorn",
            "gunicorn",
            "--reload --spew --check-config --print-config --preload --no-sendfile --reuse-port -D --daemon "
            "--initgroups --disable-redirect-access-to-syslog --capture-output --log-syslog -R "
            "--enable-stdio-inheritance "
            "--enable-backlog-metric --suppress-ragged-eofs --do-handshake-on-connect --permit-obsolete-folding "
            "--strip-header-spaces --permit-unconventional-http-method --permit-unconventional-http-version "
            "--casefold-http-method --no-control-socket -h -v --help --version",
            short="bwktcnugmpe",
            attribute="application",
        ),
        _product(
            "uvicorn",
            "uvicorn",
            "--reload --access-log --no-access-log --use-colors --no-use-colors --proxy-headers --no-proxy-headers "
            "--server-header --no-server-header --date-header --no-date-header --reset-contextvars --factory --http2 "
            "--version --help",
        ),
        _product("hypercorn", "hypercorn", "--reload -D --daemon --debug -h --help", short="bwkcg", attribute="app"),
        _product("daphne", "daphne", "--proxy-headers --no-server-name -h --help", short="bpuetvw"),
        _product(
            "granian",
            "granian",
            "--ws --no-ws --log --no-log --access-log --no-access-log --reload --no-reload --factory --no-factory "
            "--respawn-failed-workers --no-respawn-failed-workers --http1-keep-alive --no-http1-keep-alive --metrics "
            "--no-metrics --help --version",
            attribute="app",
        ),
        _product(
            "waitress",
            "waitress",
            "--call --ipv4 --no-ipv4 --ipv6 --no-ipv6 --expose-tracebacks --no-expose-tracebacks --log-socket-errors "
            "--no-log-socket-errors --asyncore-use-poll --help",
        ),
        _product("uwsgi", "uwsgi", "--master -M --enable-threads --die-on-term --vacuum --need-app", short="swpdH"),
        _product("mod_wsgi-express", "mod-wsgi", "--reload-on-changes", reload="--reload-on-changes"),
        _product("flask", "flask", development=True, owner="Flask"),
        _product("runserver", "django", development=True, owner="Django"),
        _product("fastapi dev", "fastapi-cli", development=True, owner="FastAPI"),
        _product("fastapi run", "fastapi-cli", "--reload --no-reload --proxy-headers --no-proxy-headers"),
        _product("quart", "quart", development=True, owner="Quart"),
        _product("litestar", "litestar", "--reload --debug --pdb", reload="--reload --debug"),
        _product(
            "sanic",
            "sanic",
            "--fast --dev --debug --single-process --factory -d -r",
            reload="--dev --debug -d -r --reload",
        ),
        _product("aiohttp.web", "aiohttp", development=True, owner="aiohttp"),
        _product("http.server", None, development=True, owner="Python"),
        _product("chalice local", "chalice", development=True, owner="Chalice"),
        _product("sam local", None, development=True, owner="SAM"),
        _product("func start", None, development=True, owner="Azure Functions"),
        _product("functions-framework", "functions-framework"),
    )
}
_CONSOLE = {"waitress-serve": "waitress", "pyuwsgi": "uwsgi", "uwsgi": "uwsgi"}
_MODULES = {"waitress": "waitress", "aiohttp.web": "aiohttp.web", "http.server": "http.server"}
_RUNSERVERS = ("runserver", "runserver_plus", "testserver", "devserver")
_WORKERS = frozenset(
    "celery rq rqworker dramatiq huey_consumer huey_consumer.py arq taskiq faust procrastinate saq".split()
)
_WORKER_COMMANDS = frozenset(
    "runworker qcluster process_tasks rundramatiq celery rqworker rqscheduler db_worker run_huey".split()
)


@record
class Program:
    """A Python program started by a step: a file, a module or nothing of the two."""

    file: Word | None = None
    module: str | None = None
    arguments: tuple[Word, ...] = ()
    span: Span | None = None


@record
class Server:
    """The server that a process starts.

    `target` is what it serves, as written (`shop.wsgi:application`). `reload` answers whether it
    restarts on every change of a file. `in_code` is set when a Python script starts the server
    itself; then `span` is that call.
    """

    product: str
    span: Span
    distribution: str | None = None
    is_development: Answer = NO
    owner: str = ""
    target: Value[str] = field(default_factory=lambda: Unknown("the command names no app"))
    reload: Answer = NO
    reload_span: Span | None = None
    options: tuple[tuple[str, Word | None], ...] = ()
    attribute: str | None = None
    in_code: bool = False

    def option(self, *names: str) -> Word | None:
        """The last value given for an option, by any of its names."""
        values = [value for name, value in self.options if name in names]
        return values[-1] if values else None


def python_arguments(step: Step) -> Program | None:
    """What a `python …` step runs: a file or a module, with the arguments behind it."""
    if not re.fullmatch(r"(python|pypy)[\d.]*", step.program):
        return None
    words = step.argv[1:]
    index = 0
    while index < len(words):
        value = words[index].literal
        if value is None:
            return Program()
        if value == "-m":
            module = words[index + 1].literal if index + 1 < len(words) else None
            return Program(module=module, arguments=words[index + 2 :], span=words[index].span)
        if value == "-c":
            return Program()
        if not value.startswith("-"):
            return Program(file=words[index], arguments=words[index + 1 :], span=words[index].span)
        index += 2 if value in ("-W", "-X") else 1
    return Program()


def program_of(step: Step) -> tuple[str, tuple[Word, ...]]:
    """The tool that a step runs and its arguments.

    `python -m gunicorn …` is gunicorn, `python manage.py …` is django-admin.
    """
    python = python_arguments(step)
    if python is not None:
        if python.module is not None:
            module = {"django": "django-admin"}.get(python.module, python.module)
            return module, python.arguments
        name = (python.file.literal or "") if python.file else ""
        if name.rpartition("/")[2] == "manage.py":
            return "django-admin", python.arguments
        return "python", step.argv[1:]
    if step.program in ("manage.py", "django-admin", "django-admin.py"):
        return "django-admin", step.argv[1:]
    return step.program, step.argv[1:]


def server_of(step: Step) -> Server | None:
    """The server that a step starts by its command line, None when it starts none that is known."""
    tool, words = program_of(step)
    first = next((word.literal or "" for word in words if not (word.literal or "-").startswith("-")), "")
    reloads = YES if set(step.layers) & {"watchmedo", "watchfiles", "nodemon", "hupper"} else NO
    span = step.span
    if tool == "django-admin":
        if first in _RUNSERVERS:
            return _server(_PRODUCTS["runserver"], span, reload=reloads)
        return None
    if tool == "flask":
        return _flask(words, span, reloads)
    for product, subcommand in (("fastapi dev", "dev"), ("fastapi run", "run")):
        if tool == "fastapi" and first == subcommand:
            return _fastapi(_PRODUCTS[product], words, span, reloads)
    if tool in ("quart", "litestar", "chalice", "sam", "func"):
        return _subcommand(tool, first, words, span, reloads)
    name = _CONSOLE.get(tool) or _MODULES.get(tool) or tool
    product_ = _PRODUCTS.get(name)
    if product_ is None or name in ("flask", "runserver", "quart", "litestar") or " " in name:
        return None
    return _parsed(product_, words, span, reloads)


def _server(product: Product, span: Span, *, reload: Answer = NO, target: Value[str] | None = None) -> Server:
    return Server(
        product=product.name,
        span=span,
        distribution=product.distribution,
        is_development=YES if product.development else NO,
        owner=product.owner,
        target=Unknown("the command names no app", span) if target is None else target,
        reload=reload,
        attribute=product.default_attribute,
    )


def _subcommand(tool: str, first: str, words: tuple[Word, ...], span: Span, reload: Answer) -> Server | None:
    wanted = {"quart": "run", "litestar": "run", "chalice": "local", "sam": "local", "func": "start"}[tool]
    if first != wanted:
        return None
    product = _PRODUCTS.get(tool) or _PRODUCTS[f"{tool} {wanted}"]
    return _parsed(product, words[1:], span, reload)


def _flask(words: tuple[Word, ...], span: Span, reload: Answer) -> Server | None:
    target: Value[str] | None = None
    index = 0
    while index < len(words):
        value = words[index].literal or ""
        if value in ("-A", "--app") and index + 1 < len(words):
            target = word_value(words[index + 1], from_outside)
            index += 2
        elif value in ("-e", "--env-file"):
            index += 2
        elif value.startswith("-"):
            index += 1
        else:
            break
    if index >= len(words) or words[index].literal != "run":
        return None
    return _server(_PRODUCTS["flask"], span, reload=reload, target=target)


def _fastapi(product: Product, words: tuple[Word, ...], span: Span, reload: Answer) -> Server:
    return _parsed(product, words[1:], span, reload)


def _parsed(product: Product, words: tuple[Word, ...], span: Span, reload: Answer) -> Server:
    """Options and the app of a server that is written `server [options] target`."""
    options: list[tuple[str, Word | None]] = []
    target: Value[str] | None = None
    reload_span: Span | None = None
    index = 0
    while index < len(words):
        word = words[index]
        value = word.literal
        shown = value if value is not None else word.written
        if shown.startswith("--"):
            name, equals, _ = shown.partition("=")
            if name in product.reload and not equals:
                reload, reload_span = YES, word.span
            if equals or name in product.flags:
                options.append((name, word if equals else None))
                index += 1
            else:
                options.append((name, words[index + 1] if index + 1 < len(words) else None))
                index += 2
        elif shown.startswith("-") and len(shown) > 1:
            if shown in product.reload:
                reload, reload_span = YES, word.span
            takes = shown not in product.flags and (len(shown) == 2 and (shown[1] in product.short_values))
            options.append((shown[:2], words[index + 1] if takes and index + 1 < len(words) else word))
            index += 2 if takes else 1
        else:
            if target is None:
                target = word_value(word, from_outside)
            index += 1
    return Server(
        product=product.name,
        span=span,
        distribution=product.distribution,
        is_development=YES if product.development else NO,
        owner=product.owner,
        target=Unknown("the command names no app", span) if target is None else target,
        reload=reload,
        reload_span=reload_span,
        options=tuple(options),
        attribute=product.default_attribute,
    )


def role_of(step: Step) -> Role:
    """What a step is for, as far as its command tells."""
    tool, words = program_of(step)
    first = next((word.literal or "" for word in words if not (word.literal or "-").startswith("-")), "")
    if tool in _WORKERS:
        return Role.WORKER
    if tool == "django-admin" and first in _WORKER_COMMANDS:
        return Role.WORKER
    if server_of(step) is not None:
        return Role.WEB
    return Role.UNKNOWN
