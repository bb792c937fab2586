"""The services of a project as lines: what several of them share is told once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from prodlint.deployment.variable import OUTSIDE
from prodlint.deployment.variables.platform import MADE_FROM_IT
from prodlint.map.document import Fact, MappedProject, MappedService, State
from prodlint.map.layout import entry, place_of, wrapped
from prodlint.record import Record, replace
from prodlint.regex import regex
from prodlint.report.escape import visible
from prodlint.report.terminal import Ink, Terminal

__all__ = ["project_lines"]

_INDENT = 4
# More is what `--why SERVICE.variables` is for.
_LIST = 400
# `bind` and `app` tell these.
_IN_OTHER_FACTS = ("http_socket", "http", "socket", "module", "wsgi_file", "wsgi_app", "host", "port", "config")
_FEWEST = 3
_VALUE = 60
_COMMAND = 300
_PLACES = 4
# Two equal lines are worth a third that says so.
_ALIKE = 2
# So many variables more in common than missing, and only what differs is told.
_COMMON = 4
_FROM = regex(r"(\$\w+) is not set in this repository")
_KEPT = regex(r"((?:secrets|vars)\.\w+ of )(?:.*/)?([^/]+:\d+)(?::\d+)?")
_PLACED = regex(r"[( ](?:secrets|vars)\.\w+ of ([^/:]+):\d+\)$")
# Told in the heading, or on the line of `workers`.
_PARALLEL = ("workers", "worker_class", "threads")
_ELSEWHERE = ("declared", "autostart", "command", "handler", "profiles", "worker_class", "threads")


class _Entry(Record):
    """One line of a service: `what` is the name under which others refer to it, `items` what it lists."""

    label: str
    text: str
    place: str = ""
    what: str = ""
    items: tuple[str, ...] = ()


class _Shown(Record):
    """A service with its lines, and the places of all services that are the same to the letter.

    `name` is how it is asked for.
    """

    service: MappedService
    name: str
    entries: tuple[_Entry, ...]
    places: tuple[str, ...]


def project_lines(project: MappedProject, names: Mapping[int, str], terminal: Terminal) -> Iterator[str]:
    """A project: its services, what migrates its database, what they install.

    `names` is how each service is asked for, by its identity.
    """
    yield terminal.paint(f"project {visible(project.root) or '.'}", Ink.STRONG)
    shown = _folded(project.services, names)
    for number, one in enumerate(shown):
        yield from _heading(one, terminal)
        for line in _without_known(one, shown[:number]):
            yield from entry(_INDENT, line.label, line.text, terminal, line.place)
    for fact in project.migrations:
        yield from entry(2, fact.name, fact.text, terminal)
    for fact in project.dependencies:
        if not fact.quiet:
            yield from entry(2, "installs", fact.text, terminal, place_of(fact.span))
    yield ""


def _folded(services: Iterable[MappedService], names: Mapping[int, str]) -> list[_Shown]:
    """The services in their order, those that differ by their place alone made one."""
    found: dict[object, _Shown] = {}
    for service in services:
        declared = service.fact("declared")
        place = declared.text if declared is not None else _declared(service)
        name = names[id(service)]
        entries = tuple(_entries(service, name))
        key = (_title(service), tuple(_content(one) for one in entries))
        held = found.get(key)
        found[key] = (
            _Shown(service, name, entries, (place,)) if held is None else replace(held, places=(*held.places, place))
        )
    return list(found.values())


def _heading(one: _Shown, terminal: Terminal) -> Iterator[str]:
    """`web: gunicorn shop.wsgi (web, Compose, compose.prod.yml:3)`."""
    name, told = _title(one.service)
    places = list(dict.fromkeys(one.places))
    shown = ", ".join(_unrepeated(places[:_PLACES]))
    more = f" and {len(places) - _PLACES} more" if len(places) > _PLACES else ""
    text = f"{name} ({told}, {shown}{more})"
    for number, line in enumerate(wrapped(visible(text), 2, 6, terminal)):
        start = f"  {visible(name)}"
        if number == 0 and line.startswith(start):
            line = "  " + terminal.paint(visible(name), Ink.STRONG) + line[len(start) :]
        yield line


def _unrepeated(places: list[str]) -> Iterator[str]:
    """`base.yaml:3 of overlays/a, overlays/b`: the line of a base is named once."""
    before = ""
    for place in places:
        base, of, overlay = place.partition(" of ")
        yield overlay if of and base == before else place
        before = base


def _title(service: MappedService) -> tuple[str, str]:
    """What a service is called, with what it runs, and what kind of process it is."""
    runs = service.fact("command")
    if runs is None or runs.state is State.UNKNOWN:
        runs = service.fact("handler")
    name = service.name if runs is None else f"{service.name}: {_short(' '.join(runs.text.split()), _COMMAND)}"
    profiles = service.fact("profiles")
    told = [service.role if service.role != "unknown" else "", service.platform]
    told += [f"profile {profiles.text}"] if profiles is not None else []
    autostart = service.fact("autostart")
    told += [autostart.text] if autostart is not None else []
    told += ["perhaps production"] if service.environment == "unknown" else []
    return name, ", ".join(word for word in told if word)


def _declared(service: MappedService) -> str:
    fact = service.fact("declared")
    return place_of(fact.span if fact is not None else service.span)


def _entries(service: MappedService, name: str) -> Iterator[_Entry]:
    """The lines of a service below its heading."""
    command = service.fact("command")
    known = {_declared(service), place_of(service.span), place_of(command.span if command is not None else None)}
    for fact in service.facts:
        is_quiet = not _tells_more(service) if fact.name == "workers" else fact.quiet
        if is_quiet or (fact.name in _ELSEWHERE and not (fact.name == "command" and fact.state is State.UNKNOWN)):
            continue
        text = _text(fact)
        if fact.name == "workers":
            text += "".join(_beside_workers(service))
        place = place_of(fact.span)
        yield _Entry(fact.name, text, "" if place in known or place in text else place, fact.name)
    options = _told([one for one in service.written_settings if not one.quiet and one.name not in _IN_OTHER_FACTS])
    if options:
        yield _Entry("options", ", ".join(options), what="options")
    yield from _variables([one for one in service.variables if not one.quiet], name)


def _tells_more(service: MappedService) -> bool:
    """Whether something is told of its workers and threads that its command does not show."""
    return any(fact is not None and not fact.quiet for fact in map(service.fact, _PARALLEL))


def _beside_workers(service: MappedService) -> Iterator[str]:
    kind, threads = service.fact("worker_class"), service.fact("threads")
    if kind is not None:
        yield f"; class {_text(kind)}"
    if threads is not None:
        yield f"; threads {_text(threads)}"


def _variables(variables: list[Fact], name: str) -> Iterator[_Entry]:
    """Those that the repository sets, then those whose value comes from elsewhere."""
    inside = _told([one for one in variables if not _is_outside(one)])
    outside = [_assigned(one) for one in variables if _is_outside(one)]
    for label, told in (("variables", inside), ("set outside", outside)):
        if told:
            yield _Entry(label, _listed(told, name), what=label, items=tuple(told))


def _listed(told: Sequence[str], name: str) -> str:
    """As many as a few lines hold, and how many more there are."""
    shown = list(_files_once(told))
    while len(shown) > _FEWEST and len(", ".join(shown)) > _LIST:
        shown.pop()
    more = len(told) - len(shown)
    text = ", ".join(shown)
    return f"{text} and {more} more (--why {name}.variables)" if more > 0 else text


def _files_once(told: Sequence[str]) -> Iterator[str]:
    """`A (secrets.A of deploy.yml:4), B (secrets.B of :5)`: a file is named where it is another than before.

    When a proposal is taken is said once.
    """
    before = ""
    is_said = False
    for one in told:
        is_proposal = one.endswith(f"{MADE_FROM_IT})")
        if is_proposal and is_said:
            one = f"{one.removesuffix(f'{MADE_FROM_IT})')})"
        is_said = is_said or is_proposal
        found = _PLACED.search(one)
        yield one if found is None or found[1] != before else f"{one[: found.start(1)]}{one[found.end(1) :]}"
        before = found[1] if found is not None else before


def _told(facts: list[Fact]) -> list[str]:
    """Each by its value; those that one reason keeps from being known are counted."""
    unknown: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.state is State.UNKNOWN:
            unknown.setdefault(fact.text, []).append(fact)
    told = [_assigned(fact) for fact in facts if fact.state is not State.UNKNOWN]
    for reason, alike in unknown.items():
        told += [f"{len(alike)} more (? {reason})"] if len(alike) > _FEWEST else [_assigned(fact) for fact in alike]
    return told


def _is_outside(fact: Fact) -> bool:
    """Whether the value of a variable comes from elsewhere, or may."""
    if fact.state is State.ENVIRONMENT:
        return True
    return fact.text == OUTSIDE or bool(_FROM.fullmatch(fact.text) or _KEPT.fullmatch(fact.text))


def _assigned(fact: Fact) -> str:
    """`NAME=value`, `NAME (else value)`, or the name with the reason why its value is not known."""
    if fact.state is State.KNOWN:
        return f"{fact.name}={_short(fact.text, _VALUE)}"
    if fact.text == OUTSIDE:
        return fact.name
    kept = _KEPT.fullmatch(fact.text.rpartition(", ")[2])
    if kept is not None and fact.state is State.ENVIRONMENT:
        return f"{fact.name} ({_short(fact.text.rpartition(', ')[0], _VALUE)}, {kept[1]}{kept[2]})"
    if fact.state is State.ENVIRONMENT:
        own = f"${fact.name}"
        text = fact.text.removeprefix(own).removeprefix(", ") if fact.text.startswith(f"{own}, ") else fact.text
        return f"{fact.name} ({_short_driven(text)})" if text and fact.text != own else fact.name
    if kept is not None:
        return f"{fact.name} ({kept[1]}{kept[2]})"
    source = _FROM.fullmatch(fact.text)
    if source is not None and source[1] == f"${fact.name}":
        return fact.name
    return f"{fact.name} (? {fact.text})" if source is None else f"{fact.name} (from {source[1]})"


def _without_known(one: _Shown, above: list[_Shown]) -> Iterator[_Entry]:
    """The lines of a service; those that one above it has as well are named on one line."""
    best: _Shown | None = None
    common: set[_Entry] = set()
    for other in above:
        told = {_content(line) for line in other.entries}
        shared = {line for line in one.entries if _content(line) in told}
        if len(shared) > len(common):
            best, common = other, shared
    if best is None or len(common) < _ALIKE:
        yield from (_shorter(line, one, above) for line in one.entries)
        return
    yield from (_shorter(line, one, above) for line in one.entries if line not in common)
    names = ", ".join(line.what for line in one.entries if line in common)
    yield _Entry("the same", f"{names} as {_reference(best, one, above)}")


def _content(line: _Entry) -> tuple[str, object]:
    return line.label, line.items or line.text


def _shorter(line: _Entry, one: _Shown, above: list[_Shown]) -> _Entry:
    """A list that differs little from that of a service above, by what differs."""
    best: tuple[int, _Entry, _Shown] | None = None
    for other in above:
        for held in other.entries:
            if line.items and held.label == line.label and len(held.items) > 1:
                many = len(set(line.items) & set(held.items)) - len(set(held.items) - set(line.items))
                if many >= _COMMON and (best is None or many > best[0]):
                    best = many, held, other
    if best is None or not line.items:
        return line
    _, held, other = best
    missing = [item.partition("=")[0].partition(" ")[0] for item in held.items if item not in line.items]
    extra = [item for item in line.items if item not in held.items]
    names = {item.partition("=")[0].partition(" ")[0] for item in extra}
    missing = [name for name in missing if name not in names]
    text = f"as {_reference(other, one, above)}"
    text += f", without {', '.join(missing)}" if missing else ""
    text += f", and {_listed(extra, one.name)}" if extra else ""
    return replace(line, text=text)


def _reference(other: _Shown, one: _Shown, above: list[_Shown]) -> str:
    """How a service above is called: by its name where that is enough, with its place, else as `--why` asks for it."""
    alike = [each for each in (*above, one) if each.service.name == other.service.name]
    if len(alike) == 1:
        return other.service.name
    place = _first_place(other)
    if sum(_first_place(each) == place for each in alike) == 1:
        return f"{other.service.name} ({place})"
    return other.name


def _first_place(one: _Shown) -> str:
    return one.places[0].rpartition(" of ")[2]


def _text(fact: Fact) -> str:
    return f"? {fact.text}" if fact.state is State.UNKNOWN else fact.text


def _short_driven(text: str) -> str:
    """`shop-$stage, else …-dev`: what a value is without its variable says only where it differs."""
    if text.endswith(MADE_FROM_IT):
        return f"{_short(text.removesuffix(MADE_FROM_IT), _VALUE)}{MADE_FROM_IT}"
    held, otherwise, default = text.partition(", else ")
    if len(text) <= _VALUE or not otherwise:
        return _short(text, _VALUE)
    pairs = zip(held, default, strict=False)
    alike = next((at for at, (one, other) in enumerate(pairs) if one != other), 0)
    alike = len(held[:alike].rstrip("-_./:@"))
    default = f"…{default[alike:]}" if alike >= _FEWEST and default[alike:] else default
    return f"{_short(held, _VALUE)}, else {_short(default, _VALUE)}"


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
