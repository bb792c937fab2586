"""Builds that nobody runs here by itself, and that people are told to run: in a Makefile, a script, a manual.

`docker build -t shop/web .` says what the image of that name is made of, whoever calls it.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from itertools import islice

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import Build, BuiltImage
from prodlint.deployment.releases.pipeline_builds import build_of_words
from prodlint.deployment.repository import Repository
from prodlint.regex import regex
from prodlint.source import Source, Text
from prodlint.syntax.word import Word

__all__ = ["told_builds"]

_MOST_FILES = 60
_MOST_BUILDS = 100
_LONGEST = 2_000
_BUILD = regex(
    r"\b(?:docker|podman|buildah)[ \t]+(?:(?:image|buildx|builder)[ \t]+)?(?:build|bud)[ \t]([^\n;&|`]{1,2000})"
)
_CONTINUED = regex(r"\\\r?\n")
_DESKS = (Environment.DEVELOPMENT, Environment.TEST)


def told_builds(repository: Repository) -> tuple[BuiltImage, ...]:
    """The names that builds of these files give to images, with the Dockerfiles of this repository that they read."""
    found: list[BuiltImage] = []
    for path in islice(_paths(repository), _MOST_FILES):
        source = repository.source(path)
        if source is not None and ("build" in source.text or "bud" in source.text):
            found.extend(_of(source, repository))
    return tuple(found[:_MOST_BUILDS])


def _paths(repository: Repository) -> Iterator[str]:
    yield from repository.named("Makefile", "makefile", "GNUmakefile", "justfile", "Justfile")
    yield from repository.ending(".sh", ".bash")
    yield from sorted(repository.ending(".md", ".rst"), key=lambda one: (one.count("/"), one))


def _of(source: Source, repository: Repository) -> Iterator[BuiltImage]:
    is_manual = source.path.endswith((".md", ".rst"))
    folder = posixpath.dirname(source.path)
    for found in _BUILD.finditer(_CONTINUED.sub("  ", source.text)):
        try:
            words = shlex.split(found[1][:_LONGEST], comments=True)
        except ValueError:
            continue
        line = source.line_span(1 + source.text.count("\n", 0, min(found.start(), len(source.text))))
        written = tuple(Word.of(Text.at(word, line), line) for word in ("build", *words))
        # A manual speaks from the root of the checkout, or from its own folder.
        for base in dict.fromkeys(("", folder) if is_manual or source.path.endswith("sh") else (folder,)):
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
