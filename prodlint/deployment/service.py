"""Services: declared processes, and everything that is known about what they start."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import TYPE_CHECKING

from prodlint.deployment.app import App, Interface
from prodlint.deployment.command import CommandLine, Execution, Link, Step
from prodlint.deployment.commands.program import python_arguments
from prodlint.deployment.commands.short_lived import RETURN_AT_ONCE
from prodlint.deployment.commands.wrappers import debugger_in
from prodlint.deployment.cpu_limit import CpuLimit, cpu_limit_of
from prodlint.deployment.dependency import Install
from prodlint.deployment.environment import Environment
from prodlint.deployment.execution.place import Place
from prodlint.deployment.image import Image
from prodlint.deployment.images.base import shell_of
from prodlint.deployment.install import provides
from prodlint.deployment.one_shot import Errand, errands_of, told
from prodlint.deployment.process import HOST, Platform, Process, Role
from prodlint.deployment.replicas import replicas_of
from prodlint.deployment.servers.concurrency import processes_of, slots_of, threads_of
from prodlint.deployment.servers.parallel import Parallel
from prodlint.deployment.servers.script import ServerStart
from prodlint.deployment.servers.server import Server
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Known, Unknown, Value, answer, is_several
from prodlint.deployment.variable import Variables
from prodlint.finding import Evidence
from prodlint.record import Record, field, replace
from prodlint.source import Span

if TYPE_CHECKING:
    from prodlint.deployment.servers.worker_settings import Worker

__all__ = ["Service", "declared_lines"]


class Service(Record):
    """A process and everything that is known about what it starts.

    `step` is the program that does not return, None when that cannot be known. `module` is the file
    that its server imports, `roots` where imports are looked for. `starts` are the server starts that
    a Python script reaches; `import_starts` those that importing the module runs into, known for
    production alone. `installs` is what the process's image or platform installs. `variables` are
    those that the program finds, with what the command before it sets. `worker` is set instead of
    `server` for a program that works off a queue or a schedule. `handler` is the function that the platform
    calls where it starts no program, `handled_at` the place that makes it. `candidates` holds the service as each of
    several commands would start it where one of them stays and they differ: then `step` is none of theirs, and only
    what they agree on is known of it and of `server`. `by_default` is the service as it is while nothing sets the
    variables by which a script chooses between commands of which nothing else is known to stay.
    """

    name: str
    span: Span
    process: Process
    environment: Environment
    execution: Execution
    place: Place
    role: Role
    image: Image | None = None
    step: Step | None = None
    server: Server | None = None
    worker: Worker | None = None
    handler: Value[str] | None = None
    handled_at: Span | None = None
    app: App | None = None
    module: str | None = None
    roots: tuple[str, ...] = ()
    starts: tuple[ServerStart, ...] = ()
    import_starts: tuple[ServerStart, ...] = ()
    installs: tuple[Install, ...] = ()
    installs_known: Answer = UNKNOWN
    elsewhere: Mapping[str, Span] = field(default_factory=dict)
    image_app: App | None = None
    variables: Variables = field(default_factory=Variables)
    candidates: tuple[Service, ...] = ()
    by_default: Service | None = None

    @property
    def usual(self) -> Service:
        """The service with what it starts while nothing sets the variables by which a script chooses; else itself."""
        one = self.by_default
        if one is None:
            return self
        return replace(
            self,
            step=one.step,
            role=one.role,
            server=one.server,
            worker=one.worker,
            app=one.app,
            module=one.module,
            roots=one.roots,
            starts=one.starts,
            variables=one.variables,
            place=one.place,
        )

    @property
    def machine(self) -> str:
        """What it shares its addresses with: a pod, a host, a container; empty where that is not known."""
        process = self.process
        if process.reach.machine:
            return process.reach.machine
        if self.image is None:
            return HOST if process.platform in (Platform.SYSTEMD, Platform.SUPERVISOR) else ""
        shared = f"{self.image.path} {self.image.stage}"
        # What a platform starts has a container of its own, whatever image it shares with others.
        is_own = process.platform not in (Platform.SUPERVISOR, Platform.SYSTEMD, Platform.DOCKER)
        return f"{shared} {process.span.path} {process.name}" if is_own else shared

    @property
    def is_production(self) -> Answer:
        """Whether production runs it as it is declared; UNKNOWN when something else may have the last word."""
        if self.environment is Environment.PRODUCTION and not self.process.complete:
            return UNKNOWN
        return {Environment.PRODUCTION: YES, Environment.UNKNOWN: UNKNOWN}.get(self.environment, NO)

    @property
    def written(self) -> str:
        """The command or the handler that it runs, as its author spelt it; empty when it is not known.

        What ends does one thing after the other: then all of them are told.
        """
        if self.errands:
            return told(self.errands)
        if self.process.ends and not self.execution.steps and not self.execution.unread:
            # A file that nobody sees here may do it all.
            return " ".join(word for line in self.start_lines for word in line.written.split())
        if self.step is not None:
            return self.step.written
        return self.handler.value if isinstance(self.handler, Known) else ""

    @property
    def errands(self) -> tuple[Errand, ...]:
        """What it does one after the other, where it ends: nothing of it stays."""
        if not self.process.ends or self.server is not None or self.worker is not None:
            return ()
        if self.by_default is not None or (self.step is None and self.execution.unread):
            return ()
        return errands_of(step for step in self.execution.steps if not step.background)

    @property
    def start_lines(self) -> tuple[CommandLine, ...]:
        """The ENTRYPOINT and the command that it starts with, as they are declared."""
        return tuple(one for one in declared_lines(self.process, self.image) if one is not None)

    @property
    def has_known_entrypoint(self) -> bool:
        """Whether nothing but what is declared here stands in front of its command: no ENTRYPOINT of an image below."""
        if self.process.entrypoint is not None:
            return True
        if self.image is None:
            return self.process.image is None
        return self.image.entrypoint is not None or shell_of(self.image.base) is not None

    @property
    def is_of_another_version(self) -> bool:
        """Whether its image is pinned to a version: what the files install today is not what that one holds.

        The tag of an image that the compose file builds itself is a name for what is built today.
        """
        if self.image is None or not self.process.pins_image:
            return False
        built_by = self.process.build.span.path if self.process.build is not None else ""
        return self.process.platform is not Platform.COMPOSE or built_by not in self.process.reach.group.split("+")

    @property
    def debugger(self) -> str | None:
        """The debugger under which it starts its program, None without one."""
        return debugger_in(self.step.layers) if self.step is not None else None

    @property
    def label(self) -> str:
        """`web: gunicorn shop.wsgi`, the way people name a process."""
        return f"{self.name}: {_shortened(self.written)}" if self.written else self.name

    @property
    def declared_at(self) -> Span:
        """Where the service itself is declared, whatever declares its command."""
        return self.process.declaration or self.process.span

    @property
    def chain(self) -> tuple[Evidence, ...]:
        """The hops from the declaration to the program, in causal order."""
        return self.chain_to(self.step) if self.step is not None else ()

    def chain_to(self, step: Step) -> tuple[Evidence, ...]:
        """The hops from the declaration to one of its steps, in causal order."""
        links = [*self._declaration, *step.chain]
        kept = [
            link
            for link, following in zip(links, [*links[1:], None], strict=True)
            if following is None or not _same_place(link.span, following.span)
        ]
        return tuple(Evidence(link.span, link.note) for link in kept if not _same_place(link.span, step.span))

    @property
    def chain_to_app(self) -> tuple[Evidence, ...]:
        """The hops from the declaration to the app that is served."""
        if self.app is None:
            return self.chain
        return (*self.chain, Evidence(self.app.span, f"the {self.app.framework} app that it serves"))

    @property
    def chain_to_reload(self) -> tuple[Evidence, ...]:
        """The hops to the app, behind the server's own line where another switches reloading on; what that undoes."""
        server = self.server
        if server is None or server.reload_span is None:
            return self.chain_to_app
        start = () if _same_place(server.reload_span, server.span) else (server.span,)
        idle = () if server.ignored_workers is None else (server.ignored_workers.source.span,)
        return (
            *(Evidence(span, f"starts {server.product}") for span in start),
            *self.chain_to_app,
            *(Evidence(span, "is ignored: one process serves while it reloads") for span in idle),
        )

    @property
    def chain_to_bind(self) -> tuple[Evidence, ...]:
        """The hops to the line that says where it listens, with the server's own line where that is another."""
        server = self.server
        if server is None or not server.binds or _same_place(server.binds[0].span, server.span):
            return self.chain
        return (*self.chain, Evidence(server.span, f"starts {server.product}"))

    @property
    def chain_to_installs(self) -> tuple[Evidence, ...]:
        """The hops to the program, what installs its packages, and where its server is declared for others."""
        found = [*self.chain]
        found += [Evidence(one.span, "installs the packages of this service") for one in self.installs]
        name = (self.server.distribution if self.server is not None else None) or ""
        if name in self.elsewhere:
            found.append(Evidence(self.elsewhere[name], f"declares {name}, and is not installed here"))
        return tuple(found)

    @property
    def certain_start(self) -> ServerStart | None:
        """The server start that its script reaches on every way."""
        return next((one for one in self.starts if not one.conditional), None)

    @property
    def starts_certainly(self) -> bool:
        """Whether its program, and the server that its program starts, are reached on every way."""
        if self.step is None or self.step.conditional or self.server is None:
            return False
        return not self.server.in_code or self.certain_start is not None

    @property
    def hands_app_itself(self) -> bool:
        """Whether its script hands the app itself to `uvicorn.run()`, which new processes cannot be given."""
        start, server = self.certain_start, self.server
        if start is None or server is None or not server.in_code or start.call != "uvicorn.run()":
            return False
        return self.app is not None and not isinstance(server.target, Known | EnvDriven)

    @property
    def names_app_in_code(self) -> bool:
        """Whether its script tells `uvicorn.run()` the app by name, and nothing that changes where it is looked for."""
        start, server = self.certain_start, self.server
        if start is None or server is None or not isinstance(server.target, Known) or self.script_folder is None:
            return False
        text = start.span.source.text
        is_moved = "sys.path" in text or "chdir" in text or "app_dir" in server.settings.mentioned
        return start.call == "uvicorn.run()" and not is_moved and not start.through

    @property
    def script_folder(self) -> str | None:
        """The folder of the script that it runs, from which Python imports; None where it runs none by its path."""
        python = python_arguments(self.step) if self.step is not None else None
        file = python.file.literal if python is not None and python.file is not None else None
        if python is not None and python.module is not None:
            return ""
        return posixpath.dirname(file) if file else None

    @property
    def platform_workers(self) -> str:
        """The platform that asks for two workers or more by itself, unless its settings say otherwise; else empty.

        The Python buildpack of Heroku exports WEB_CONCURRENCY for every size of a dyno (serving page, 2.6).
        """
        found = self.variables.definitions("WEB_CONCURRENCY")
        is_heroku = self.process.platform is Platform.HEROKU and bool(found)
        return "Heroku" if is_heroku and all(one.by_platform for one in found) else ""

    @property
    def _declaration(self) -> tuple[Link, ...]:
        """Where the service is declared, when its command stands in another file."""
        first = self.step.chain[0] if self.step is not None and self.step.chain else None
        if first is None or self.process.platform is Platform.DOCKER or first.span.path == self.process.path:
            return ()
        return (Link(self.process.span, f"declares {self.name}"),)

    def stays(self, step: Step) -> bool:
        """Whether a step is the program that does not return, or one of those that may be it."""
        return step is self.step or (bool(self.candidates) and any(step is one for one in self.execution.processes))

    @property
    def daemons(self) -> tuple[Step, ...]:
        """The programs that it keeps beside its own: `attach-daemon` of uWSGI, `celery worker &` of a script."""
        own = [one.step.span for one in self.candidates or (self,) if one.step is not None]
        steps = (one for one in self.execution.steps if one.background and one.span not in own)
        # A script in the background asks and prepares before it starts what stays.
        return tuple(one for one in steps if one.program not in RETURN_AT_ONCE)

    @property
    def listens_on_loopback(self) -> Answer:
        """Whether all that it listens on is reached by programs of its own container or machine alone."""
        binds = self.server.binds if self.server is not None else ()
        found = UNKNOWN if not binds else YES
        for bind in binds:
            found &= bind.is_loopback
        return found

    def installs_distribution(self, distribution: str) -> Answer:
        """Whether what this service installs brings a distribution; UNKNOWN when not all of it could be read."""
        found = provides(self.installs, distribution)
        return found if found is YES or self.installs_known is YES else UNKNOWN

    @property
    def install_source(self) -> str:
        """The file that this service installs from, by name; `its image` when there is none."""
        files = [file.path for install in self.installs for file in install.files]
        return files[0] if files else "what its image installs"

    @property
    def starts_nothing(self) -> Answer:
        """Whether an image is all there is and it names no command of its own."""
        if self.image is None or self.process.platform is not Platform.DOCKER:
            return UNKNOWN
        declared = self.image.command is not None or self.image.entrypoint is not None
        return answer(not declared) if self.image.base_brings_servers is NO else UNKNOWN

    @property
    def replicas(self) -> Value[int]:
        """How many copies of it run."""
        return replicas_of(self.process)

    @property
    def workers(self) -> Value[int]:
        """The processes that serve requests in one copy."""
        return Unknown("it starts no server", self.span) if self.server is None else processes_of(self.server)

    @property
    def threads(self) -> Value[int] | None:
        """The threads of one process that work on requests; None where it works in another way."""
        return None if self.server is None else threads_of(self.server)

    @property
    def serves_one_at_a_time(self) -> Answer:
        """Whether one copy of it works on a single request, and all others wait."""
        slots = Unknown("it starts no server", self.span) if self.server is None else slots_of(self.server)
        return ~is_several(slots) if slots is not None else NO

    @property
    def has_several_processes(self) -> Answer:
        """Whether what one of its processes keeps in its memory is not what the next one finds."""
        return self.parallel.is_several

    @property
    def cpu_limit(self) -> CpuLimit | None:
        """The CPUs that it may use where it sees more of them."""
        return cpu_limit_of(self.process)

    @property
    def parallel(self) -> Parallel:
        """Its processes that run beside each other."""
        return Parallel(self.workers, self.replicas, self.server)

    @property
    def serves_static_files(self) -> bool:
        """Whether it is Python's own file server in a deployment that holds no app to serve instead."""
        return self.server is not None and self.server.product == "http.server" and self.image_app is None

    @property
    def production_command_help(self) -> str:
        """What to start instead, with the server that is installed and the app that is served."""
        target = self.app.target if self.app is not None and self.app.target else None
        bind = self.server.binds[0] if self.server is not None and len(self.server.binds) == 1 else None
        port = bind.port.value if bind is not None and isinstance(bind.port, Known) else None
        gunicorn = f"gunicorn --bind=0.0.0.0:{port or 8000}"
        uvicorn = f"uvicorn --host=0.0.0.0{f' --port={port}' if port else ''}"
        for product, command in (("gunicorn", gunicorn), ("uvicorn", uvicorn)):
            if self.installs_distribution(product) is YES and self._suits(product):
                return f"start `{command} {target}`" if target else f"start the app with {product}, which is installed"
        return "install an application server (gunicorn for WSGI, uvicorn for ASGI) and start the app with it"

    def _suits(self, product: str) -> bool:
        if self.app is None:
            return product == "gunicorn"
        return self.app.interface is (Interface.WSGI if product == "gunicorn" else Interface.ASGI)


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 70 else line[:69].rstrip() + "…"


def _same_place(one: Span, other: Span) -> bool:
    return one.source is other.source and one.line == other.line


def declared_lines(process: Process, image: Image | None) -> tuple[CommandLine | None, CommandLine | None]:
    """The ENTRYPOINT and the CMD that hold; a platform that replaces the first clears the second.

    None does where something else decides what runs.
    """
    if process.decided_by is not None:
        return None, None
    entrypoint = process.entrypoint or (image.entrypoint if image is not None else None)
    command = process.command
    if command is None and process.entrypoint is None and image is not None:
        command = image.command
    return entrypoint, command
