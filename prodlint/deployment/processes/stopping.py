"""How a service is told to stop: the way of SIGTERM to its server, and the seconds until SIGKILL.

Measured (serving page, 3.1; platform page, M8): tests/rules/test_real_signals.py. The defaults of the
platforms are those of the platform page, 2.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum

from prodlint.deployment.command import Ancestor, Parent, Step
from prodlint.deployment.image import Image
from prodlint.deployment.images.base import shell_of
from prodlint.deployment.pipeline import Pipeline
from prodlint.deployment.process import Platform, Process
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.server import Server
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, Known, Unknown, Value
from prodlint.finding import Edit, Fix, Safety
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["Arrival", "Grace", "SignalPath", "grace_of", "signal_path", "stop_signal", "with_exec"]


class Arrival(Enum):
    """What becomes of the signal that asks a service to stop."""

    DIRECT = "it reaches the server"
    SWALLOWED = "the first process is a shell that waits, and never tells the server"
    KILLED = "an init stops the shell above the server, and the server dies with it"
    IGNORED = "the server is the first process, and does nothing on it"
    ALL = "the platform signals every process"
    UNKNOWN = "it is not known"


class SignalPath(Record):
    """The way of the stop signal.

    `blamed` are the shells that keep it, from the outermost on; `init` is the place that puts an init above them.
    """

    arrival: Arrival
    reason: str = ""
    blamed: tuple[Ancestor, ...] = ()
    init: Span | None = None

    @property
    def is_lost(self) -> bool:
        """Whether a shell keeps the signal from the server, or dies of it and takes the server along."""
        return self.arrival in (Arrival.SWALLOWED, Arrival.KILLED)

    @property
    def arrives(self) -> bool:
        """Whether the server is known to be told: nothing above it keeps the signal, or every process gets it."""
        return self.arrival in (Arrival.DIRECT, Arrival.ALL)

    @property
    def is_ignored(self) -> bool:
        """Whether the server itself does nothing on it."""
        return self.arrival is Arrival.IGNORED

    @property
    def place(self) -> Span | None:
        """The command for which the innermost of those shells waits."""
        return self.blamed[-1].command if self.blamed else None


class Grace(Record):
    """The seconds between the signal and the kill; `span` is None for the platform's default."""

    seconds: float
    platform: str
    span: Span | None = None
    name: str = ""


# The runtimes of these start one command as the first process of a container.
_CONTAINERS = (Platform.DOCKER, Platform.COMPOSE, Platform.KUBERNETES, Platform.CLOUD_RUN, Platform.ECS)
# These install no handler, and the kernel has no default for the first process (measured).
_WITHOUT_HANDLER = frozenset("waitress flask runserver Flask-Script http.server werkzeug".split())
_TERM = frozenset({"SIGTERM", "TERM", "15"})

# The name of the setting that says the seconds, and what holds without it.
_GRACE: dict[Platform, tuple[str, float | None]] = {
    Platform.KUBERNETES: ("terminationGracePeriodSeconds", 30),
    Platform.COMPOSE: ("stop_grace_period", 10),
    Platform.FLY: ("kill_timeout", 5),
    Platform.CLOUD_RUN: ("", 10),
    Platform.ECS: ("stopTimeout", 30),
    Platform.HEROKU: ("", 30),
    Platform.RENDER: ("maxShutdownDelaySeconds", 30),
    Platform.RAILWAY: ("deploy.drainingSeconds", None),
    Platform.DIGITALOCEAN: ("termination.grace_period_seconds", 120),
    Platform.SYSTEMD: ("TimeoutStopSec", 90),
    Platform.SUPERVISOR: ("stopwaitsecs", 10),
}
_UNITS = {"": 1.0, "s": 1.0, "sec": 1.0, "ms": 0.001, "m": 60.0, "min": 60.0, "h": 3600.0}
_SLEEP = regex(r"(?:^|\bsleep\s+)(\d{1,6}(?:\.\d+)?)\b")
_DURATION = regex(r"(\d+(?:\.\d+)?)\s*(ms|min|sec|s|m|h|)\s*")


def grace_of(service: Service) -> Grace | None:
    """The seconds that a platform gives a service to stop; None where that is not known."""
    process = service.process
    name, default = _GRACE.get(process.platform, ("", None))
    said = process.platform_setting(name) if name else None
    if said is not None:
        seconds = _seconds(said.value)
    else:
        seconds = default
    if seconds is None:
        return None
    # The hook runs first, and its time counts.
    slept = _slept(process)
    return Grace(max(seconds - slept, 0), process.platform.value, said.span if said is not None else None, name)


def _slept(process: Process) -> float:
    """The seconds that a hook of Kubernetes sleeps before the signal is sent."""
    for name in ("lifecycle.preStop.sleep.seconds", "lifecycle.preStop.exec.command"):
        hook = process.setting(name)
        found = _SLEEP.search(hook.value) if isinstance(hook, Known) else None
        if found is not None:
            return float(found[1])
    return 0


def _seconds(value: Value[str]) -> float | None:
    """A duration such as `45`, `1m30s`, `5min 20s`."""
    if not isinstance(value, Known):
        return None
    text = value.value.strip()
    if not text or not re.fullmatch(rf"(?:{_DURATION.pattern})+", text):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(text))


def stop_signal(service: Service) -> Value[str]:
    """The signal that asks the service to stop, as the platform or the image names it."""
    process = service.process
    key = {
        Platform.COMPOSE: "stop_signal",
        Platform.SYSTEMD: "KillSignal",
        Platform.SUPERVISOR: "stopsignal",
        Platform.FLY: "kill_signal",
        Platform.KUBERNETES: "lifecycle.stopSignal",
    }.get(process.platform)
    said = process.setting(key) if key is not None else None
    if said is not None:
        return said
    image = service.image
    if image is not None and image.stop_signal is not None and process.platform in _CONTAINERS:
        literal = image.stop_signal.literal
        span = image.stop_signal.span
        return Known(literal, span) if literal is not None else Unknown("it is computed", span)
    return Known("SIGINT" if process.platform is Platform.FLY else "SIGTERM", process.span)


def signal_path(service: Service, pipelines: Iterable[Pipeline], repository: Repository) -> SignalPath:
    """How SIGTERM comes to the server of a service, if it comes there."""
    process, step = service.process, service.step
    if process.platform is Platform.DOCKER and any(_goes_to_heroku(one, repository) for one in pipelines):
        return SignalPath(Arrival.UNKNOWN, "its image may be pushed to Heroku, which signals every process")
    if process.platform is Platform.HEROKU:
        return SignalPath(Arrival.ALL, "Heroku signals every process of a dyno")
    if process.platform is Platform.SYSTEMD:
        mode = process.setting("KillMode")
        if mode is None or (isinstance(mode, Known) and mode.value == "control-group"):
            return SignalPath(Arrival.ALL, "systemd signals every process of a unit")
    if process.platform is Platform.SUPERVISOR:
        group = process.setting("stopasgroup")
        if isinstance(group, Known) and group.value.lower() in ("true", "yes", "1", "on"):
            return SignalPath(Arrival.ALL, "supervisor signals the whole group")
    doubt = _doubt(service)
    if doubt or step is None:
        return SignalPath(Arrival.UNKNOWN, doubt or "what it starts is not known")
    init = _platform_init(process)
    paths = [_path(one, service.image, init) for one in _candidates(service, step)]
    first = paths[0]
    if any(one.arrival is not first.arrival for one in paths):
        return SignalPath(Arrival.UNKNOWN, "a condition decides what starts")
    if first.arrival is Arrival.DIRECT and init is None and not _has_init(step) and _ignores(service.server):
        return SignalPath(Arrival.IGNORED, "the first process has no handler for it")
    return first


def _goes_to_heroku(pipeline: Pipeline, repository: Repository) -> bool:
    """Whether a pipeline pushes images to Heroku, as far as its file tells."""
    data = repository.data(pipeline.path) or b""
    return b"registry.heroku.com" in data or b"heroku container" in data


def _candidates(service: Service, step: Step) -> tuple[Step, ...]:
    """The steps of which one stays; those that run beside each other have a way each."""
    steps = tuple(one for one in service.execution.processes if not one.is_option)
    is_one = step.background or not (service.candidates or any(one is step for one in steps))
    return (step,) if is_one or not steps else steps


def with_exec(path: SignalPath) -> Fix | None:
    """`exec` in front of what the shells on the way wait for; None where something may come after it."""
    starts = [shell.starts for shell in path.blamed if shell.is_last and shell.starts is not None]
    if len(starts) < len(path.blamed) or any(not one.path for one in starts):
        return None
    edits = tuple(Edit(Span(one.source, one.start, one.start), "exec ") for one in starts)
    return Fix("let it take the place of the shell", edits, Safety.SAFE)


def _doubt(service: Service) -> str:
    """Why the way of the signal cannot be known; empty when it can."""
    process, image = service.process, service.image
    if process.platform not in _CONTAINERS:
        return f"how {process.platform.value} hands signals on is not known"
    if process.setting("shareProcessNamespace") is not None or process.setting("pid") is not None:
        return "its processes share the namespace of others"
    signal = stop_signal(service)
    if not isinstance(signal, Known) or signal.value.upper() not in _TERM:
        return "it is stopped by another signal"
    if not service.has_known_entrypoint or (image is None and process.entrypoint is None):
        return "the ENTRYPOINT of its image is not known"
    hook = process.setting("lifecycle.preStop.exec.command")
    if isinstance(hook, Known) and "kill" in hook.value:
        return "a hook of the platform sends signals of its own"
    return ""


def _platform_init(process: Process) -> Span | None:
    """Where the platform is told to put an init above the command."""
    for name in ("init", "initProcessEnabled"):
        said = process.platform_setting(name)
        if said is not None and not (isinstance(said.value, Known) and said.value.value.lower() in ("false", "no")):
            return said.span
    return None


def _has_init(step: Step) -> bool:
    return any(one.kind in (Parent.INIT, Parent.FORWARDER) for one in step.ancestors)


def _path(step: Step, image: Image | None, init: Span | None) -> SignalPath:
    blamed: list[Ancestor] = []
    for one in step.ancestors:
        if one.kind is Parent.OTHER:
            # What stands above it keeps the signal from it, whatever it is.
            return _kept(blamed, init) if blamed else SignalPath(Arrival.UNKNOWN, f"{one.name} stands above it")
        if one.kind in (Parent.INIT, Parent.FORWARDER):
            init = init or (None if blamed else one.span)
            continue
        stays = _stays(one, image)
        if stays is UNKNOWN or (stays is YES and one.traps):
            reason = "a shell handles signals itself" if one.traps else "the shell of the image is not known"
            return SignalPath(Arrival.UNKNOWN, reason)
        if stays is YES:
            blamed.append(one)
    return _kept(blamed, init) if blamed else SignalPath(Arrival.DIRECT, init=init)


def _kept(blamed: list[Ancestor], init: Span | None) -> SignalPath:
    return SignalPath(Arrival.SWALLOWED if init is None else Arrival.KILLED, "", tuple(blamed), init)


def _stays(shell: Ancestor, image: Image | None) -> Answer:
    """Whether a shell waits above what it starts, instead of becoming that."""
    if shell.execs:
        return NO
    if shell.kind is Parent.SCRIPT:
        return YES
    name = shell.name or (image.shell if image is not None else None) or "sh"
    if name == "sh":
        name = _sh(image) or ""
    if name in ("busybox", "ash"):
        # It becomes the last command of conditions and groups as well (measured with 1.35).
        return NO if shell.is_last else UNKNOWN
    if name == "bash":
        return NO if shell.is_last and not shell.redirects else YES
    return YES if name == "dash" else UNKNOWN


def _sh(image: Image | None) -> str | None:
    """The program behind `/bin/sh`; None also where a RUN puts another one there."""
    if image is None or any("/bin/sh" in one.step.arguments for one in image.steps if one.step.program == "ln"):
        return None
    return shell_of(image.base)


def _ignores(server: Server | None) -> bool:
    if server is None or server.product not in _WITHOUT_HANDLER:
        return False
    # A script that starts it may handle signals itself.
    return not (server.in_code and "signal" in server.span.source.text)
