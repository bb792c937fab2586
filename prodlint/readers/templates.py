"""Deployment files that are templates, of copier or Django's startproject: they are filled in elsewhere.

What they will say is not known, so that none is read (platform page, 2.2); their presence is told. Folders whose
names are templates (cookiecutter) are not looked into at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import UnreadDeployment
from prodlint.deployment.repository import Repository
from prodlint.readers.kubernetes_manifest import is_chart_template
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.yaml import Mapping

_FIELD = regex(r"\{\{-?\s*[A-Za-z_][\w.]*(?:\s*\|[^{}\n]*)?\s*-?\}\}|\{%")


def read(path: str, repository: Repository) -> Iterator[UnreadDeployment]:
    """One fact for a file that is no YAML as long as its fields are not filled in."""
    source = repository.source(path)
    if source is None or environment_of(path) in (Environment.DEVELOPMENT, Environment.TEST):
        return
    found = _FIELD.search(source.text)
    if found is None or is_chart_template(path, repository):
        return
    documents = repository.yaml(path)
    if not documents or not isinstance(documents[0].root, Mapping):
        yield UnreadDeployment("a template (`{{…}}`)", Span(source, *found.span()))
