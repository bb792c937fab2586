"""What a map says, as plain data: every format prints the same document.

A fact carries the place that decided it and the sources that had a say, so that `--why` can tell.
"""

from __future__ import annotations

from enum import Enum

from prodlint.record import Record
from prodlint.source import Span

__all__ = [
    "Doubt",
    "Fact",
    "Map",
    "MappedDestination",
    "MappedProject",
    "MappedProxy",
    "MappedRelease",
    "MappedRoute",
    "MappedService",
    "MappedStep",
    "Source",
    "State",
]


class State(Enum):
    """Whether a fact is written down, decided by the environment, or not to be known from here."""

    KNOWN = "known"
    ENVIRONMENT = "environment"
    UNKNOWN = "unknown"


class Source(Record):
    """One place that had a say in a fact: what it says there, and in whose name."""

    text: str
    span: Span | None
    note: str


class Fact(Record):
    """One thing that is known, or not, of a service.

    `text` is the value as a reader wants it, or the reason why it is not known. `sources` are all
    places that had a say: of a `layered` fact each could have decided, the weakest first, and the last one does; of
    others they add up. A `quiet` fact is for programs and `--why`: a reader of the whole map learns nothing from it.
    """

    name: str
    text: str
    state: State = State.KNOWN
    span: Span | None = None
    sources: tuple[Source, ...] = ()
    quiet: bool = False
    layered: bool = False


class MappedService(Record):
    """One service: its name and command, what kind of process it is, and its facts.

    `settings` are those of its server, whether anybody wrote them or not; `variables` are its
    environment variables, secrets masked.
    """

    name: str
    label: str
    role: str
    environment: str
    platform: str
    span: Span
    facts: tuple[Fact, ...]
    settings: tuple[Fact, ...] = ()
    variables: tuple[Fact, ...] = ()

    def fact(self, name: str) -> Fact | None:
        """The fact, setting or variable of a name."""
        return next((one for one in (*self.facts, *self.settings, *self.variables) if one.name == name), None)

    @property
    def written_settings(self) -> tuple[Fact, ...]:
        """The settings that something besides the server's default speaks of."""
        return tuple(one for one in self.settings if len(one.sources) > 1)


class MappedStep(Record):
    """One step of a road to production; a `conditional` one may be left out.

    `condition` is what the job of a pipeline asks for, as it is written, `own_condition` what the step itself
    does; `on_host` says that the step runs on the machine that serves. `started_by` is the step that starts
    the service whose step it is.
    """

    kind: str
    text: str
    span: Span
    owner: str = ""
    conditional: bool = False
    condition: str = ""
    on_host: bool = False
    own_condition: str = ""
    started_by: Span | None = None


class MappedRelease(Record):
    """A road to production with its steps, in the order in which they happen, and what sets it off.

    `part_of` is the road on which something starts the other services of its file.
    """

    name: str
    span: Span
    steps: tuple[MappedStep, ...]
    triggers: tuple[str, ...] = ()
    part_of: str = ""


class MappedDestination(Record):
    """Where a route leads: `kind` is `service`, `backing service`, `outside`, `files`, `answer` or `unknown`.

    `service` is the name of the service or the backing service, `label` what a service is called in the map.
    `certain` is False where only a name says so, `listens` is whether the service listens where it is dialled.
    """

    kind: str
    fact: Fact
    service: str | None = None
    label: str = ""
    certain: bool = True
    listens: str = "unknown"


class MappedRoute(Record):
    """One route of a proxy and where it leads; it may be to several places, or to none that is read."""

    path: str
    span: Span
    destinations: tuple[MappedDestination, ...]


class MappedProxy(Record):
    """One server of a proxy as one program runs it; `holder` is None where the repository does not tell which.

    `of_platform` marks the router of a platform, which no file declares.
    """

    product: str
    span: Span
    environment: str
    names: tuple[str, ...]
    listens: tuple[str, ...]
    encrypted: str
    holder: Source | None
    routes: tuple[MappedRoute, ...]
    of_platform: bool = False


class Doubt(Record):
    """Something that could not be decided, and why; `told` where the fact itself says so in the map."""

    subject: str
    reason: str
    span: Span | None = None
    told: bool = False


class MappedProject(Record):
    """One project of the repository."""

    root: str
    services: tuple[MappedService, ...]
    migrations: tuple[Fact, ...]
    dependencies: tuple[Fact, ...]


class Map(Record):
    """The whole map of one environment.

    `beside` are the backing services by their names; `others` counts what runs in the other environments.
    """

    environment: str
    projects: tuple[MappedProject, ...]
    releases: tuple[MappedRelease, ...]
    beside: tuple[Fact, ...]
    proxies: tuple[MappedProxy, ...]
    doubts: tuple[Doubt, ...]
    others: tuple[tuple[str, int], ...] = ()

    @property
    def services(self) -> tuple[MappedService, ...]:
        """The services of all projects."""
        return tuple(service for project in self.projects for service in project.services)
