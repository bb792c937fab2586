"""What the platform of a service is told: replicas, ports, probes, schedule, and whether a probe finds its route."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prodlint.deployment.process import HOST, Exposure, PlatformSetting, Probe, Process
from prodlint.deployment.repository import Repository
from prodlint.deployment.route import Route, Routes
from prodlint.deployment.service import Service
from prodlint.deployment.telemetry.health_route import is_written
from prodlint.deployment.value import NO, YES, Bounded, EnvDriven, Known, Unknown, Value
from prodlint.map.document import Fact, Source, State
from prodlint.map.value_text import bounded_text, when_set

__all__ = ["contract_facts", "published", "route_fact"]

_SHOWN_ROUTES = 6
_SHOWN_UNREAD = 2


def contract_facts(service: Service, routes: Routes, repository: Repository) -> Iterator[Fact]:
    """Only what the file says: a platform's defaults are not repeated."""
    process = service.process
    if process.replicas is not None:
        yield _replicas(process.replicas)
    ports = [(_exposed(one), one.span) for one in process.exposures]
    told = {_shown(one.target) for one in process.exposures}
    ports += [(_shown(port.number), port.span) for port in process.ports if _shown(port.number) not in told]
    if ports:
        text = ", ".join(dict.fromkeys(text for text, _ in ports))
        yield Fact("ports", text, State.ENVIRONMENT if "$" in text else State.KNOWN, ports[0][1])
    for probe in process.probes:
        yield _probe(probe, routes, lambda path: is_written(path, service, repository))
    if process.schedule is not None:
        yield Fact("schedule", _shown(process.schedule), span=process.schedule.span)
    if process.events:
        shown = list(dict.fromkeys(_event(one) for one in process.events))
        more = f" and {len(shown) - _SHOWN_ROUTES} more" if len(shown) > _SHOWN_ROUTES else ""
        yield Fact("events", f"{', '.join(shown[:_SHOWN_ROUTES])}{more}", span=process.events[0].span)


def _replicas(value: Value[int]) -> Fact:
    if isinstance(value, Bounded):
        return Fact("replicas", bounded_text(value), State.ENVIRONMENT, value.span)
    return Fact("replicas", _shown(value), span=value.span)


def _probe(probe: Probe, routes: Routes, answers_itself: Callable[[str], bool]) -> Fact:
    port = f":{_shown(probe.port)}" if probe.port is not None else ""
    if probe.path is None:
        asked = probe.command.written if probe.command is not None else f"a connection{port}"
        return Fact(probe.kind.value, asked, span=probe.span)
    # Where the platform asks over TLS, plain HTTP at that port is no answer.
    scheme = "https://" if probe.scheme.lower() == "https" else ""
    text = f"GET {scheme}{port}{_shown(probe.path)}"
    found, route = routes.answering(probe.path.value) if isinstance(probe.path, Known) else (None, None)
    if found is YES and route is not None:
        return Fact(probe.kind.value, text, span=probe.span, sources=(Source(route.path, route.span, "answers it"),))
    if found is NO and isinstance(probe.path, Known) and not answers_itself(probe.path.value):
        text += ", which no route answers"
    return Fact(probe.kind.value, text, span=probe.span)


def published(process: Process) -> str:
    """The ports of the host that lead to a process, as people write them."""
    return ", ".join(dict.fromkeys(_exposed(one) for one in process.exposures))


def _event(event: PlatformSetting) -> str:
    """`GET /orders`, `sqs jobs`."""
    shown = "" if isinstance(event.value, Unknown) else _shown(event.value)
    return shown if event.name in ("http", "httpApi") and shown else f"{event.name} {shown}".strip()


def _exposed(exposure: Exposure) -> str:
    both = _both_sides(exposure)
    if both is not None:
        return both
    outside = _brief(exposure.port) if exposure.port is not None else exposure.owner
    if exposure.owner != HOST:
        outside = outside if exposure.port is None else f"{outside} of {exposure.owner}"
    address, port = exposure.address, exposure.port
    if isinstance(address, EnvDriven) and address.form is None and isinstance(port, EnvDriven):
        # One variable holds both.
        host = _bracketed(address.default or "")
        if host and port.name == address.name and port.default is not None:
            outside = f"${{{port.name}:-{host}:{port.default}}}"
    elif address is not None:
        outside = f"{_host(address)}:{outside}"
    return f"{outside} → {_brief(exposure.target)}"


def _both_sides(exposure: Exposure) -> str | None:
    """`${PORT:-443:443}`: one variable holds the ports of the host and of the container."""
    port, target = exposure.port, exposure.target
    if not isinstance(port, EnvDriven) or not isinstance(target, EnvDriven) or port.form is not None:
        return None
    return f"${{{port.name}:-{port.default}:{target.default}}}" if port.name == target.name else None


def _host(address: Value[str]) -> str:
    if isinstance(address, Known):
        return _bracketed(address.value)
    if isinstance(address, Unknown):
        return "?"
    if address.default is None or not address.is_variable:
        return when_set(address)
    return f"${{{address.name}:-{_bracketed(address.default) or '0.0.0.0'}}}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _brief(port: Value[int]) -> str:
    if isinstance(port, EnvDriven) and port.is_variable and port.default is not None:
        return f"${{{port.name}:-{port.default}}}"
    return _shown(port)


def route_fact(routes: Routes) -> Fact | None:
    """How many routes the app has, the first of them, and what could not be read; None where there are none at all."""
    unread = _unread(routes)
    if not routes.routes:
        place = routes.unread[0].span if routes.unread else None
        sources = _unread_sources(routes)
        return Fact("routes", f"not read: {unread}", State.UNKNOWN, place, sources) if unread else None
    # What answers everything says most, wherever it is registered.
    first = sorted(routes.routes, key=lambda route: not (route.prefix and route.path == "/"))
    paths = list(dict.fromkeys(_told(route) for route in first))
    more = f" and {len(paths) - _SHOWN_ROUTES} more" if len(paths) > _SHOWN_ROUTES else ""
    moved = f", unless {' or '.join(f'${name}' for name in routes.moved_by[:2])} is set" if routes.moved_by else ""
    text = f"{', '.join(paths[:_SHOWN_ROUTES])}{more}{moved}{f'; not read: {unread}' if unread else ''}"
    sources = tuple(Source(route.shown, route.span, _asked_how(route)) for route in first)
    sources += _unread_sources(routes)
    return Fact("routes", text, span=first[0].span, sources=sources)


def _told(route: Route) -> str:
    """Its path, and what of it is not certain."""
    said = [word for word, holds in (("files", route.files), ("perhaps", route.perhaps)) if holds]
    return f"{route.shown} ({', '.join(said)})" if said else route.shown


def _asked_how(route: Route) -> str:
    methods = ", ".join(sorted(route.methods)) or "any method"
    methods += ", the files of a folder" if route.files else ""
    return f"{methods}, perhaps: a condition decides it" if route.perhaps else methods


def _unread_sources(routes: Routes) -> tuple[Source, ...]:
    """All that the line counts with `and 6 more`."""
    return tuple(Source("", one.span, f"not read: {one.note}") for one in dict.fromkeys(routes.unread))


def _unread(routes: Routes) -> str:
    """What is not read: the places that somebody has to look at."""
    told = list(dict.fromkeys(f"{one.note} ({one.span})" if one.span.path else one.note for one in routes.unread))
    more = f" and {len(told) - _SHOWN_UNREAD} more" if len(told) > _SHOWN_UNREAD else ""
    return f"{', '.join(told[:_SHOWN_UNREAD])}{more}"


def _shown(value: Value[int] | Value[str]) -> str:
    if isinstance(value, Known):
        return str(value.value)
    if isinstance(value, EnvDriven):
        is_all = value.form is None or value.default is None
        return when_set(value) if is_all else f"{when_set(value)} (else {value.default})"
    assert isinstance(value, Unknown)
    return f"? ({value.reason})"
