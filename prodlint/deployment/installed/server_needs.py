"""What a server needs beside its own package for what it is told: worker classes, event loops, parsers of files.

Measured with gunicorn 27.0.1 and uvicorn 0.54.0 (serving page, 3.1): each ends at the start when it is not there.
"""

from __future__ import annotations

from prodlint.deployment.app import Interface
from prodlint.deployment.installed.module_presence import presence_of
from prodlint.deployment.packages.carriers import carried_by
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import served_code
from prodlint.deployment.servers.versions import is_since, serving_distribution
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, YES, Known
from prodlint.finding import Evidence
from prodlint.record import Record, replace
from prodlint.source import Span

__all__ = ["Need", "async_need_of", "option_needs_of", "worker_need_of"]

_WORKERS = {
    "gevent": "gevent",
    "gevent_wsgi": "gevent",
    "gevent_pywsgi": "gevent",
    "egg:gunicorn#gevent": "gevent",
    "gunicorn.workers.ggevent.GeventWorker": "gevent",
    "eventlet": "eventlet",
    "egg:gunicorn#eventlet": "eventlet",
    "tornado": "tornado",
    "egg:gunicorn#tornado": "tornado",
    "uvicorn": "uvicorn",
    "uvicorn_worker": "uvicorn-worker",
    "aiohttp": "aiohttp",
    "geventwebsocket": "gevent-websocket",
    "meinheld": "meinheld",
    "egg:meinheld#gunicorn_worker": "meinheld",
}
# These bring a server without its extras.
_PLAIN = frozenset({"uvicorn-worker"})
_OPTIONS = {
    ("uvicorn", "loop", "uvloop"): "uvloop",
    ("uvicorn", "http", "httptools"): "httptools",
    ("uvicorn", "ws", "websockets"): "websockets",
    ("uvicorn", "ws", "websockets-sansio"): "websockets",
    ("uvicorn", "ws", "wsproto"): "wsproto",
    ("hypercorn", "worker_class", "uvloop"): "uvloop",
    ("hypercorn", "worker_class", "trio"): "trio",
}
# What `uvicorn[standard]` brings.
_STANDARD = frozenset("uvloop httptools websockets python-dotenv pyyaml".split())
# So many packages depend on these that only a lock tells whether they are there.
_COMMON = frozenset("pyyaml python-dotenv websockets aiohttp tornado trio wsproto".split())
# Gunicorn's own worker classes by version (by the content of its wheels).
_GUNICORN = (
    ("eventlet", "26.0.0", YES, "gunicorn has no eventlet worker since version 26", "use `-k gthread` or `-k gevent`"),
    ("asgi", "24.0.0", NO, "gunicorn has an asgi worker since version 24", "update gunicorn, or use uvicorn's worker"),
)


class Need(Record):
    """Something that a server is told to use and cannot: what, the place that says so, why, and what to do.

    `distribution` is the package that would bring it, None where none does; `extra` the package that the service
    installs already, and the extra of it that brings it, too.
    """

    what: str
    span: Span
    why: str
    advice: str
    distribution: str | None = None
    extra: tuple[str, str] | None = None
    evidence: tuple[Evidence, ...] = ()


def worker_need_of(service: Service, repository: Repository) -> Need | None:
    """The worker class that gunicorn is told to use and certainly cannot load."""
    server = service.server
    if server is None or server.product != "gunicorn" or "worker_class" not in server.settings:
        return None
    value = server.settings.value("worker_class")
    if not isinstance(value, Known) or not isinstance(value.value, str):
        return None
    name, span = value.value, value.span if value.span.path else server.span
    for worker, version, since, why, advice in _GUNICORN:
        if name == worker and is_since(service.installs, "gunicorn", version) is since:
            held = [one.span for install in service.installs for one in install.dependencies if one.name == "gunicorn"]
            evidence = tuple(Evidence(one, "decides the version of gunicorn") for one in held[:1])
            return Need(f"the worker class {name}", span, why, advice, evidence=evidence)
    package = _WORKERS.get(name) or _WORKERS.get(name.partition(".")[0])
    if package is not None:
        return _missing(service, package, f"the worker class {name}", span)
    module = name.rpartition(".")[0]
    presence = presence_of(service, module, repository) if module else None
    if presence is None or presence.found is not NO:
        return None
    evidence = tuple(Evidence(one, "a module of that name lies here") for one in presence.elsewhere)
    why = f"{module} is not in {presence.shown_folders}"
    return Need(f"the worker class {name}", span, why, "name a module that is there", evidence=evidence)


def async_need_of(service: Service, repository: Repository) -> Need | None:
    """The coroutine that Flask is to call for requests without the package that it does so with."""
    app, server = service.app, service.server
    if app is None or app.framework != "Flask" or server is None or server.interface is not Interface.WSGI:
        return None
    if service.installs_distribution("asgiref") is not NO:
        return None
    code = served_code(service, repository)
    if code.holding(b"ensure_sync", b"async_to_sync"):
        # The app runs coroutines in a way of its own.
        return None
    handler = next(code.coroutine_handlers("Flask"), None)
    need = (
        None if handler is None else _missing(service, "asgiref", handler.function.name, handler.function.span, "flask")
    )
    if need is None or handler is None:
        return None
    imports = code.chain(handler.function.path) or ()
    return replace(need, extra=("flask", "async"), advice="install `flask[async]`", evidence=(*imports, *need.evidence))


def option_needs_of(service: Service) -> tuple[Need, ...]:
    """The options of a service's server whose package is certainly not installed."""
    server = service.server
    found: list[Need | None] = []
    for name in server.settings.mentioned if server is not None else ():
        value = server.settings.value(name) if server is not None else None
        if server is None or not isinstance(value, Known) or not isinstance(value.value, str):
            continue
        text = value.value
        package = _OPTIONS.get((server.product, name, text))
        if server.product == "uvicorn" and name == "env_file" and text:
            package = "python-dotenv"
        elif server.product == "uvicorn" and name == "log_config" and text.endswith((".yaml", ".yml")):
            package = "pyyaml"
        if package is not None:
            span = value.span if value.span.path else server.span
            need = _missing(service, package, f"`--{name.replace('_', '-')} {text}`", span)
            if need is not None and server.product == "uvicorn" and package in _STANDARD:
                need = replace(need, extra=("uvicorn", "standard"), advice="install `uvicorn[standard]`")
            found.append(need)
    return tuple(one for one in found if one is not None)


def _missing(service: Service, package: str, what: str, span: Span, product: str = "") -> Need | None:
    if service.installs_distribution(package) is not NO:
        return None
    if package in _COMMON and not _is_whole(service):
        return None
    server = service.server
    product = product or (serving_distribution(server) if server is not None else None) or ""
    asked = [one for install in service.installs for one in install.dependencies if one.name == product]
    others = [one for install in service.installs for one in install.dependencies if product in carried_by(one)]
    if not asked or (not _is_whole(service) and any(one.name not in _PLAIN for one in others)):
        # What brings the server may bring it with all that it can use.
        return None
    return Need(
        what,
        span,
        f"nothing that this service installs brings {package}",
        f"add {package} to {service.install_source}",
        package,
        evidence=tuple(
            Evidence(one.span, f"asks for {one.written}, which does not bring {package}") for one in asked[:1]
        ),
    )


def _is_whole(service: Service) -> bool:
    """Whether locks or compiled files name everything that is installed, what others depend on among it."""
    return bool(service.installs) and all(
        one.installed is not None or (bool(one.files) and all(file.compiled for file in one.files))
        for one in service.installs
    )
