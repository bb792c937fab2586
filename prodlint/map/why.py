"""`prodlint map --why web.bind`: which lines decided a value, and which of them lost."""

from __future__ import annotations

from difflib import get_close_matches

from prodlint.deployment.variable_secret import MASK
from prodlint.map.document import Fact, Map, MappedService, State
from prodlint.report.escape import visible
from prodlint.report.terminal import Ink, Terminal
from prodlint.source import Span

__all__ = ["UnknownSubject", "why"]


class UnknownSubject(Exception):
    """No service, or no fact of it, has the asked name; the message names what there is."""


def why(whole: Map, subject: str, terminal: Terminal) -> str:
    """The story of one fact, `SERVICE.FACT`; ends with a line feed. Raises UnknownSubject."""
    service, fact = _find(whole, subject)
    # The line of a secret would show what the value hides.
    excerpt = _place if MASK in " ".join([fact.text, *(one.text for one in fact.sources)]) else _excerpt
    lines = [terminal.paint(f"{service.name}.{fact.name}", Ink.STRONG) + f": {_value(fact)}"]
    for source in fact.sources:
        said = f"{visible(source.text)}  " if source.text else ""
        lines += [f"  {said}{visible(source.note)}{excerpt(source.span, terminal)}"]
    if not fact.sources and fact.span is not None:
        lines.append(f"  written here{excerpt(fact.span, terminal)}")
    if fact.name not in ("routes", "proxies") and fact.state is not State.UNKNOWN and len(fact.sources) > 1:
        lines.append("  The last of these decides.")
    return "\n".join(lines) + "\n"


def _find(whole: Map, subject: str) -> tuple[MappedService, Fact]:
    name, _, wanted = subject.rpartition(".")
    services = {service.name: service for service in whole.services}
    if name not in services:
        raise UnknownSubject(_choice(f'there is no service "{name}"', name, list(services), "services"))
    service = services[name]
    fact = service.fact(wanted)
    if fact is None:
        known = [one.name for one in (*service.facts, *service.settings, *service.variables)]
        raise UnknownSubject(_choice(f'nothing is known of "{wanted}" of {name}', wanted, known, f"facts of {name}"))
    return service, fact


def _choice(problem: str, name: str, known: list[str], kind: str) -> str:
    near = get_close_matches(name, known, 1)
    if near:
        return f'{problem}; did you mean "{near[0]}"?'
    return f"{problem}; the {kind}: {', '.join(known) or 'none'}"


def _value(fact: Fact) -> str:
    return visible(fact.text if fact.state is not State.UNKNOWN else f"not decided: {fact.text}")


def _place(span: Span | None, terminal: Terminal) -> str:
    return f"\n    --> {visible(span.path)}:{span.line}:{span.column}" if span is not None and span.path else ""


def _excerpt(span: Span | None, terminal: Terminal) -> str:
    if span is None or not span.path:
        return ""
    number = terminal.paint(f"{span.line:6} |", Ink.GUTTER)
    return f"{_place(span, terminal)}\n{number} {visible(span.source.line(span.line))}"
