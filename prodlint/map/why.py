"""`prodlint map --why web.bind`: which lines decided a value, and which of them lost."""

from __future__ import annotations

from difflib import get_close_matches

from prodlint.deployment.variables.secret import MASK
from prodlint.map.document import Fact, Map, MappedService, State
from prodlint.map.layout import entry, place_of
from prodlint.map.service_names import distinct_names, places_of_service
from prodlint.report.escape import visible
from prodlint.report.terminal import Ink, Terminal
from prodlint.source import Span

__all__ = ["UnknownSubject", "why"]


class UnknownSubject(Exception):
    """No service, or no fact of it, has the asked name; the message names what there is."""


def why(whole: Map, subject: str, terminal: Terminal) -> str:
    """The story of one fact, `SERVICE.FACT`; ends with a line feed. Raises UnknownSubject."""
    name, _, wanted = subject.rpartition(".")
    if wanted in ("variables", "options"):
        return _list(_service(whole, name), wanted, terminal)
    service, fact = _find(whole, subject)
    # The line of a secret would show what the value hides.
    excerpt = _place if MASK in " ".join([fact.text, *(one.text for one in fact.sources)]) else _excerpt
    lines = [terminal.paint(f"{service.name}.{fact.name}", Ink.STRONG) + f": {_value(fact)}"]
    for source in fact.sources:
        said = f"{visible(source.text)}  " if source.text else ""
        lines += [f"  {said}{visible(source.note)}{excerpt(source.span, terminal)}"]
    if not fact.sources and fact.span is not None:
        lines.append(f"  written here{excerpt(fact.span, terminal)}")
    if fact.layered and fact.state is not State.UNKNOWN and len(fact.sources) > 1:
        lines.append("  The last of these decides.")
    return "\n".join(lines) + "\n"


def _list(service: MappedService, wanted: str, terminal: Terminal) -> str:
    """All variables of a service, or all settings of its server, each with the place that decides it."""
    facts = service.variables if wanted == "variables" else service.written_settings
    lines = [terminal.paint(f"{service.name}.{wanted}", Ink.STRONG) + ("" if facts else ": none")]
    for fact in facts:
        lines += entry(2, fact.name, _value(fact), terminal, place_of(fact.span))
    return "\n".join(lines) + "\n"


def _find(whole: Map, subject: str) -> tuple[MappedService, Fact]:
    name, _, wanted = subject.rpartition(".")
    service = _service(whole, name)
    fact = service.fact(wanted)
    if fact is None:
        known = [one.name for one in service.facts]
        near = get_close_matches(wanted, [*known, *(one.name for one in (*service.settings, *service.variables))], 1)
        problem = f'nothing is known of "{wanted}" of {name}'
        if near:
            raise UnknownSubject(f'{problem}; did you mean "{near[0]}"?')
        parts = [("facts", [*known, "variables", "options"])]
        parts += [("settings of its server", [one.name for one in service.settings])]
        parts += [("variables", [one.name for one in service.variables])]
        told = "".join(_columns(title, names) for title, names in parts if names)
        raise UnknownSubject(f"{problem}; there are{told}")
    return service, fact


def _columns(title: str, names: list[str]) -> str:
    """Names below one another in as many columns as a narrow terminal holds."""
    width = max(map(len, names)) + 2
    many = max(76 // width, 1)
    rows = [names[start : start + many] for start in range(0, len(names), many)]
    return f"\n{title}:" + "".join("\n  " + "".join(f"{visible(one):{width}}" for one in row).rstrip() for row in rows)


def _service(whole: Map, name: str) -> MappedService:
    """The service of a name; where several have it, `name@file` or `name@file:line` says which.

    Where one file declares several, it is the image that tells them apart: `name@file:line@Dockerfile`.
    """
    plain, _, place = name.partition("@")
    found = [one for one in whole.services if one.name == plain]
    if not found:
        names = list(dict.fromkeys(one.name for one in whole.services))
        near = get_close_matches(plain, names, 1)
        told = f'did you mean "{near[0]}"?' if near else f"there are{_columns('services', names)}" if names else ""
        raise UnknownSubject("; ".join(part for part in (f'there is no service "{plain}"', told) if part))
    chosen = [one for one in found if all(part in ("", *places_of_service(one)) for part in place.split("@"))]
    if len(chosen) == 1:
        return chosen[0]
    fuller = list(distinct_names(found).values())
    problem = (
        f'{len(found)} services are called "{plain}"' if not place else f'no single "{plain}" is declared at {place}'
    )
    raise UnknownSubject(f"{problem}; say which one:{_columns('services', list(dict.fromkeys(fuller)))}")


def _value(fact: Fact) -> str:
    return visible(fact.text if fact.state is not State.UNKNOWN else f"not decided: {fact.text}")


def _place(span: Span | None, terminal: Terminal) -> str:
    return f"\n    --> {visible(span.path)}:{span.line}:{span.column}" if span is not None and span.path else ""


def _excerpt(span: Span | None, terminal: Terminal) -> str:
    if span is None or not span.path:
        return ""
    number = terminal.paint(f"{span.line:6} |", Ink.GUTTER)
    return f"{_place(span, terminal)}\n{number} {visible(span.source.line(span.line))}"
