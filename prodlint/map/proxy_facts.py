"""What a map says of proxies: where each listens and for whom, and where each of its routes leads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prodlint.deployment.environment import Environment
from prodlint.deployment.model import Deployment
from prodlint.deployment.network import Listen, Proxy, ProxyRoute
from prodlint.deployment.proxies.passage import Destination, Holder, Passage
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, EnvDriven, Known, Value
from prodlint.map.document import Fact, MappedDestination, MappedProxy, MappedRoute, Source, State
from prodlint.record import replace

__all__ = ["mapped_proxies", "proxies_fact"]

_SHOWN = 6
_USUAL_PORTS = (80, 443)


def mapped_proxies(deployment: Deployment, shown: tuple[Environment, ...]) -> Iterator[MappedProxy]:
    """The proxies of some environments, each once for every program that runs it in a way of its own."""
    held: dict[tuple[int, Holder | None], list[Passage]] = {}
    for one in deployment.passages:
        if one.environment in shown:
            held.setdefault((id(one.proxy), one.holder), []).append(one)
    seen: set[MappedProxy] = set()
    for passages in held.values():
        found = _proxy(passages[0].proxy, passages[0].holder, passages)
        if found not in seen:
            seen.add(found)
            yield found


def _proxy(proxy: Proxy, holder: Holder | None, passages: list[Passage]) -> MappedProxy:
    environment = passages[0].environment.value
    return MappedProxy(
        product=proxy.product,
        span=proxy.span,
        environment=environment,
        names=proxy.names,
        listens=tuple(_listening(_filled(one, holder)) for one in proxy.listens),
        encrypted=passages[0].is_encrypted.value,
        of_platform=passages[0].of_platform,
        holder=Source(holder.name, holder.span, "runs it") if holder is not None else None,
        routes=tuple(MappedRoute(_path(one.route), one.span, tuple(_destinations(one))) for one in passages),
    )


def _path(route: ProxyRoute) -> str:
    return " ".join(part for part in (route.inside, route.modifier, route.path) if part)


def _filled(listen: Listen, holder: Holder | None) -> Listen:
    """With a port that a variable decides, as the program that runs the proxy finds it."""
    if holder is None or holder.service is None or not isinstance(listen.port, EnvDriven):
        return listen
    held = holder.service.variables.get(listen.port.name)
    if isinstance(held, Known) and held.value.isdecimal():
        return replace(listen, port=Known(int(held.value), held.span))
    if isinstance(held, EnvDriven) and held.is_variable and (held.default or "").isdecimal():
        return replace(listen, port=held.with_default(int(held.default or "")))
    return listen


def _listening(listen: Listen) -> str:
    if listen.socket:
        return f"unix:{listen.socket}"
    shown = f"{listen.address}:{_shown(listen.port)}".lstrip(":")
    if listen.redirects:
        return f"{shown} (redirects to TLS)"
    return f"{shown} (TLS)" if listen.tls else shown


def _destinations(passage: Passage) -> Iterator[MappedDestination]:
    route = passage.route
    path = _path(route)
    if route.folder is not None:
        yield MappedDestination("files", Fact(path, f"files of {route.folder}", span=route.span))
    if route.answer:
        yield MappedDestination("answer", Fact(path, f"answers {route.answer}", span=route.span))
    for one in passage.destinations:
        yield _destination(path, one)


def _destination(path: str, one: Destination) -> MappedDestination:
    sources = tuple(Source("", link.span, link.note) for link in one.chain)
    span = one.upstream.span
    certain = one.certain is not UNKNOWN
    if one.unknown is not None:
        fact = Fact(path, one.unknown.reason, State.UNKNOWN, one.unknown.span or span, sources)
        return MappedDestination("unknown", fact)
    if one.outside:
        port = one.upstream.port
        shown = f":{port.value}" if isinstance(port, Known) and port.value not in _USUAL_PORTS else ""
        return MappedDestination("outside", Fact(path, f"{one.outside}{shown}", span=span, sources=sources))
    if one.service is not None:
        fact = Fact(path, one.service.label + _mismatch(one), span=span, sources=sources)
        return MappedDestination("service", fact, one.service.name, one.service.label, certain, one.listens.value)
    assert one.backing is not None
    fact = Fact(path, f"{one.backing.name}: {one.backing.product or one.backing.image}", span=span, sources=sources)
    return MappedDestination("backing service", fact, one.backing.name, certain=certain)


def _mismatch(one: Destination) -> str:
    return f", which does not listen there (port {_shown(one.port)})" if one.listens is NO else ""


def _shown(value: Value[int] | None) -> str:
    if isinstance(value, Known):
        return str(value.value)
    if not isinstance(value, EnvDriven):
        return "?"
    return f"${value.name}" if value.default is None else f"${{{value.name}:-{value.default}}}"


def proxies_fact(service: Service, passages: Iterable[Passage]) -> Fact | None:
    """The routes that lead to a service, with every hop between them; None when no proxy is known."""
    told: list[str] = []
    sources: list[Source] = []
    first = None
    goes_without_saying = True
    for passage in passages:
        for one in passage.destinations:
            if one.service is not service:
                continue
            first = first or passage.span
            goes_without_saying = goes_without_saying and passage.of_platform and one.listens is not NO
            names = f" {', '.join(passage.proxy.names)}" if passage.proxy.names else ""
            doubt = ", perhaps" if one.certain is UNKNOWN else ""
            told.append(f"{passage.proxy.product}{names} {_path(passage.route)}{doubt}{_mismatch(one)}")
            sources.extend(Source("", link.span, link.note) for link in one.chain)
    if first is None:
        return None
    told = list(dict.fromkeys(told))
    more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    text, told_by = f"{'; '.join(told[:_SHOWN])}{more}", tuple(dict.fromkeys(sources))
    return Fact("proxies", text, span=first, sources=told_by, quiet=goes_without_saying)
