"""Builds that nobody runs here by itself, and that people are told to run: by a script, a Makefile, a manual.

What a script or a Makefile builds is found by running it in thought, as pipelines are: so the folder is known, and what
stands in a comment or behind `echo` is no build. A manual is read as text: it may be about anything, and what it says
makes no image ours.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from itertools import islice

from prodlint.deployment.command import exec_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.pipeline import Job, JobStep, Pipeline
from prodlint.deployment.process import Build, BuiltImage
from prodlint.deployment.releases.pipeline_builds import build_of_words
from prodlint.deployment.releases.release import PipelineStep, read_pipeline
from prodlint.deployment.repository import Repository
from prodlint.regex import regex
from prodlint.source import Source, Span, Text
from prodlint.syntax.word import Word

__all__ = ["builds_of_manuals", "may_tell", "steps_of_tasks"]

_TASK_FILES = ("GNUmakefile", "Makefile", "makefile", "Justfile", "justfile")
_SCRIPTS = (".sh", ".bash")
_MOST_FILES = 60
_MOST_TASKS = 150
_MOST_STEPS = 3_000
_MOST_BUILDS = 100
_LONGEST = 2_000
_BUILD = regex(
    r"\b(?:docker|podman|buildah)[ \t]+(?:(?:image|buildx|builder)[ \t]+)?(?:build|bud)[ \t]([^\n;&|`]{1,2000})"
)
_CONTINUED = regex(r"\\\r?\n")
_BUILDS = regex(r"\b(?:build|bud|buildx|executor)\b")
_DESKS = (Environment.DEVELOPMENT, Environment.TEST)


def may_tell(repository: Repository, last: str) -> bool:
    """Whether a script or a Makefile holds the last segment of an image's name: none builds it otherwise."""
    paths = (*islice(repository.named(*_TASK_FILES), _MOST_FILES), *islice(repository.ending(*_SCRIPTS), _MOST_FILES))
    needle = last.lower().encode()
    return any(needle in (repository.data(path) or b"").lower() for path in paths)


def steps_of_tasks(repository: Repository) -> Iterator[PipelineStep]:
    """The steps of scripts and of the targets of Makefiles that build something, those for desks and tests aside."""
    count = 0
    for pipeline in islice(_tasks(repository), _MOST_TASKS):
        steps, _ = read_pipeline(pipeline, repository)
        yield from steps
        count += len(steps)
        if count > _MOST_STEPS:
            break


def _tasks(repository: Repository) -> Iterator[Pipeline]:
    for path in islice(repository.named(*_TASK_FILES), _MOST_FILES):
        source = _that_builds(path, repository)
        for name, span in _targets(path, repository) if source is not None else ():
            if environment_of(name) not in _DESKS:
                tool = "just" if path.lower().endswith("justfile") else "make"
                yield _task(path, name, (tool, name), posixpath.dirname(path), span)
    for path in islice(repository.ending(*_SCRIPTS), _MOST_FILES):
        source = _that_builds(path, repository)
        if source is not None:
            folder, name = posixpath.split(path)
            # Whoever runs a script stands at the root of the checkout, or beside it.
            for base, written in {"": path, folder: name}.items():
                yield _task(path, name, ("bash", written), base, source.line_span(1))


def _that_builds(path: str, repository: Repository) -> Source | None:
    source = repository.source(path) if environment_of(path) not in _DESKS else None
    return source if source is not None and _BUILDS.search(source.text) is not None else None


def _targets(path: str, repository: Repository) -> Iterator[tuple[str, Span]]:
    """The targets of a file that have commands of their own."""
    if path.lower().endswith("justfile"):
        justfile = repository.justfile(path)
        recipes = justfile.recipes.values() if justfile is not None else ()
        yield from ((one.name, one.span) for one in recipes if any(_BUILDS.search(line.value) for line in one.lines))
        return
    makefile = repository.makefile(path)
    for rule in makefile.rules if makefile is not None else ():
        if any(_BUILDS.search(line.value) for line in rule.recipe):
            yield rule.target, rule.span


def _task(path: str, name: str, words: tuple[str, ...], folder: str, span: Span) -> Pipeline:
    """A pipeline of one job that starts a task by its name."""
    command = exec_form(tuple(Word.of(Text.at(word, span), span) for word in words), span)
    job = Job(name, span, (JobStep(span, script=command, directory=folder),))
    return Pipeline(path, path, span, (job,))


def builds_of_manuals(repository: Repository) -> tuple[BuiltImage, ...]:
    """The names that manuals give to images, with the Dockerfiles of this repository that they read for them."""
    found: list[BuiltImage] = []
    manuals = sorted(repository.ending(".md", ".rst"), key=lambda one: (one.count("/"), one))
    for path in islice(manuals, _MOST_FILES):
        source = repository.source(path)
        if source is not None and ("build" in source.text or "bud" in source.text):
            found.extend(_of_manual(source, repository))
    return tuple(found[:_MOST_BUILDS])


def _of_manual(source: Source, repository: Repository) -> Iterator[BuiltImage]:
    for found in _BUILD.finditer(_CONTINUED.sub("  ", source.text)):
        try:
            words = shlex.split(found[1][:_LONGEST], comments=True)
        except ValueError:
            continue
        line = source.line_span(1 + source.text.count("\n", 0, min(found.start(), len(source.text))))
        written = tuple(Word.of(Text.at(word, line), line) for word in ("build", *words))
        # A manual speaks from the root of the checkout, or from its own folder.
        for base in dict.fromkeys(("", posixpath.dirname(source.path))):
            build = build_of_words(written, f"/{base}", line)
            if build is not None and _is_ours(build, repository):
                yield from (BuiltImage(name, build, line) for name in _names(words))
                break


def _is_ours(build: Build, repository: Repository) -> bool:
    return build.dockerfile in repository.paths and environment_of(build.dockerfile or "") not in _DESKS


def _names(words: list[str]) -> Iterator[str]:
    for index, word in enumerate(words):
        if word in ("-t", "--tag") and index + 1 < len(words):
            yield words[index + 1]
        elif re.match(r"--tag=|-t=", word):
            yield word.partition("=")[2]
