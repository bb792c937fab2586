"""A map for a terminal: one screen for a normal repository."""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.map.document import Doubt, Fact, Map, MappedProject, MappedRelease, MappedService, State
from prodlint.report.escape import at_line_start, visible
from prodlint.report.terminal import Ink, Terminal
from prodlint.source import Span

__all__ = ["render"]

_INDENT = "    "
_SHOWN_DOUBTS = 12


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
    for title, facts in (("beside them", whole.beside), ("proxies", whole.proxies)):
        if facts:
            yield terminal.paint(title, Ink.STRONG)
            yield from (_fact(fact, terminal) for fact in facts)
            yield ""
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


def _doubt(doubt: Doubt) -> str:
    place = _place(doubt.span) if doubt.span is not None else ""
    return f"  {visible(doubt.subject)}: {visible(doubt.reason)}{place}"
