"""Makefiles and justfiles: their targets that deploy, each as a job (delivery page, 2.4)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from prodlint.deployment.command import shell_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.pipeline import Job, JobStep, Pipeline
from prodlint.deployment.repository import Repository
from prodlint.regex import regex
from prodlint.source import Span, Text

_WORDS = "deploy|deployment|release|prod|production|ship|rollout|redeploy|live"
_DEPLOYS = regex(rb"(?im)^@?[\w.-]*(" + _WORDS.encode() + rb")")
_DEPLOYING = frozenset(_WORDS.split("|"))
_ENDS_WORDS = str.maketrans("-_.", "   ")
_SETS = regex(rb"(?i)\bcompose\b|\bstack[ \t]+deploy\b")
# What may be a path or a part of one, with a word of production in it: `docker-compose.prod.yml`, `ENV = live`.
_OF_WORD = rb"[^\s'\"=;&|]{0,200}"
_PATHS = regex(
    rb"(?i)(=[ \t]*|\bcd[ \t]+|-f[ \t]+|--file[ =])?(%b(?:prod|live|stag|deploy|release)%b)" % (_OF_WORD, _OF_WORD)
)


def read(path: str, repository: Repository) -> Iterator[Pipeline]:
    """The targets that deploy, as jobs of one pipeline: what each runs is followed like a command's.

    Those are the targets whose name says it; where there may be compose files of production the others are unsaid.
    """
    data = repository.data(path)
    if data is None or environment_of(path) in (Environment.DEVELOPMENT, Environment.TEST):
        return
    by_files = _may_hold_sets(path, data)
    if not by_files and _DEPLOYS.search(data) is None:
        return
    program = "make" if posixpath.basename(path).lower().endswith("makefile") else "just"
    targets = _targets(path, repository) if program == "make" else _recipes(path, repository)
    jobs = tuple(_job(program, name, span, path) for name, span in targets if by_files or _deploys(name))
    source = repository.source(path)
    if jobs and source is not None:
        yield Pipeline(path, path, source.line_span(1), jobs)


def _may_hold_sets(path: str, data: bytes) -> bool:
    return _SETS.search(data) is not None and (
        environment_of(path) is Environment.PRODUCTION or any(map(_says_production, _PATHS.finditer(data)))
    )


def _says_production(found: re.Match[bytes]) -> bool:
    written = found[2].decode("utf-8", "replace").rstrip(".")
    is_path = found[1] is not None or "/" in written or "." in written
    return is_path and environment_of(written) is Environment.PRODUCTION


def _targets(path: str, repository: Repository) -> Iterator[tuple[str, Span]]:
    makefile = repository.makefile(path)
    for rule in makefile.rules if makefile is not None else ():
        # A target that only needs another one is a second name of it.
        if rule.recipe or len(rule.needs) > 1 or (rule.needs and _deploys(rule.target)):
            yield rule.target, rule.span


def _recipes(path: str, repository: Repository) -> Iterator[tuple[str, Span]]:
    justfile = repository.justfile(path)
    for name, recipe in justfile.recipes.items() if justfile is not None else ():
        yield name, recipe.span


def _job(program: str, name: str, span: Span, path: str) -> Job:
    """`make NAME`, started by whoever deploys: on the machine that serves, as a deploy script is."""
    folder, _, file = path.rpartition("/")
    command = f"{program} -f {file} {name}" if file not in ("Makefile", "justfile") else f"{program} {name}"
    step = JobStep(span, script=shell_form(Text.at(command, span)), directory=folder)
    return Job(name, span, (step,), on_host=True, unsaid=not _deploys(name))


def _deploys(name: str) -> bool:
    """Whether a target says by a word of its name that it deploys."""
    return not _DEPLOYING.isdisjoint(name.lower().translate(_ENDS_WORDS).split(" "))
