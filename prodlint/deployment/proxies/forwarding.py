"""Whose `X-Forwarded-*` headers a server believes, and what it takes from them.

Measured (tests/rules/test_real_network.py): uvicorn takes scheme and client from peers that it trusts, gunicorn's
own workers the scheme alone; hypercorn, daphne, granian and waitress take nothing unless they are told to.
Source: the catalogue's serving page, 3.5.
"""

from __future__ import annotations

from enum import Enum

from prodlint.deployment.servers.server import Server
from prodlint.deployment.value import EnvDriven, Known, Value
from prodlint.record import Entity
from prodlint.source import Span

__all__ = ["Forwarding", "Trust", "forwarding_of"]

_OF_UVICORN = frozenset({"uvicorn", "fastapi run", "fastapi dev"})
_OF_GUNICORN = frozenset({"sync", "gthread", "gevent", "eventlet"})
_READS_NOTHING = frozenset({"hypercorn", "granian"})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", "[::1]", "127.0.0.0/8"})


class Trust(Enum):
    """Whose headers are believed."""

    NOBODY = "nobody"
    LOOPBACK = "programs of its own machine"
    SOME = "some addresses"
    EVERYONE = "everyone"


class Forwarding(Entity):
    """Whose headers a server believes, where that is decided, and whether it takes the client's address from them."""

    trust: Trust
    span: Span
    takes_client: bool
    is_default: bool = False


def forwarding_of(server: Server) -> Forwarding | None:
    """Whose headers a server believes; None where that is not known, or where the server has no say."""
    settings = server.settings
    if server.product in _OF_UVICORN:
        reads = settings.value("proxy_headers") if "proxy_headers" in settings else None
        if reads is not None and not isinstance(reads, Known):
            return None
        if isinstance(reads, Known) and not reads.value:
            return Forwarding(Trust.NOBODY, settings["proxy_headers"].source.span, True)
        return _trusting(server, "forwarded_allow_ips", True)
    if server.product == "gunicorn":
        kind = _text(settings.value("worker_class"))
        if kind is not None and "uvicorn" in kind.lower():
            return _trusting(server, "forwarded_allow_ips", True)
        return _trusting(server, "forwarded_allow_ips", False) if kind in _OF_GUNICORN else None
    if server.product in _READS_NOTHING:
        return Forwarding(Trust.NOBODY, server.span, False, True)
    if server.product == "daphne":
        reads = settings.value("proxy_headers")
        if not isinstance(reads, Known):
            return None
        source = settings["proxy_headers"].source
        return Forwarding(Trust.EVERYONE if reads.value else Trust.NOBODY, source.span, bool(reads.value))
    return _of_waitress(server) if server.product == "waitress" else None


def _of_waitress(server: Server) -> Forwarding | None:
    proxy = server.settings.value("forwarded_allow_ips")
    if not isinstance(proxy, Known):
        return None
    source = server.settings["forwarded_allow_ips"].source
    if proxy.value is None:
        return Forwarding(Trust.NOBODY, source.span, False, True)
    names = server.settings.value("proxy_headers")
    taken = str(names.value).lower() if isinstance(names, Known) else ""
    return Forwarding(_trust(str(proxy.value)), source.span, "x-forwarded-for" in taken)


def _trusting(server: Server, name: str, takes_client: bool) -> Forwarding | None:
    setting = server.settings.get(name)
    if setting is None or server.settings.doubt is not None:
        return None
    source = setting.source
    if source.origin.startswith("default of "):
        # Versions differ in whether ::1 is one of them.
        return Forwarding(Trust.LOOPBACK, server.span, takes_client, True)
    value = setting.value
    if not isinstance(value, Known):
        return None
    held = value.value
    if held is None:
        return Forwarding(Trust.LOOPBACK, server.span, takes_client, True)
    text = ",".join(str(one) for one in held) if isinstance(held, tuple | list) else str(held)
    return Forwarding(_trust(text), source.span, takes_client)


def _trust(text: str) -> Trust:
    names = {one.strip() for one in text.split(",") if one.strip()}
    if not names:
        return Trust.NOBODY
    if names & {"*", "0.0.0.0/0"}:
        return Trust.EVERYONE
    return Trust.LOOPBACK if names <= _LOOPBACK else Trust.SOME


def _text(value: Value[object]) -> str | None:
    held = value.value if isinstance(value, Known) else value.default if isinstance(value, EnvDriven) else None
    return held if isinstance(held, str) else None
