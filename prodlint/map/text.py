"""A map for a terminal: one screen for a normal repository."""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.map.document import (
    Doubt,
    Fact,
    Map,
    MappedProject,
    MappedProxy,
    MappedRelease,
    MappedRoute,
    MappedService,
    State,
)
from prodlint.report.escape import at_line_start, visible
from prodlint.report.terminal import Ink, Terminal
from prodlint.source import Span

__all__ = ["render"]

_INDENT = "    "
_SHOWN_DOUBTS = 12
_SHOWN_ROUTES = 12


def render(whole: Map, terminal: Terminal) -> str:
    """The map as text; ends with a line feed."""
    lines = [at_line_start(line) for line in _lines(whole, terminal)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _lines(whole: Map, terminal: Terminal) -> Iterator[str]:
    if not whole.projects and not whole.releases:
        yield f"nothing runs in {whole.environment} as far as the files tell"
        yield ""
    for project in whole.projects:
        yield from _project(project, terminal)
    for release in whole.releases:
        yield from _release(release, terminal)
    if whole.beside:
        yield terminal.paint("beside them", Ink.STRONG)
        yield from (_fact(fact, terminal) for fact in whole.beside)
        yield ""
    for proxy in whole.proxies:
        yield from _proxy(proxy, terminal)
    if whole.doubts:
        yield terminal.paint("not decided", Ink.STRONG)
        yield from (_doubt(doubt) for doubt in whole.doubts[:_SHOWN_DOUBTS])
        if len(whole.doubts) > _SHOWN_DOUBTS:
            yield f"  … and {len(whole.doubts) - _SHOWN_DOUBTS} more (all of them: --output-format json)"
        yield ""
    if whole.others:
        counts = ", ".join(f"{count} of {name}" for name, count in whole.others)
        yield f"Not shown: {counts} (--environment shows them)."


def _project(project: MappedProject, terminal: Terminal) -> Iterator[str]:
    yield terminal.paint(f"project {visible(project.root) or '.'}", Ink.STRONG)
    for service in project.services:
        yield from _service(service, terminal)
    for fact in (*project.migrations, *project.dependencies):
        yield _fact(fact, terminal)
    yield ""


def _service(service: MappedService, terminal: Terminal) -> Iterator[str]:
    unsure = "" if service.environment != "unknown" else ", perhaps production"
    title = terminal.paint(visible(service.label), Ink.STRONG)
    yield f"  {title} ({service.role}, {service.platform}{unsure})"
    for fact in service.facts:
        if fact.name != "command" or fact.state is State.UNKNOWN:
            yield _fact(fact, terminal)
    if service.written_settings:
        shown = ", ".join(_variable(one) for one in service.written_settings)
        yield from _wrapped("options", shown, terminal)
    if service.variables:
        shown = ", ".join(_variable(one) for one in service.variables)
        yield from _wrapped("variables", shown, terminal)


def _variable(fact: Fact) -> str:
    if fact.state is State.KNOWN:
        return f"{fact.name}={fact.text}"
    return f"{fact.name} (set outside)" if fact.text == f"${fact.name}" else f"{fact.name} ({fact.text})"


def _fact(fact: Fact, terminal: Terminal) -> str:
    text = f"? {fact.text}" if fact.state is State.UNKNOWN else fact.text
    place = _place(fact.span) if fact.span is not None and str(fact.span) not in text else ""
    label = terminal.paint(f"{fact.name:12}", Ink.GUTTER)
    return f"{_INDENT}{label} {visible(text)}{place}"


def _place(span: Span) -> str:
    return f"  ({visible(span.path)}:{span.line})" if span.path else ""


def _wrapped(label: str, text: str, terminal: Terminal) -> Iterator[str]:
    """A long list over as many lines as it needs, below its label."""
    import textwrap

    width = max(terminal.columns - len(_INDENT) - 13, 30)
    for number, line in enumerate(textwrap.wrap(visible(text), width, break_on_hyphens=False)):
        shown = terminal.paint(f"{label if number == 0 else '':12}", Ink.GUTTER)
        yield f"{_INDENT}{shown} {line}"


def _release(release: MappedRelease, terminal: Terminal) -> Iterator[str]:
    yield terminal.paint(f"release {visible(release.name)}", Ink.STRONG)
    owner = ""
    for number, step in enumerate(release.steps, 1):
        heading = f"[{visible(step.owner)}] " if step.owner and step.owner != owner else ""
        owner = step.owner
        perhaps = "perhaps " if step.conditional else ""
        yield f"  {number:2}. {step.kind:13} {heading}{perhaps}{visible(step.text)}{_place(step.span)}"
    if not release.steps:
        yield "  no step of it could be read"
    yield ""


def _proxy(proxy: MappedProxy, terminal: Terminal) -> Iterator[str]:
    """`proxy nginx (nginx.conf:1), run by edge: 443 (TLS) for shop.example`, and its routes below it."""
    holder = proxy.holder
    run_by = f", run by {holder.text}" if holder is not None else ""
    where = ", ".join(proxy.listens)
    names = f"for {', '.join(proxy.names)}" if proxy.names else ""
    heading = f"proxy {proxy.product} ({proxy.span.path}:{proxy.span.line}){run_by}"
    told = " ".join(part for part in (where, names) if part)
    yield terminal.paint(visible(f"{heading}: {told}" if told else heading), Ink.STRONG)
    # What is only answered or redirected says least.
    routes = sorted(proxy.routes, key=_says_little) if len(proxy.routes) > _SHOWN_ROUTES else proxy.routes
    for route in routes[:_SHOWN_ROUTES]:
        for one in route.destinations:
            fact = one.fact
            text = f"? {fact.text}" if fact.state is State.UNKNOWN else fact.text
            text = text if one.certain else f"perhaps {text}"
            label = terminal.paint(f"{visible(route.path):12}", Ink.GUTTER)
            yield f"{_INDENT}{label} → {visible(text)}{_place(fact.span) if fact.span is not None else ''}"
    if len(routes) > _SHOWN_ROUTES:
        yield f"{_INDENT}… and {len(routes) - _SHOWN_ROUTES} more (all of them: --output-format json)"
    yield ""


def _says_little(route: MappedRoute) -> bool:
    return all(one.kind == "answer" for one in route.destinations)


def _doubt(doubt: Doubt) -> str:
    place = _place(doubt.span) if doubt.span is not None else ""
    return f"  {visible(doubt.subject)}: {visible(doubt.reason)}{place}"
