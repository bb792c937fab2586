"""Which programs stay and which return at once, what waits in vain behind one, and what is left alone."""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.command import Step
from prodlint.deployment.commands.program import program_of
from prodlint.deployment.process import Platform, Role
from prodlint.deployment.processes.supervision import SupervisorConfig, daemonized_by
from prodlint.deployment.servers.server import role_of, server_of
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["Detached", "NeverStarted", "detached", "never_started", "stays"]

# Options with which a server or a worker does its work and ends, or goes to the background.
_RETURNS = frozenset(
    "--check-config --print-config --version --help -h --burst -b --detach -D --daemon --daemonize -d --stop "
    "--check --connect-and-read --dump --once --one-shot".split()
)
# The commands of these tools with which they stay; their others prepare something.
_SERVES = {
    "celery": frozenset({"worker", "beat", "flower"}),
    "procrastinate": frozenset({"worker"}),
    "faust": frozenset({"worker"}),
    "prefect": frozenset({"start"}),
    "rq": frozenset({"worker", "worker-pool"}),
    "taskiq": frozenset({"worker", "scheduler"}),
}
_LONG_RUNNING = (Role.WEB, Role.WORKER, Role.BEAT)
_TOOLS = frozenset("django-admin alembic flask aerich python celery nginx supervisord cron crond npm node".split())
_SCRIPT = regex(r".*\.(py|sh)")
_WATCHES = regex(r"(?:^|[\s;&|({])wait\s+-n\b")
_DAEMON = ("daemon", "daemonize")


class NeverStarted(Record):
    """A step that a shell comes to only when one that does not return has ended."""

    step: Step
    waits_for: Step


class Detached(Record):
    """A server or worker that leaves its command at once: `how` it does, and the `setting` that tells it to."""

    step: Step
    how: str
    setting: Span | None = None


def stays(step: Step) -> bool:
    """Whether a step certainly runs for as long as its service does."""
    if step.conditional or step.background or "timeout" in step.layers or role_of(step) not in _LONG_RUNNING:
        return False
    shown = {(value or "").partition("=")[0] for value in step.arguments}
    tool = program_of(step)[0]
    tool = "procrastinate" if tool == "django-admin" and "procrastinate" in shown else tool
    if tool in _SERVES and shown.isdisjoint(_SERVES[tool]):
        return False
    # `rq worker -b`, but `gunicorn -b ADDRESS`.
    returns = _RETURNS - {"-b"} if server_of(step) is not None else _RETURNS
    return not shown & returns and None not in step.arguments[:1]


def never_started(service: Service) -> NeverStarted | None:
    """The first step that waits for the end of one that stays."""
    for one in service.execution.successions:
        if not one.before or not all(stays(step) for step in one.before):
            continue
        for step in one.after:
            if not step.conditional and not step.background and _matters(step):
                return NeverStarted(step, one.before[-1])
    return None


def _matters(step: Step) -> bool:
    """Whether a step is more than cleaning up or keeping a container open."""
    tool = program_of(step)[0]
    return role_of(step) is not Role.UNKNOWN or tool in _TOOLS or _SCRIPT.fullmatch(tool) is not None


def detached(service: Service, supervisors: tuple[SupervisorConfig, ...]) -> Detached | None:
    """What leaves the command of a service at once, so that whoever supervises it sees it end."""
    if _may_fork(service):
        return None
    step = service.step
    config = daemonized_by(step, service.place.files, supervisors) if step is not None else None
    if step is not None and config is not None:
        return Detached(step, "goes to the background, as it does without `nodaemon=true`", config.section)
    return next((one for one in (*_by_setting(service), *_left(service))), None)


def beside_server(service: Service) -> tuple[Step, ...]:
    """What a command leaves in the background where it starts both a server and a worker, with nobody watching.

    A script that looks after the first of them to end (`wait -n`) watches them.
    """
    if service.step is None or service.process.platform in (Platform.SUPERVISOR, Platform.SYSTEMD):
        return ()
    steps = [one for one in service.execution.steps if not one.conditional and role_of(one) in _LONG_RUNNING]
    if len({server_of(one) is not None for one in steps}) < 2:
        return ()
    return tuple(one for one in steps if one.background and one is not service.step and not _is_watched(one))


def _is_watched(step: Step) -> bool:
    return any(_WATCHES.search(span.source.text) for span in (step.span, *(one.span for one in step.ancestors)))


def _may_fork(service: Service) -> bool:
    kind = service.process.setting("Type") if service.process.platform is Platform.SYSTEMD else None
    return kind is not None and not (isinstance(kind, Known) and kind.value in ("simple", "exec", "notify", "idle"))


def _by_setting(service: Service) -> Iterator[Detached]:
    server, step = service.server, service.step
    if server is not None and step is not None and not server.in_code:
        for name in _DAEMON:
            setting = server.settings.get(name)
            if setting is not None and isinstance(setting.value, Known) and setting.value.value:
                yield Detached(step, "goes to the background by itself", setting.source.span)
    elif step is not None and service.worker is not None and program_of(step)[0] == "celery":
        for word in step.argv[1:]:
            if word.literal in ("--detach", "-D", "multi"):
                yield Detached(step, "goes to the background by itself", word.span)


def _left(service: Service) -> Iterator[Detached]:
    """A server that a script starts with `&` as the last thing that it does."""
    for step in service.execution.left:
        if not step.conditional and role_of(step) in _LONG_RUNNING:
            yield Detached(step, "is left in the background, where nothing waits for it")
