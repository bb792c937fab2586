"""From a declared process to what it really starts: its program, server, app and worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from prodlint.deployment.app import roots_of
from prodlint.deployment.apps.handler import adapted_command, client_handler, django_by_settings, handled, handler_of
from prodlint.deployment.command import CommandLine, Execution, Form, Step, exec_form
from prodlint.deployment.commands.short_lived import MAKE_READY, RETURN_AT_ONCE
from prodlint.deployment.environment import Environment
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.steps import GIVEN_NOTHING, execute
from prodlint.deployment.filemap import FileMap, Placement, absolute
from prodlint.deployment.image import Image
from prodlint.deployment.migration import migration_of
from prodlint.deployment.one_shot import most_telling
from prodlint.deployment.process import Platform, Process, Role
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.loading import loading
from prodlint.deployment.servers.script_run import script_run
from prodlint.deployment.servers.server import program_of, role_of, server_of
from prodlint.deployment.service import Service, declared_lines
from prodlint.deployment.value import NO, YES, Value
from prodlint.deployment.variable import Variables, variables_of
from prodlint.record import replace
from prodlint.source import Span, Text
from prodlint.syntax.word import Word

if TYPE_CHECKING:
    from prodlint.deployment.servers.worker_settings import Worker

__all__ = ["resolve_service", "started"]

_MOST_COMMANDS = 8


def resolve_service(
    process: Process,
    environment: Environment,
    image: Image | None,
    repository: Repository,
) -> Service:
    """Follow a process to its server and its app."""
    variables = variables_of(process, image, repository)
    place = _place_of(process, image, variables)
    command, arguments, span = _start_command(process, image)
    command = command or adapted_command(process, variables)
    handler = handler_of(process, image, command, variables)
    called = command is None or handler is not None
    execution = Execution() if called or command is None else execute(command, place, repository, arguments)
    if process.decided_by is not None:
        execution = Execution(unread=(process.decided_by,))
    if execution.lost:
        # What prepares for a command that nobody names, or that is not followed, does not stay in its place.
        is_given_nothing = any(link.note == GIVEN_NOTHING for link in execution.unread)
        staying = tuple(step for step in execution.processes if not _prepares(step, is_given_nothing))
        execution = replace(execution, processes=staying)
    execution = _without_making_ready(execution)
    steps = _long_running(execution)
    if process.ends:
        steps = most_telling(execution, steps)
    service = Service(
        name=process.name,
        span=span,
        process=process,
        environment=environment,
        execution=execution,
        place=place,
        role=process.role,
        image=image,
        variables=variables,
    )
    if handler is None:
        handler = client_handler(execution.processes)
    if handler is not None:
        return _with_handler(service, handler, repository)
    if not steps:
        usual = _by_default(execution)
        by_default = started(_with_step(service, usual), usual, repository) if usual is not None else None
        return replace(service, app=django_by_settings(process), by_default=by_default)
    if len(steps) == 1:
        return started(_with_step(service, steps[0]), steps[0], repository)
    return _agreeing(service, [started(_with_step(service, step), step, repository) for step in steps])


def _with_step(service: Service, step: Step) -> Service:
    seen = service.variables.seen_by(step)
    place = replace(service.place, environment=seen.values, variables=seen)
    return replace(service, step=step, variables=seen, place=place)


def _agreeing(service: Service, candidates: Sequence[Service]) -> Service:
    """A service that one of several commands starts: with what is the same for all of them."""
    from prodlint.deployment.servers.agreement import agree, agreed_server, agreed_step

    service = _with_step(service, agreed_step([one.step for one in candidates if one.step is not None]))
    app = agree((one.app for one in candidates), lambda app: None if app is None else (app.span, app.is_factory))
    return replace(
        service,
        role=agree(one.role for one in candidates) or service.role,
        server=agreed_server([one.server for one in candidates if one.server is not None]),
        app=app,
        module=agree(one.module for one in candidates),
        roots=agree(one.roots for one in candidates) or (),
        candidates=tuple(candidates),
    )


def _with_handler(service: Service, handler: Value[str], repository: Repository) -> Service:
    found = handled(handler, service.place, repository)
    app = replace(found.app, is_factory=False) if found.app is not None else None
    return replace(service, handler=handler, handled_at=found.span, app=app)


def _place_of(process: Process, image: Image | None, variables: Variables) -> Place:
    if image is not None:
        files, directory = image.files, image.directory
    else:
        from prodlint.deployment.packages.platform_folder import platform_folder

        # Without an image of ours, and away from platforms that build, nobody knows what lies where.
        directory = platform_folder(process)
        files = FileMap((), False) if directory is None else FileMap((Placement(directory, process.root),))
    for volume in process.volumes:
        files = FileMap((*files.placements, Placement(volume.target, None)), files.complete)
    for mount in process.mounts:
        files = files.with_mount(mount.target, mount.source)
    files = replace(files, overlaid=process.overlaid if process.complete else None)
    if process.directory is not None:
        directory = None if "$" in process.directory else absolute(process.directory, directory)
    return Place(files, directory, variables.values, variables, image.programs if image is not None else ())


def _start_command(process: Process, image: Image | None) -> tuple[CommandLine | None, tuple[Word, ...], Span]:
    """ENTRYPOINT and CMD joined as Docker joins them (serving page, 2.1), and where the result is declared."""
    if process.platform is Platform.SUPERVISOR:
        image = None  # The container has long started when supervisord starts its programs.
    entrypoint, command = declared_lines(process, image)
    declared = process.command or process.entrypoint
    span = declared.span if declared is not None else process.span
    if entrypoint is None:
        return command, (), span
    if entrypoint.form is Form.SHELL or command is None:
        return entrypoint, (), span
    if command.form is Form.SHELL:
        assert command.text is not None
        shell = [Word.of(Text.at(word, command.span), command.span) for word in ("/bin/sh", "-c")]
        tail: tuple[Word, ...] = (*shell, Word.of(command.text, command.span))
    else:
        tail = command.words
    return exec_form((*entrypoint.words, *tail), command.span), (), span


def _long_running(execution: Execution) -> tuple[Step, ...]:
    """The steps that do not return: the one candidate, or those that may be it where all start the same server."""
    # Words that begin with an option are arguments for an entrypoint that is not known.
    candidates = [step for step in execution.processes if not step.is_option]
    if not candidates:
        steps = [step for step in execution.steps if not step.conditional and not (execution.lost and step.background)]
        servers = [step for step in steps if server_of(step) is not None]
        return tuple(servers) if len(servers) == 1 else ()
    if (waited_for := _waited_for(execution, candidates)) is not None:
        return (waited_for,)
    if len(candidates) == 1:
        return tuple(candidates)
    if all(step.background for step in candidates):
        # They all run, and a service has one name: that of its only server.
        servers = [step for step in candidates if server_of(step) is not None]
        return tuple(servers) if len(servers) == 1 else ()
    shapes = {(server.product, server.is_development) if (server := server_of(step)) else None for step in candidates}
    if len(shapes) != 1 or None in shapes:
        return ()
    from prodlint.deployment.servers.agreement import distinct

    commands = distinct(candidates)
    return commands if len(commands) <= _MOST_COMMANDS else ()


def _without_making_ready(execution: Execution) -> Execution:
    """What a command comes down to, where its last program only makes something ready: that is not what stays.

    `migrate && touch /done` is a job that migrates; a command that does nothing else is told as it is.
    """
    if not execution.processes or not all(step.program in MAKE_READY for step in execution.processes):
        return execution
    rest = [step for step in execution.steps if step.program not in MAKE_READY]
    if not rest and not execution.unread:
        return execution
    is_alone = len(rest) == 1 and not (rest[0].conditional or rest[0].background or execution.unread)
    return replace(execution, processes=tuple(rest) if is_alone else ())


def _by_default(execution: Execution) -> Step | None:
    """The only command that stays while nothing sets the variables by which a script chooses one."""
    found = [step for step in execution.processes if step.unset is YES]
    rest = [step for step in execution.processes if step.unset is not YES]
    is_whole = len(found) == 1 and bool(rest) and all(step.unset is NO and step.when for step in rest)
    return found[0] if is_whole else None


def _waited_for(execution: Execution, candidates: list[Step]) -> Step | None:
    """The server whose end a shell waits for before it comes to what it starts last: `server; report $?`."""
    if any(step.replaces_shell or server_of(step) is not None for step in candidates):
        return None
    from prodlint.deployment.processes.staying import stays

    for one in execution.successions:
        is_last = all(any(step is other for other in one.after) for step in candidates)
        if is_last and len(one.before) == 1 and server_of(one.before[0]) is not None:
            server = one.before[0]
            # One in the background is waited for by `wait`; what starts in between may end it.
            is_left = server.background and _starts_between(execution, server, one.after)
            return server if not is_left and stays(replace(server, background=False)) else None
    return None


def _starts_between(execution: Execution, first: Step, last: Sequence[Step]) -> bool:
    """Whether a shell waits for a program that it starts behind a step and before others."""
    places = {id(step): place for place, step in enumerate(execution.steps)}
    begin, end = places.get(id(first)), min((places[id(one)] for one in last if id(one) in places), default=None)
    if begin is None or end is None:
        return True
    return any(not step.background for step in execution.steps[begin + 1 : end])


def _prepares(step: Step, is_given_nothing: bool) -> bool:
    """Whether a step only comes before what stays; a command of the project does where `exec "$@"` is given none."""
    tool, words = program_of(step)
    first = words[0].literal if words else None
    is_own = is_given_nothing and role_of(step) is Role.UNKNOWN
    is_command = tool == "django-admin" and (first in _PREPARING or is_own)
    is_command = is_command or (tool in _INSTALLERS and first in ("install", "add", "ci", "update"))
    return is_command or step.program in RETURN_AT_ONCE or migration_of(step) is not None


_INSTALLERS = ("pip", "pip3", "uv", "apt", "apt-get", "apk", "npm", "yarn")
_PREPARING = ("check", "collectstatic", "compilemessages", "compress", "createcachetable", "flush", "loaddata")


# Their ports are not asked by browsers.
_DATABASES = frozenset("postgres mysqld mariadbd redis-server valkey-server mongod memcached rabbitmq-server".split())


def started(service: Service, step: Step, repository: Repository) -> Service:
    """A service with what a step starts: its server, app and worker."""
    roots = roots_of(replace(service.place, directory=step.directory), repository)
    server = server_of(step)
    role = role_of(step)
    if role is Role.UNKNOWN and step.program not in _DATABASES:
        role = service.role
    if server is None:
        service = replace(service, role=role, worker=_worker(step, role, service, repository))
        return service if service.worker is not None else _with_script(service, step, roots, repository)
    loaded = loading(server, step, service.place, repository, roots)
    return replace(
        service, role=Role.WEB, server=loaded.server, app=loaded.app, module=loaded.module, roots=loaded.roots
    )


def _worker(step: Step, role: Role, service: Service, repository: Repository) -> Worker | None:
    # As `worker_of` says itself: asked here so that services without one do not load it.
    if role not in (Role.WORKER, Role.BEAT):
        return None
    from prodlint.deployment.servers.worker_settings import worker_of

    return worker_of(step, service.place, repository)


def _with_script(service: Service, step: Step, roots: tuple[str, ...], repository: Repository) -> Service:
    """A Python file, module or console script that may start a server by itself."""
    run = script_run(step, service.place, repository, roots)
    if run is None:
        return service
    role = Role.WEB if run.starts else service.role
    loaded = run.loading
    if loaded is None:
        return replace(service, role=role, starts=run.starts)
    found = replace(service, role=role, server=loaded.server, app=loaded.app, starts=run.starts)
    return found if loaded.module is None else replace(found, module=loaded.module, roots=loaded.roots)
