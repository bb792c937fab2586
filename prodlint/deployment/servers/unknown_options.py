"""Options that people give to a server which has them not, in any version, and what the server calls it instead.

Measured with gunicorn 27.0.1, uvicorn 0.54.0, Hypercorn 0.18.0 and daphne 4.2.3: each ends with status 2. A long
option of gunicorn may be cut short, but not so far that it could be two.
"""

from __future__ import annotations

from prodlint.deployment.servers.server import Server
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["UnknownOption", "unknown_options"]

_INSTEAD = {
    "gunicorn": "--host=--bind --port=--bind --worker=--workers --log_level=--log-level --access-log=--access-logfile "
    "--worker_class=--worker-class --keepalive=--keep-alive --graceful-shutdown=--graceful-timeout --factory= "
    "--app-dir=--chdir --proxy-headers=--forwarded-allow-ips --timeout-keep-alive=--keep-alive "
    "--max_requests=--max-requests --lifespan= --interface= --loop= --ws=",
    "uvicorn": "--bind=--host -b=--host -w=--workers --threads= -t= --timeout=--timeout-keep-alive "
    "--max-requests=--limit-max-requests -k= --worker-class= --preload= --chdir=--app-dir -c= --config= "
    "--graceful-timeout=--timeout-graceful-shutdown --keep-alive=--timeout-keep-alive "
    "--keepalive=--timeout-keep-alive --worker=--workers --log_level=--log-level --app_dir=--app-dir "
    "--proxy_headers=--proxy-headers -h=--host -p=--port --root_path=--root-path --certfile=--ssl-certfile "
    "--keyfile=--ssl-keyfile --access-logfile=--log-config --daemon=",
    "hypercorn": "--host=--bind --port=--bind",
    "daphne": "--host=--bind --workers= -w= --reload=",
}
_TABLES = {
    product: {name: instead for name, _, instead in (pair.partition("=") for pair in pairs.split())}
    for product, pairs in _INSTEAD.items()
}


class UnknownOption(Record):
    """An option that a server does not have; `instead` is its own for what was meant, empty where it has none."""

    name: str
    instead: str
    span: Span


def unknown_options(server: Server) -> tuple[UnknownOption, ...]:
    """The options of a command that its server certainly does not know."""
    table = _TABLES.get(server.product, {})
    return tuple(
        UnknownOption(given.written, table[given.written], given.span)
        for given in server.parsed.given
        if given.option is None and given.written in table
    )
