"""Makefiles and justfiles: their targets that deploy, each as a job (delivery page, 2.4)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from itertools import pairwise

from prodlint.deployment.command import shell_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.pipeline import Job, JobStep, Pipeline
from prodlint.deployment.repository import Repository
from prodlint.regex import regex
from prodlint.source import Span, Text

_DEPLOYING = frozenset("deploy deployment release prod production ship rollout redeploy live".split())
_MAY_DEPLOY = ("deploy", "release", "prod", "ship", "rollout", "live")
_ENDS_WORDS = str.maketrans("-_.", "   ")
_SETS = regex(r"\bcompose\b|\bstack[ \t]+deploy\b")
# What may stand before the name of a file or of a folder, and in a name that says production.
_BEFORE_NAMES = frozenset(("=", "cd", "-f", "--file"))
_MAY_SAY_PRODUCTION = ("prod", "live", "stag", "deploy", "release")
_APART = str.maketrans({**dict.fromkeys("'\";&|()", " "), "=": " = "})


def read(path: str, repository: Repository) -> Iterator[Pipeline]:
    """The targets that deploy, as jobs of one pipeline: what each runs is followed like a command's.

    Those are the targets whose name says it; where there may be compose files of production the others are unsaid.
    """
    data = repository.data(path)
    if data is None or environment_of(path) in (Environment.DEVELOPMENT, Environment.TEST):
        return
    text = data.decode("utf-8", "replace").lower()
    by_files = _may_hold_sets(path, text)
    if not by_files and not any(map(_may_deploy, text.split("\n"))):
        return
    program = "make" if posixpath.basename(path).lower().endswith("makefile") else "just"
    targets = _targets(path, repository) if program == "make" else _recipes(path, repository)
    jobs = tuple(_job(program, name, span, path) for name, span in targets if by_files or _deploys(name))
    source = repository.source(path)
    if jobs and source is not None:
        yield Pipeline(path, path, source.line_span(1), jobs)


def _may_hold_sets(path: str, text: str) -> bool:
    """Whether a text may start compose files of production: it names them, or what they are put together from."""
    if _SETS.search(text) is None:
        return False
    words = text.translate(_APART).split()
    return environment_of(path) is Environment.PRODUCTION or any(
        _names_production(before, word) for before, word in pairwise(("", *words))
    )


def _names_production(before: str, word: str) -> bool:
    if not any(sign in word for sign in _MAY_SAY_PRODUCTION):
        return False
    is_path = before in _BEFORE_NAMES or "/" in word or "." in word.rstrip(".")
    return is_path and environment_of(word) is Environment.PRODUCTION


def _may_deploy(line: str) -> bool:
    """Whether a line may begin a target that deploys: this only spares the reading of other files."""
    return not line.startswith(("\t", " ", "#")) and any(word in line for word in _MAY_DEPLOY)


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
