"""A prefix that a proxy takes off every path, and that the FastAPI app behind it does not know.

FastAPI, "Behind a Proxy": its documentation page asks for `root_path + openapi_url`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from prodlint.deployment.environment import Environment
from prodlint.deployment.proxies.passage import Destination, Passage
from prodlint.deployment.served.code import ServedCode
from prodlint.deployment.service import Service
from prodlint.deployment.value import YES, Known
from prodlint.record import Entity
from prodlint.source import Span

if TYPE_CHECKING:
    from prodlint.deployment.route import Routes

__all__ = ["StrippedPrefix", "unknown_prefix"]


class StrippedPrefix(Entity):
    """A location that takes its own path off, and the page that then asks for the schema in the wrong place."""

    prefix: str
    span: Span
    page: str
    schema: str


def unknown_prefix(
    service: Service,
    passages: Iterable[Passage],
    all_passages: Iterable[Passage],
    code_of: Callable[[], ServedCode],
    routes_of: Callable[[], Routes],
) -> StrippedPrefix | None:
    """The one prefix that nginx takes off for a service; None where the app may know it, or has no such page."""
    app, server = service.app, service.server
    if app is None or server is None:
        return None
    if "root_path" in server.settings and not _is_unset(server.settings.value("root_path")):
        return None
    front = [one for one in passages if one.environment is not Environment.DEVELOPMENT]
    found = {one.route.path: (one, end) for one in front for end in one.destinations if end.service is service}
    if len(found) != 1 or any(one.of_platform for one in front):
        return None
    ((path, (passage, end)),) = found.items()
    prefix = path.rstrip("/")
    if not _strips(passage, end) or not prefix:
        return None
    paths = {one.path for one in routes_of().routes if one.span == app.span}
    page, schema = next((one for one in ("/docs", "/redoc") if one in paths), None), "/openapi.json"
    if page is None or schema not in paths or code_of().graph.holding(b"root_path", b"openapi_prefix", b"servers="):
        return None
    beside = [one for one in all_passages if one.proxy is passage.proxy and one is not passage]
    if any(_may_serve(one, schema) for one in beside):
        return None
    return StrippedPrefix(prefix, end.upstream.span, page, schema)


def _is_unset(value: object) -> bool:
    return isinstance(value, Known) and not value.value


def _strips(passage: Passage, end: Destination) -> bool:
    """Whether a location of nginx passes `/prefix/x` on as `/x`."""
    is_prefix = passage.route.modifier in ("", "^~") and passage.route.path.startswith("/")
    return passage.proxy.product == "nginx" and is_prefix and end.upstream.path == "/" and end.certain is YES


def _may_serve(passage: Passage, schema: str) -> bool:
    """Whether another location may be there for the schema."""
    return schema in passage.route.path or "openapi" in passage.route.path or passage.route.modifier in ("~", "~*")
