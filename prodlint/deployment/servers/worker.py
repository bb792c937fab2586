"""Programs that work off queues and schedules: Celery, rq, dramatiq, huey, arq, taskiq and their like."""

from __future__ import annotations

from prodlint.deployment.commands.grammar import grammar, parse
from prodlint.deployment.process import Role
from prodlint.deployment.servers import worker_tables as tables
from prodlint.syntax.word import Word

__all__ = ["worker_role"]

_ALWAYS = frozenset(
    "rqworker dramatiq dramatiq-gevent huey_consumer huey_consumer.py arq saq celeryd faust procrastinate kopf".split()
)
_SCHEDULERS = frozenset("rqscheduler celerybeat".split())
_COMMANDS = {
    "celery": {"worker": Role.WORKER, "multi": Role.WORKER, "beat": Role.BEAT, "flower": Role.WEB},
    "rq": {"worker": Role.WORKER, "worker-pool": Role.WORKER, "cron": Role.BEAT},
    "taskiq": {"worker": Role.WORKER, "scheduler": Role.BEAT},
}
_DJANGO = {
    **dict.fromkeys(
        "runworker qcluster process_tasks rundramatiq rqworker rqworker-pool db_worker run_huey procrastinate".split(),
        Role.WORKER,
    ),
    "rqscheduler": Role.BEAT,
}


def worker_role(tool: str, words: tuple[Word, ...]) -> Role:
    """Whether a tool works off a queue or a schedule; UNKNOWN for every other."""
    if tool in _ALWAYS:
        return Role.WORKER
    if tool in _SCHEDULERS:
        return Role.BEAT
    group = tables.CELERY_GROUP if tool == "celery" else ""
    if tool == "django-admin":
        rest = parse(grammar(group, "group"), words).positional
        first = rest[0].literal or "" if rest else ""
        # `manage.py celery worker`, of a time when Celery needed it.
        return worker_role("celery", rest[1:]) if first == "celery" else _DJANGO.get(first, Role.UNKNOWN)
    if tool not in _COMMANDS:
        return Role.UNKNOWN
    parsed = parse(grammar(group, "group"), words)
    first_word = parsed.positional[0] if parsed.positional else None
    if first_word is None or first_word.literal is None:
        # `celery $ARGUMENTS`: which of its programs is not written, and most are workers.
        return Role.WORKER if words else Role.UNKNOWN
    return _COMMANDS[tool].get(first_word.literal, Role.UNKNOWN)
