"""How a server calls its app: WSGI or ASGI, by its product, its worker class or its own option."""

from __future__ import annotations

import ast

from prodlint.deployment.app import Interface, locate_module
from prodlint.deployment.servers.layers import Context
from prodlint.deployment.servers.server import Server
from prodlint.deployment.value import Known

__all__ = ["interface_of", "worker_interface"]

_DEPTH = 4
_BY_PRODUCT = {
    "daphne": Interface.ASGI,
    "fastapi run": Interface.ASGI,
    "fastapi dev": Interface.ASGI,
    "litestar": Interface.ASGI,
    "quart": Interface.ASGI,
    "waitress": Interface.WSGI,
    "uwsgi": Interface.WSGI,
    "mod_wsgi-express": Interface.WSGI,
    "flask": Interface.WSGI,
    "sanic": Interface.OWN,
    "aiohttp.web": Interface.OWN,
}
_WORKERS = {
    "sync": Interface.WSGI,
    "gthread": Interface.WSGI,
    "gevent": Interface.WSGI,
    "gevent_wsgi": Interface.WSGI,
    "gevent_pywsgi": Interface.WSGI,
    "eventlet": Interface.WSGI,
    "egg:gunicorn#sync": Interface.WSGI,
    "egg:gunicorn#gthread": Interface.WSGI,
    "egg:gunicorn#gevent": Interface.WSGI,
    "egg:meinheld#gunicorn_worker": Interface.WSGI,
    "meinheld.gmeinheld.MeinheldWorker": Interface.WSGI,
    "geventwebsocket.gunicorn.workers.GeventWebSocketWorker": Interface.WSGI,
    "gunicorn.workers.sync.SyncWorker": Interface.WSGI,
    "gunicorn.workers.gthread.ThreadWorker": Interface.WSGI,
    "gunicorn.workers.ggevent.GeventWorker": Interface.WSGI,
    "asgi": Interface.ASGI,
    "uvicorn.workers.UvicornWorker": Interface.ASGI,
    "uvicorn.workers.UvicornH11Worker": Interface.ASGI,
    "uvicorn_worker.UvicornWorker": Interface.ASGI,
    "uvicorn_worker.UvicornH11Worker": Interface.ASGI,
    "tornado": Interface.OWN,
    "aiohttp.GunicornWebWorker": Interface.OWN,
    "aiohttp.GunicornUVLoopWebWorker": Interface.OWN,
    "aiohttp.worker.GunicornWebWorker": Interface.OWN,
    "aiohttp.worker.GunicornUVLoopWebWorker": Interface.OWN,
    "sanic.worker.GunicornWorker": Interface.OWN,
}


def worker_interface(name: str) -> Interface | None:
    """How a worker class of gunicorn calls its app; None for one that is not known."""
    return _WORKERS.get(name)


def _own_worker(context: Context, name: str) -> Interface | None:
    """How a worker class of the repository calls its app: as the class that it extends does."""
    for _ in range(_DEPTH):
        found = worker_interface(name)
        module, _, attribute = name.replace(":", ".").rpartition(".")
        path = locate_module(context.repository, context.roots(), module) if found is None and module else None
        source = context.repository.python(path) if path is not None else None
        bindings = source.bindings(attribute) if source is not None else ()
        node = bindings[-1].node if bindings else None
        if source is None or not isinstance(node, ast.ClassDef) or len(node.bases) != 1:
            return found
        base = node.bases[0]
        name = source.qualified_name(base) or (f"{module}.{base.id}" if isinstance(base, ast.Name) else "")
    return None


def interface_of(server: Server, context: Context) -> Interface | None:
    """How a server calls its app, None when it finds out by itself or it cannot be known."""
    if server.product in _BY_PRODUCT:
        return _BY_PRODUCT[server.product]
    name = {"gunicorn": "worker_class", "uvicorn": "interface", "granian": "interface"}.get(server.product)
    if server.product == "gunicorn" and server.settings["worker_class"].source.origin.startswith("threads of "):
        # Sync or gthread: which of them is all that threads decide.
        return Interface.WSGI
    value = server.settings.value(name) if name is not None else None
    if not isinstance(value, Known):
        return None
    text = str(value.value)
    if server.product == "gunicorn":
        return _own_worker(context, text)
    if server.product == "uvicorn":
        return Interface.WSGI if text == "wsgi" else Interface.ASGI
    return {"asgi": Interface.ASGI, "asginl": Interface.ASGI, "wsgi": Interface.WSGI}.get(text)
