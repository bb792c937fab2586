"""What a program that works off a queue or a schedule is told: its app, its processes, its limits."""

from __future__ import annotations

from prodlint.deployment.command import Step
from prodlint.deployment.commands.grammar import Parsed, grammar, parse
from prodlint.deployment.commands.program import program_of
from prodlint.deployment.condition import NOWHERE
from prodlint.deployment.execution.place import Place
from prodlint.deployment.process import Role
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers import worker_tables as tables
from prodlint.deployment.servers.layers import Context, Layers
from prodlint.deployment.servers.server import Server
from prodlint.deployment.servers.setting import Settings, as_text, text_of
from prodlint.deployment.servers.worker import worker_role
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.record import Record, compared_without, field
from prodlint.source import Span
from prodlint.syntax.word import Word

__all__ = ["Worker", "worker_of"]

_NO_SETTINGS = Settings("a worker", NOWHERE)


@compared_without("settings")
class Worker(Record):
    """A worker or scheduler that a process starts.

    `target` is its app or broker, as written. `settings` holds every setting by the model's name:
    `workers` are processes, `concurrency` what Celery makes of it.
    """

    product: str
    span: Span
    distribution: str
    role: Role
    target: Value[str] = field(default_factory=lambda: Unknown("the command names no app"))
    parsed: Parsed = field(default_factory=lambda: Parsed((), ()))
    settings: Settings = field(default_factory=lambda: _NO_SETTINGS)

    @property
    def is_celery(self) -> bool:
        """Whether it is Celery's."""
        return self.distribution == "celery"

    @property
    def has_scheduler(self) -> bool:
        """Whether it also runs what is scheduled: a beat, or a worker with one built in (`celery worker -B`)."""
        return self.role is Role.BEAT or self.settings.known("beat") is True


class _Program(Record):
    """How a program is read: its options, what installs it, how many words stand before its app."""

    table: str
    style: str
    distribution: str
    skipped: int = 0


_PROGRAMS = {
    "celery worker": _Program(tables.CELERY_GROUP + tables.CELERY_WORKER, "click", "celery", 1),
    "celery beat": _Program(tables.CELERY_GROUP + tables.CELERY_BEAT, "click", "celery", 1),
    "rq worker": _Program(tables.RQ, "click", "rq", 1),
    "rqworker": _Program(tables.RQ, "click", "rq"),
    "arq": _Program(tables.ARQ, "click", "arq"),
    "dramatiq": _Program(tables.DRAMATIQ, "argparse", "dramatiq"),
    "dramatiq-gevent": _Program(tables.DRAMATIQ, "argparse", "dramatiq"),
    "huey_consumer": _Program(tables.HUEY, "optparse", "huey"),
    "huey_consumer.py": _Program(tables.HUEY, "optparse", "huey"),
    "taskiq worker": _Program(tables.TASKIQ, "argparse", "taskiq", 1),
    "taskiq scheduler": _Program(tables.TASKIQ, "argparse", "taskiq", 1),
}


def worker_of(step: Step, place: Place, repository: Repository) -> Worker | None:
    """The worker or scheduler that a step starts, with its settings; None when it starts none that is known."""
    tool, words = program_of(step)
    role = worker_role(tool, words)
    found = _program(tool, words) if role in (Role.WORKER, Role.BEAT) else None
    if found is None:
        return None
    name, program = found
    known = grammar(program.table, program.style)
    parsed = parse(known, words)
    # The settings of servers and workers are laid over one another in the same way.
    context = Context(Server(name, step.span), step, place, repository)
    layers = Layers(context, known)
    layers.words(parsed, None, context.lookup)
    settings = layers.settings()
    named = parsed.positional[program.skipped : program.skipped + 1]
    target = _target(name, settings, named, context)
    return Worker(name, step.span, program.distribution, role, target, parsed, settings)


def _program(tool: str, words: tuple[Word, ...]) -> tuple[str, _Program] | None:
    if tool in _PROGRAMS:
        return tool, _PROGRAMS[tool]
    group = tables.CELERY_GROUP if tool == "celery" else ""
    rest = parse(grammar(group, "group"), words).positional
    name = f"{tool} {rest[0].literal}" if rest else tool
    return (name, _PROGRAMS[name]) if name in _PROGRAMS else None


def _target(name: str, settings: Settings, named: tuple[Word, ...], context: Context) -> Value[str]:
    if name.startswith("celery"):
        app = settings.value("app")
        if isinstance(app, Known) and app.value is None:
            variable = context.lookup("CELERY_APP")
            is_set = variable is not None and not (isinstance(variable, EnvDriven) and variable.default is None)
            if is_set and variable is not None:
                return variable
            return Unknown("neither -A nor CELERY_APP names an app", context.server.span)
        return as_text(app)
    if name.startswith("rq") or not named:
        return Unknown("the command names no app", context.server.span)
    return text_of(named[0], context.lookup)
