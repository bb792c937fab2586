"""Sentry in a process: where it is started, with what, and whether it is started at all.

Sources: Sentry, Python: Options. Without a DSN the SDK sends nothing and says nothing; without an environment it
sends `production`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from prodlint.deployment.apps.text import python_with
from prodlint.deployment.environment import environment_of
from prodlint.deployment.process import Role
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCall, served_code
from prodlint.deployment.service import Service
from prodlint.deployment.settings_module import settings_of
from prodlint.deployment.value import YES, Known
from prodlint.finding import Evidence
from prodlint.record import Entity, Record
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.python import NOT_LITERAL, literal

__all__ = ["ErrorTracker", "UnusedTracker", "error_trackers", "live_twin", "unused_tracker"]

_INIT = frozenset({"sentry_sdk.init"})
_STAGING = frozenset("staging stage stg preprod".split())
_WORD = regex(r"[a-z0-9]+")
_QUOTED = regex(r"""["']([A-Z][A-Z0-9_]*)["']""")
_ABOUT_SENTRY = regex(r"(?i)sentry|dsn")
_MENTIONS = (b"sentry", b"Sentry", b"SENTRY")
_OTHERS = (b"opentelemetry", b"glitchtip", b"GlitchTip", b"raven")


class ErrorTracker(Entity):
    """A call of `sentry_sdk.init` when a service's process starts."""

    call: ServedCall

    @property
    def span(self) -> Span:
        return self.call.span

    @property
    def is_certain(self) -> bool:
        """Whether it runs on every start, or wherever a DSN is set."""
        guards = self.call.call.guards
        if self.call.is_conditional and not guards:
            return False
        return all(holds and _ABOUT_SENTRY.search(ast.unparse(test)) for test, holds in guards)

    @property
    def traces_everything(self) -> Span | None:
        """The argument that has each request traced, where it is written as a number."""
        node = self.call.call.node
        if any(one.arg == "traces_sampler" for one in node.keywords):
            return None
        value = next((one.value for one in node.keywords if one.arg == "traces_sample_rate"), None)
        held = literal(value) if value is not None else NOT_LITERAL
        if not isinstance(held, int | float) or isinstance(held, bool) or held != 1:
            return None
        rate = self.call.argument("traces_sample_rate")
        return rate.span if rate is not None else None

    @property
    def missing_dsn(self) -> str | None:
        """The variable whose absence switches it off for certain; empty for none that is known, None if it has one."""
        if self.call.is_conditional or self.call.passes_more:
            return None
        variables = self.call.code.service.variables
        given = self.call.argument("dsn", 0)
        if given is None:
            return "SENTRY_DSN" if variables.lacks("SENTRY_DSN") is YES else None
        if not isinstance(given, Known) or given.value not in (None, ""):
            return None
        text = given.span.source.text[given.span.start : given.span.end]
        names = [name for name in _QUOTED.findall(text) if variables.lacks(name) is YES]
        # An argument that is None leaves the word to the variable.
        if given.value is None and variables.lacks("SENTRY_DSN") is not YES:
            return None
        return names[0] if names else ""

    @property
    def says_production(self) -> bool:
        """Whether the errors of its process are certainly told as those of `production`."""
        given = self.call.argument("environment")
        if self.call.passes_more:
            return False
        if given is None or (isinstance(given, Known) and given.value is None):
            return self.call.code.service.variables.lacks("SENTRY_ENVIRONMENT") is YES
        return isinstance(given, Known) and given.value == "production"


def error_trackers(service: Service, repository: Repository) -> Iterator[ErrorTracker]:
    """Where a service's process starts Sentry."""
    for call in served_code(service, repository).calls_on_import((b"sentry_sdk",), _INIT):
        yield ErrorTracker(call)


def _is_staging(service: Service) -> bool:
    """Whether the file that declares a service, or its name, calls it staging."""
    return not _STAGING.isdisjoint(_WORD.findall(f"{service.process.path} {service.name}".lower()))


def live_twin(service: Service, services: Sequence[Service]) -> Service | None:
    """The service of production beside one of staging, which runs the same module."""
    if not _is_staging(service) or service.module is None:
        return None
    for other in services:
        if other.module == service.module and other.is_production is YES and not _is_staging(other):
            return other
    return None


class UnusedTracker(Record):
    """Sentry's package among those of a process that never starts it: where it is asked for.

    `intent` is the place that tells that it was meant to: a call in code that the process does not import, or a DSN.
    """

    span: Span
    intent: Evidence


def unused_tracker(service: Service, repository: Repository) -> UnusedTracker | None:
    """The installed package of Sentry that a web process or worker never starts; None where it may."""
    if service.role not in (Role.WEB, Role.WORKER) or service.step is None or service.app is None:
        return None
    asked = [one for install in service.installs for one in install.dependencies if one.name == "sentry-sdk"]
    if not asked or service.installs_distribution("sentry-sdk") is not YES:
        return None
    code = served_code(service, repository)
    if not code.graph.is_complete or code.graph.holding(*_MENTIONS, *_OTHERS):
        return None
    settings = settings_of(service, repository)
    if settings is not None and settings.is_certain is not YES:
        return None  # Those of production may start it.
    configuration = service.server.configuration if service.server is not None else None
    if configuration is not None and any(one in (repository.data(configuration) or b"") for one in _MENTIONS):
        return None
    intent = _intent(service, repository)
    return None if intent is None else UnusedTracker(asked[0].span, intent)


def _intent(service: Service, repository: Repository) -> Evidence | None:
    """What tells that a process is meant to report its errors: operators may start it in settings of their own."""
    from prodlint.deployment.apps.index import code_index

    for path in python_with(repository, (b"sentry_sdk.init",)):
        if environment_of(path) is not None:
            continue
        index = code_index(repository, path)
        for call in index.calls if index is not None else ():
            if index is not None and index.module.qualified_name(call.node.func) == "sentry_sdk.init":
                return Evidence(index.module.span(call.node), f"starts it, and {service.name} does not import this")
    given = service.variables.definitions("SENTRY_DSN")
    return Evidence(given[-1].span, "gives it a DSN") if given else None
