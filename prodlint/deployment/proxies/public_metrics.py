"""The numbers that an app shows for Prometheus, and the proxy that shows them to everybody."""

from __future__ import annotations

from collections.abc import Iterable

from prodlint.deployment.environment import Environment
from prodlint.deployment.proxies.passage import Destination, Passage
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCall, ServedCode, served_code
from prodlint.deployment.service import Service
from prodlint.deployment.value import YES, Known
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["PublicMetrics", "public_metrics"]

_NEEDLES = (b"prometheus",)
_EXPOSE = frozenset(
    f"prometheus_fastapi_instrumentator.Instrumentator{between}.expose" for between in ("", ".instrument", ".add")
)
_FLASK = frozenset(
    f"prometheus_flask_exporter.{name}" for name in ("PrometheusMetrics", "multiprocess.GunicornPrometheusMetrics")
)
_MOUNT = frozenset(f"{app}.mount" for app in ("fastapi.FastAPI", "starlette.applications.Starlette"))
_SHOWN = frozenset({"prometheus_client.make_asgi_app", "prometheus_client.make_wsgi_app"})
# Whoever closes a path does it in the file of the proxy, or with a login in front of everything.
_CLOSING = (*b"metrics auth_ auth- middleware deny basicauth basic_auth forward_auth whitelist".split(), b"allow ")


class PublicMetrics(Record):
    """Where an app shows its metrics, under which path, and the route of a proxy that passes it on."""

    span: Span
    path: str
    passage: Span
    proxy: str


def public_metrics(service: Service, passages: Iterable[Passage], repository: Repository) -> PublicMetrics | None:
    """The metrics of a service that a proxy of production shows to everybody."""
    if service.step is None:
        return None
    code = served_code(service, repository)
    shown = _shown(code) if code.graph.holding(*_NEEDLES) else None
    if shown is None:
        return None
    span, path = shown
    for passage in passages:
        proxy = passage.proxy
        if passage.of_platform or not proxy.complete or not proxy.listens:
            continue
        if passage.environment is not Environment.PRODUCTION:
            continue
        fits = passage.route.modifier in ("", "^~") and path.startswith(passage.route.path)
        certain = any(one.service is service and _keeps_path(one) for one in passage.destinations)
        data = repository.data(passage.span.path) or b""
        if fits and certain and len(passage.destinations) == 1 and not any(one in data for one in _CLOSING):
            return PublicMetrics(span, path, passage.span, proxy.product)
    return None


def _keeps_path(destination: Destination) -> bool:
    return destination.certain is YES and destination.upstream.path in (None, "", "/")


def _shown(code: ServedCode) -> tuple[Span, str] | None:
    for call in code.calls_on_import(_NEEDLES, _EXPOSE):
        closed = call.argument("dependencies") is not None or call.passes_more
        path = _path(call, "endpoint", 2)
        if path is not None and not closed and not call.is_conditional:
            return call.span, path
    for call in code.calls_on_import(_NEEDLES, _FLASK):
        path = _path(call, "path", 1)
        if path is not None and call.argument("metrics_decorator") is None and not call.is_conditional:
            return call.span, path
    for call in code.calls_on_import((b".mount(",), _MOUNT):
        path = _path(call, "path", 0)
        made = call.made_by("app", 1)
        makers = {one.span for one in code.calls_on_import(_NEEDLES, _SHOWN)}
        if path is not None and made in makers and not call.is_conditional:
            return call.span, path
    return None


def _path(call: ServedCall, keyword: str, position: int) -> str | None:
    given = call.argument(keyword, position)
    if given is None:
        return "/metrics"
    return given.value if isinstance(given, Known) and isinstance(given.value, str) else None
