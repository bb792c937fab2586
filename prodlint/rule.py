"""What a rule is written with: the public plugin API.

A rule is a generator function under `@rule`. The type of its first parameter says what it looks
at, and the engine calls it once for each such thing in the model; further parameters are further
things it needs. A signature that cannot be served fails when the rule is imported.
"""

from __future__ import annotations

import sys
import typing
from collections.abc import Callable

from prodlint.deployment.environment import Environment
from prodlint.deployment.model import Deployment, subjects
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Known, Unknown, Value
from prodlint.finding import Edit, Evidence, Finding, Findings, Fix, Guard, Safety, Severity, WithoutArgument
from prodlint.record import Entity, Record
from prodlint.source import Span, Text

__all__ = [
    "NO",
    "UNKNOWN",
    "YES",
    "Answer",
    "Edit",
    "EnvDriven",
    "Environment",
    "Evidence",
    "Finding",
    "Findings",
    "Fix",
    "Guard",
    "Known",
    "Record",
    "Rule",
    "RuleError",
    "Safety",
    "Severity",
    "Span",
    "Text",
    "Unknown",
    "Value",
    "WithoutArgument",
    "rule",
]

RuleFunction = Callable[..., Findings]

# `inspect.CO_GENERATOR`: loading that module is 2 % of a run over 100 files.
_GENERATOR = 0x20


class RuleError(TypeError):
    """A rule is written in a way that the engine cannot serve: which rule, and what to change."""


class Rule(Entity):
    """A rule as the engine sees it. `options` is its dataclass or Record of options, None without one.

    `fixes` are the safeties of the fixes that it may offer, empty for a rule without any.
    """

    name: str
    family: str
    severity: Severity
    page: str
    function: RuleFunction
    subject: type
    parameters: tuple[tuple[str, type], ...]
    options: type | None
    since: str
    preview: bool
    formerly: tuple[str, ...]
    fixes: tuple[Safety, ...] = ()

    @property
    def summary(self) -> str:
        """The first line of the rule's page."""
        return self.page.strip().partition("\n")[0]


def rule(
    severity: Severity,
    *,
    since: str = "0.1",
    preview: bool = False,
    formerly: tuple[str, ...] = (),
    fixes: tuple[Safety, ...] = (),
) -> Callable[[RuleFunction], RuleFunction]:
    """Make a function a rule. Its name, with hyphens, is the rule's name; its folder is the family.

    `fixes` says which fixes it may offer: the tests of its page hold it to that.

    Raises RuleError when a parameter asks for something that the model does not hold.
    """

    def register(function: RuleFunction) -> RuleFunction:
        module = sys.modules.get(function.__module__)
        page = (module.__doc__ if module else None) or function.__doc__ or ""
        if not page.strip():
            raise RuleError(f"{function.__qualname__} has no page: write the module's docstring")
        code = getattr(function, "__code__", None)
        if code is None or not code.co_flags & _GENERATOR:
            raise RuleError(f"{function.__qualname__} must yield its findings; it has no `yield`")
        types = _types(function)
        (_, subject), *others = types
        options = [kind for _, kind in others if kind not in (Deployment, *subjects())]
        function.__prodlint_rule__ = Rule(  # type: ignore[attr-defined]
            name=function.__name__.replace("_", "-"),
            family=_family(function),
            severity=severity,
            page=page,
            function=function,
            subject=subject,
            parameters=tuple(others),
            options=options[0] if options else None,
            since=since,
            preview=preview,
            formerly=formerly,
            fixes=fixes,
        )
        return function

    return register


def _family(function: RuleFunction) -> str:
    parts = function.__module__.split(".")
    return parts[-2] if len(parts) > 1 else "local"


def _types(function: RuleFunction) -> list[tuple[str, type]]:
    """The parameters with their types; raises RuleError, naming both sides, for what cannot be served."""
    try:
        hints = _hints(function)
    except NameError as error:
        raise RuleError(
            f"{function.__qualname__}: {error}; import the type at run time, not under TYPE_CHECKING"
        ) from None
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    if not names:
        raise RuleError(f"{function.__qualname__} takes nothing: its first parameter says what it looks at")
    served = (Deployment, *subjects())
    result: list[tuple[str, type]] = []
    for position, name in enumerate(names):
        kind = hints.get(name)
        if kind is None:
            raise RuleError(f"{function.__qualname__}: the parameter {name} has no type")
        if position == 0 and kind not in served:
            known = ", ".join(sorted(one.__name__ for one in served))
            raise RuleError(f"{function.__qualname__} looks at {kind.__name__}, but the model only holds {known}")
        if position and kind is not Deployment and not hasattr(kind, "__match_args__"):
            raise RuleError(
                f"{function.__qualname__} asks for {name}: {kind!r}, "
                "but the engine only gives the Deployment and a dataclass or Record of options"
            )
        result.append((name, kind))
    return result


def _hints(function: RuleFunction) -> dict[str, type]:
    """The types of the parameters, as `typing.get_type_hints` says; plain names at a tenth of its time."""
    found: dict[str, type] = {}
    for name, annotation in function.__annotations__.items():
        held = function.__globals__.get(annotation) if isinstance(annotation, str) else annotation
        if name != "return" and not isinstance(held, type):
            return typing.get_type_hints(function)
        if isinstance(held, type):
            found[name] = held
    return found
