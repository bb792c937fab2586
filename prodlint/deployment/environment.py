"""Production, development, test or unknown: the class that decides whether a fault matters."""

from __future__ import annotations

import posixpath
from enum import Enum

from prodlint.regex import regex

__all__ = ["Environment", "environment_of", "environment_of_template", "words_of"]


class Environment(Enum):
    """Where something runs. Staging counts as production: it is there to be like it."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"
    TEST = "test"
    UNKNOWN = "unknown"


_WORDS = {
    Environment.DEVELOPMENT: (
        "dev develop development local localhost devcontainer debug example examples sample samples demo demos "
        "docs doc tutorial tutorials sandbox minikube kind k3d tilt template templates fixture fixtures archive "
        "old backup vagrant override benchmarks benchmark playground scaffold scaffolding"
    ),
    Environment.TEST: (
        "test tests testing unittest unittests regtest smoke ci e2e pytest tox integration cypress loadtest loadtests "
        "loadtesting"
    ),
    Environment.PRODUCTION: "prod production live staging stage deploy release preprod",
}
_ENVIRONMENTS = {word: environment for environment, words in _WORDS.items() for word in words.split()}
# What reloads code while somebody writes it: `docker-compose.live-reload.yml`.
_RELOADING = regex(r"(?<![^./_\-\s:])(?:live|hot)[-_]?reload(?:ing)?(?![^./_\-\s:])")
_TEMPLATE = regex(r"(?i)templates?")
_TOKEN = regex(r"[^./_\-\s:]+")


def environment_of(name: str) -> Environment | None:
    """The class that a path or a name says by a whole word (split at `.`, `-`, `_`, `/`), None without one.

    A development or test word wins over a production word: `examples/production/` is an example.
    Source: the catalogue's "Environments decide everything", 1.
    """
    name = name.lower()
    if "reload" in name:
        name = _RELOADING.sub("dev", name)
    found = {_ENVIRONMENTS[word] for word in words_of(name) if word in _ENVIRONMENTS}
    for environment in (Environment.DEVELOPMENT, Environment.TEST, Environment.PRODUCTION):
        if environment in found:
            return environment
    return None


def words_of(name: str) -> list[str]:
    """The words of a path or a name, as they are written."""
    return _TOKEN.findall(name)


def environment_of_template(path: str) -> Environment | None:
    """The class that the path of a CloudFormation template says: `template` in its name does not make it a sample.

    SAM looks for template.yaml by itself (SAM CLI, `--template-file`).
    """
    folder, name = posixpath.split(path)
    return environment_of(posixpath.join(folder, _TEMPLATE.sub("", name)))
