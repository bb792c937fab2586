"""Dockerfiles: that there is one, and the nginx configuration in its heredocs.

What it builds is decided with its build, in `deployment.image`.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.network import Proxy
from prodlint.deployment.process import ImageDefinition
from prodlint.deployment.repository import Repository
from prodlint.syntax.dockerfile import is_dockerfile

_NEVER = (".dockerignore", ".md", ".bak", ".orig", ".j2", ".tmpl", ".template", ".erb", ".in", ".rst", ".txt")


def read(path: str, repository: Repository) -> Iterator[ImageDefinition | Proxy]:
    """One definition for a file that is a Dockerfile by its name and its first instruction."""
    if path.endswith(_NEVER):
        return
    source = repository.source(path)
    if source is None or not is_dockerfile(source.text):
        return
    document = repository.dockerfile(path)
    if document is None:
        return
    if document.problems:
        repository.problems.setdefault(path, document.problems[0])
    yield ImageDefinition(path, source.line_span(1))
    for instruction in document.instructions:
        if instruction.heredocs and "nginx" in instruction.value.value:
            from prodlint.readers.nginx import proxies_in

            for heredoc in instruction.heredocs:
                yield from proxies_in(heredoc.body)
