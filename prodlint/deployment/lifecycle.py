"""How one service starts, stays and stops: what its command really starts, and how it is told to end.

Each question is answered by a module of its own, which is loaded when somebody asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prodlint.deployment.pipeline import Pipeline
from prodlint.deployment.process import Platform
from prodlint.deployment.processes.supervision import SupervisorConfig
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import code_holds
from prodlint.deployment.servers.versions import is_since
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO
from prodlint.finding import Advice, Fix, Safety

if TYPE_CHECKING:
    from prodlint.deployment.command import CommandLine, Step
    from prodlint.deployment.processes.command_form import LostOperator, Unexpanded
    from prodlint.deployment.processes.early_interpolation import EarlyVariable
    from prodlint.deployment.processes.staying import Detached, NeverStarted
    from prodlint.deployment.processes.stopping import Grace, SignalPath
    from prodlint.deployment.served.endless_stream import EndlessStream
    from prodlint.deployment.served.lifespan import IgnoredStart
    from prodlint.deployment.servers.setting import Setting

__all__ = ["Lifecycle"]


class Lifecycle:
    """The answers for one service. What changes its command is None where it is not certain how to write that."""

    def __init__(
        self,
        service: Service,
        services: tuple[Service, ...],
        pipelines: tuple[Pipeline, ...],
        supervisors: tuple[SupervisorConfig, ...],
        repository: Repository,
    ) -> None:
        self._service = service
        self._services = services
        self._pipelines = pipelines
        self._supervisors = supervisors
        self._repository = repository

    @property
    def production_command(self) -> Advice:
        """The installed application server for the app that a development server serves, and how to write it there."""
        from prodlint.deployment.fixes.start_command import production_command

        command = production_command(self._service, self._services, self._repository)
        return Advice(self._service.production_command_help) if command is None else Advice(command.help, command.fix)

    @property
    def without_reload(self) -> Fix | None:
        """Reloading taken out of its command, file or call."""
        from prodlint.deployment.fixes.start_command import without_reload

        changes = without_reload(self._service, self._services, self._repository)
        return Fix("start it without reloading", changes, Safety.UNSAFE) if changes else None

    @property
    def broken_list(self) -> CommandLine | None:
        """A CMD or ENTRYPOINT that looks like a list and is none to Docker."""
        from prodlint.deployment.processes.command_form import broken_list

        return broken_list(self._service)

    def as_json(self, line: CommandLine) -> Fix | None:
        """A list that is no JSON, as JSON; None where it is not certain what it holds."""
        from prodlint.deployment.processes.command_form import as_json

        return as_json(line)

    @property
    def lost_operator(self) -> LostOperator | None:
        """The first operator of a shell that stands in its command where no shell reads it."""
        from prodlint.deployment.processes.command_form import lost_operator

        return lost_operator(self._service)

    def with_shell(self, lost: LostOperator) -> Fix | None:
        """Its command with an operator, handed to a shell."""
        from prodlint.deployment.fixes.form import with_shell

        return with_shell(self._service, lost)

    @property
    def unexpanded(self) -> tuple[Unexpanded, ...]:
        """The variables that its server gets as text, because nobody puts their values in."""
        from prodlint.deployment.processes.command_form import unexpanded

        return tuple(unexpanded(self._service))

    def with_reference(self, one: Unexpanded) -> Fix | None:
        """A variable as the kubelet puts it in; None where no kubelet reads the command."""
        from prodlint.deployment.processes.command_form import with_reference

        return with_reference(self._service, one)

    @property
    def early_variables(self) -> tuple[EarlyVariable, ...]:
        """The variables that compose replaces in its command although only the container has them."""
        if self._service.process.platform is not Platform.COMPOSE:
            return ()
        process = self._service.process
        lines = [line for line in (process.entrypoint, process.command) if line is not None]
        if all(word.literal is not None for line in lines for word in line.words):
            return ()
        from prodlint.deployment.processes.early_interpolation import early_variables

        return tuple(early_variables(self._service, self._pipelines, self._repository))

    def with_dollar(self, one: EarlyVariable) -> Fix | None:
        """A variable that compose leaves alone; None where no shell of the container would read it."""
        from prodlint.deployment.processes.early_interpolation import with_dollar

        return with_dollar(one)

    @property
    def never_started(self) -> NeverStarted | None:
        """The first step of its command that waits for the end of one that does not end."""
        from prodlint.deployment.processes.staying import never_started

        return never_started(self._service)

    @property
    def beside_server(self) -> tuple[Step, ...]:
        """What its command starts in the background, where a server and a worker are in one."""
        from prodlint.deployment.processes.staying import beside_server

        return beside_server(self._service)

    @property
    def detached(self) -> Detached | None:
        """What leaves its command at once, so that it looks as if it had ended."""
        from prodlint.deployment.processes.staying import detached

        return detached(self._service, self._supervisors)

    def in_foreground(self, found: Detached) -> Fix | None:
        """A server that stays in its command."""
        from prodlint.deployment.fixes.form import in_foreground

        return in_foreground(found)

    @property
    def ignored_starts(self) -> tuple[IgnoredStart, ...]:
        """The handlers of start and end of its ASGI app that nothing runs."""
        app = self._service.app
        if app is None or app.framework not in ("FastAPI", "Starlette"):
            return ()
        from prodlint.deployment.served.lifespan import ignored_starts

        return ignored_starts(self._service, self._repository)

    @property
    def signal_path(self) -> SignalPath:
        """How SIGTERM comes to its server, if it comes there."""
        from prodlint.deployment.processes.stopping import signal_path

        return signal_path(self._service, self._pipelines, self._repository)

    def with_exec(self, path: SignalPath) -> Fix | None:
        """`exec` in front of what the shells that keep a signal wait for."""
        from prodlint.deployment.processes.stopping import with_exec

        return with_exec(path)

    @property
    def grace(self) -> Grace | None:
        """The seconds from SIGTERM to SIGKILL; None where they are not known."""
        from prodlint.deployment.processes.stopping import grace_of

        return grace_of(self._service)

    @property
    def endless_stream(self) -> EndlessStream | None:
        """A stream of its app for which its server waits without a limit when it is asked to stop."""
        if not code_holds(self._service, self._repository, b"StreamingResponse", b"EventSourceResponse"):
            return None
        from prodlint.deployment.served.endless_stream import endless_stream_of

        return endless_stream_of(self._service, self._repository)

    @property
    def may_limit_streams(self) -> bool:
        """Whether its uvicorn may know a limit: the option came with 0.22 (its release notes), older ones refuse it."""
        return is_since(self._service.installs, "uvicorn", "0.22") is not NO

    @property
    def with_graceful_limit(self) -> Fix | None:
        """A limit of what uvicorn waits for, within the grace that is known, in its command.

        None in a script, and where uvicorn is older than the option.
        """
        server, grace = self._service.server, self.grace
        if server is None or server.product != "uvicorn" or grace is None or grace.seconds < 2:
            return None
        if not self.may_limit_streams:
            return None
        from prodlint.deployment.fixes.bind import with_option

        # The app itself has to end as well.
        seconds = int(max(grace.seconds - 5, grace.seconds / 2))
        edit = with_option(self._service, server, f"--timeout-graceful-shutdown={seconds}")
        return None if edit is None else Fix(f"wait {seconds} s for what is open", (edit,), Safety.SAFE)

    @property
    def reloading_master(self) -> Setting | None:
        """What makes a uWSGI master that reloads on SIGTERM instead of stopping; None where it stops."""
        if self._service.server is None or self._service.server.product != "uwsgi":
            return None
        from prodlint.deployment.processes.uwsgi_stop import reloading_master

        return reloading_master(self._service)

    def with_die_on_term(self, master: Setting) -> Fix | None:
        """`die-on-term` in the file that makes the master; None where that is no ini file."""
        from prodlint.deployment.processes.uwsgi_stop import with_die_on_term

        return with_die_on_term(master)
