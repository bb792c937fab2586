"""Which program a step runs: `python -m gunicorn` is gunicorn, `python manage.py` is django-admin."""

from __future__ import annotations

from prodlint.deployment.command import Step, unversioned
from prodlint.deployment.commands.grammar import head, tail
from prodlint.record import Record
from prodlint.source import Span
from prodlint.syntax.word import Word

__all__ = ["Program", "program_of", "python_arguments", "runs_manage"]

# Options of the interpreter that take a value, the next word unless it is attached.
_VALUED = "WX"
_MODULES = {
    "django": "django-admin",
    "gunicorn.app.wsgiapp": "gunicorn",
    "granian.cli": "granian",
    "celery.__main__": "celery",
    "celery.bin.celery": "celery",
    "huey.bin.huey_consumer": "huey_consumer",
    "rq.cli": "rq",
}


class Program(Record):
    """A Python program started by a step: a file, a module, a string of code, or none of these."""

    file: Word | None = None
    module: str | None = None
    arguments: tuple[Word, ...] = ()
    span: Span | None = None
    code: Word | None = None


def python_arguments(step: Step) -> Program | None:
    """What a `python …` step runs, with the arguments behind it; None for another program."""
    if unversioned(step.program) not in ("python", "pypy"):
        return None
    words = step.argv[1:]
    index = 0
    while index < len(words):
        word = words[index]
        shown = head(word)
        if not shown.startswith("-") or shown == "-":
            return Program(file=word, arguments=words[index + 1 :], span=word.span)
        if shown.startswith("--"):
            index += 1
            continue
        for at in range(1, len(shown)):
            letter = shown[at]
            if letter not in (*_VALUED, "m", "c"):
                continue
            attached = tail(word, at + 1) if word.literal != shown[: at + 1] else None
            value = attached or (words[index + 1] if index + 1 < len(words) else None)
            rest = words[index + (1 if attached else 2) :]
            if letter == "m":
                return Program(module=value.literal if value else None, arguments=rest, span=word.span)
            if letter == "c":
                return Program(code=value, arguments=rest, span=word.span)
            index += 0 if attached else 1
            break
        index += 1
    return Program()


def runs_manage(module: str) -> bool:
    """Whether `python -m MODULE` runs a manage.py, in whatever package it lies."""
    return module.rpartition(".")[2] == "manage"


_MANAGE = ("manage.py", "django-admin", "django-admin.py")


def program_of(step: Step) -> tuple[str, tuple[Word, ...]]:
    """The tool that a step runs and its arguments.

    `python -m gunicorn …` is gunicorn, `python manage.py …` is django-admin.
    """
    python = python_arguments(step)
    if python is not None:
        if python.module is not None:
            named = "django" if runs_manage(python.module) else python.module
            return _MODULES.get(named, named), python.arguments
        name = (python.file.literal or "") if python.file else ""
        base = name.rpartition("/")[2]
        if base == "manage.py":
            return "django-admin", python.arguments
        # `python /venv/bin/gunicorn app:app`: a console script handed to the interpreter.
        if "/bin/" in name and "." not in base:
            return base, python.arguments
        return "python", step.argv[1:]
    name = step.program
    return "django-admin" if name in _MANAGE else name, step.argv[1:]
