"""Whether anybody writes down which requests a service answered.

Gunicorn, hypercorn and granian keep no access log unless they are asked for one (serving page, 2.2).
"""

from __future__ import annotations

from collections.abc import Iterable

from prodlint.deployment.proxies.dial import Dial, Dialler
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import served_code
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known
from prodlint.finding import Evidence

__all__ = ["unrecorded_requests"]

_PRODUCTS = frozenset({"gunicorn", "hypercorn", "granian"})
_SETTINGS = frozenset({"access_log", "log_config", "logconfig_dict", "logconfig_json", "logger_class", "statsd_host"})
# An app that looks at each request may write it down, and so may what traces it.
_WATCHERS = (
    b"iddleware",
    b"MIDDLEWARE",
    b"after_request",
    b"before_request",
    b"request_started",
    b"request_finished",
    b"teardown",
    b"opentelemetry",
    b"newrelic",
    b"ddtrace",
    b"elasticapm",
    b"logfire",
    b"access_log",
    b"accesslog",
)
_LOOPBACK = ("127.", "localhost", "[::1]", "::1")


def unrecorded_requests(service: Service, dials: Iterable[Dial], repository: Repository) -> tuple[Evidence, ...] | None:
    """The ways on which a service of compose gets requests that nobody writes down; None where somebody may."""
    server = service.server
    if server is None or server.product not in _PRODUCTS:
        return None
    if not service.starts_certainly or not server.options_complete or server.settings.doubt is not None:
        return None
    if server.hooks or _SETTINGS.intersection(server.settings.mentioned) or service.module is None:
        return None
    found = [*dials]
    if not found or any(one.kind is not Dialler.PUBLISHED for one in found):
        return None
    if not all(_is_open(one) for one in found):
        return None
    code = served_code(service, repository)
    if not code.graph.is_complete or code.graph.holding(*_WATCHERS):
        return None
    return tuple(Evidence(one.span, one.note) for one in found)


def _is_open(dial: Dial) -> bool:
    """Whether others than the host itself dial a published port: a proxy of the host writes requests down."""
    address = dial.exposure.address if dial.exposure is not None else None
    if address is None:
        return dial.exposure is not None
    return isinstance(address, Known) and not address.value.startswith(_LOOPBACK)
