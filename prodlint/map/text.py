"""A map for a terminal: one screen for a normal repository."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prodlint.map.document import Fact, Map, MappedDestination, MappedProxy, MappedRoute, State
from prodlint.map.layout import entry, place_of, wrapped
from prodlint.map.service_names import distinct_names
from prodlint.map.text_releases import release_lines
from prodlint.map.text_services import project_lines
from prodlint.regex import regex
from prodlint.report.escape import at_line_start, visible
from prodlint.report.terminal import Ink, Terminal

__all__ = ["render"]

_SHOWN_DOUBTS = 8
_SHOWN_PLACES = 3
_SHOWN_ROUTES = 12
# One reason for all images of others.
_IMAGE = regex(r"runs the image (\S+), which is not known to be ours")
_NOT_OURS = "images that are not known to be ours"
_MORE = "(all of them: --output-format json)"


def render(whole: Map, terminal: Terminal) -> str:
    """The map as text; ends with a line feed."""
    lines = [at_line_start(line) for line in _lines(whole, terminal)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _lines(whole: Map, terminal: Terminal) -> Iterator[str]:
    if not whole.projects and not whole.releases:
        yield f"nothing runs in {whole.environment} as far as the files tell"
        yield ""
    names = distinct_names(whole.services)
    for project in whole.projects:
        yield from project_lines(project, names, terminal)
    yield from release_lines(whole, terminal)
    if whole.beside:
        yield terminal.paint("beside them", Ink.STRONG)
        yield from _beside(whole, terminal)
        yield ""
    yield from _proxies(whole, terminal)
    yield from _doubts(whole, terminal)
    if whole.others:
        yield from wrapped(f"Not shown: {', '.join(_elsewhere(*one) for one in whole.others)}.", 0, 2, terminal)


def _beside(whole: Map, terminal: Terminal) -> Iterator[str]:
    """Backing services; those of one image, such as the sidecars of all pods, are told once."""
    alike: dict[str, list[Fact]] = {}
    for fact in whole.beside:
        alike.setdefault(fact.text, []).append(fact)
    for text, facts in alike.items():
        names = list(dict.fromkeys(fact.name for fact in facts))
        others = f", also as {_some(names[1:])}" if len(names) > 1 else ""
        places = list(dict.fromkeys(place_of(fact.span) for fact in facts))
        yield from entry(4, names[0], f"{text}{others}", terminal, _some(places, 2))


def _elsewhere(environment: str, count: int) -> str:
    services = "service" if count == 1 else "services"
    if environment == "unknown":
        return f"{count} {services} of which no file says the environment (--environment production)"
    return f"{count} {environment} {services} (--environment {environment})"


def _proxies(whole: Map, terminal: Terminal) -> Iterator[str]:
    """The proxies, each once: those of several overlays differ by their places, those of one image by who runs it."""
    found: dict[object, tuple[MappedProxy, dict[str, None], dict[str, None]]] = {}
    for proxy in whole.proxies:
        if proxy.of_platform and not _is_missed(proxy):
            continue
        holder = proxy.holder.text if proxy.holder is not None else ""
        led = tuple(
            (route.path, _ITSELF if holder and _leads(one) == f"→ {holder}" else _leads(one))
            for route in proxy.routes
            for one in route.destinations
        )
        key = (proxy.product, bool(holder), proxy.listens, proxy.names, led)
        _, places, holders = found.setdefault(key, (proxy, {}, {}))
        places[place_of(proxy.span)] = None
        holders[holder] = None
    for proxy, places, holders in found.values():
        yield from _proxy(proxy, _some(list(places)), list(holders), terminal)
    if found:
        yield ""


def _proxy(proxy: MappedProxy, places: str, holders: list[str], terminal: Terminal) -> Iterator[str]:
    """`proxy nginx (nginx.conf:1), run by edge: 443 (TLS) for shop.example`, and its routes below it."""
    run_by = f", run by {_some(holders)}" if any(holders) else ""
    where = ", ".join(proxy.listens)
    names = f"for {', '.join(proxy.names)}" if proxy.names else ""
    heading = f"proxy {proxy.product} ({places}){run_by}"
    told = " ".join(part for part in (where, names) if part)
    heading = f"{heading}: {told}" if told else heading
    # What is only answered or redirected says least.
    routes = sorted(proxy.routes, key=_says_little) if len(proxy.routes) > _SHOWN_ROUTES else proxy.routes
    itself = f"→ {holders[0]}" if len(holders) > 1 else None
    lines = [
        (route.path, _ITSELF if _leads(one) == itself else _leads(one), place_of(one.fact.span))
        for route in routes
        for one in route.destinations
    ]
    if len(lines) == 1:
        [(path, leads, place)] = lines
        yield from wrapped(visible(f"{heading}, {path} {leads}  ({place})"), 0, 6, terminal)
        return
    for line in wrapped(visible(heading), 0, 6, terminal):
        yield terminal.paint(line, Ink.STRONG)
    # One reason for many routes is told once.
    unknown = Counter(leads for _, leads, _ in lines if leads.startswith("→ ?"))
    counted = {leads: f"{count} routes" for leads, count in unknown.items() if count > 1}
    folded: dict[tuple[str, str], str] = {}
    for path, leads, place in lines:
        folded.setdefault((counted.get(leads, path), leads), place)
    lines = [(path, leads, place) for (path, leads), place in folded.items()]
    for path, leads, place in lines[:_SHOWN_ROUTES]:
        yield from entry(4, path, leads, terminal, place)
    if len(lines) > _SHOWN_ROUTES:
        yield f"    … and {len(lines) - _SHOWN_ROUTES} more {_MORE}"


_ITSELF = "→ what runs it"


def _leads(one: MappedDestination) -> str:
    """`→ web`: a service by its name."""
    fact = one.fact
    text = f"? {fact.text}" if fact.state is State.UNKNOWN else fact.text
    if one.service is not None and one.label:
        text = text.replace(one.label, one.service, 1)
    return f"→ {text}" if one.certain else f"→ perhaps {text}"


def _is_missed(proxy: MappedProxy) -> bool:
    """Whether a service does not listen where the router of its platform dials: the rest goes without saying."""
    return any(one.listens == "no" for route in proxy.routes for one in route.destinations)


def _says_little(route: MappedRoute) -> bool:
    return all(one.kind == "answer" for one in route.destinations)


def _doubts(whole: Map, terminal: Terminal) -> Iterator[str]:
    """What is not told above with a question mark, each reason once."""
    grouped: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for doubt in whole.doubts:
        if not doubt.told:
            image = _IMAGE.fullmatch(doubt.reason)
            reason, subject = (_NOT_OURS, image[1]) if image is not None else (doubt.reason, doubt.subject)
            subjects, places = grouped.setdefault(reason, ({}, {}))
            if subject != "deployment":
                subjects[subject] = None
            if doubt.span is not None and doubt.span.path:
                places[place_of(doubt.span)] = None
    if not grouped:
        return
    yield terminal.paint("not decided", Ink.STRONG)
    for reason, (subjects, places) in list(grouped.items())[:_SHOWN_DOUBTS]:
        who = f"{_some(list(subjects))}: " if subjects else ""
        where = f"  ({_some(list(places))})" if places else ""
        yield from wrapped(visible(f"{who}{reason}{where}"), 2, 6, terminal)
    if len(grouped) > _SHOWN_DOUBTS:
        yield f"  … and {len(grouped) - _SHOWN_DOUBTS} more {_MORE}"
    yield ""


def _some(names: list[str], shown: int = _SHOWN_PLACES) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return f"{', '.join(names[:shown])}{more}"
