"""How the code of a process comes to a function: from a handler or from an import, through calls and decorators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prodlint.finding import Evidence
from prodlint.record import Record
from prodlint.source import Span

if TYPE_CHECKING:
    from prodlint.deployment.apps.index import CodeFunction
    from prodlint.deployment.served.handlers import Handler

__all__ = ["Hop", "Reached"]


class Hop(Record):
    """A call on the way to a function, and the function in which it stands (None: at the level of a module)."""

    span: Span
    function: CodeFunction | None


class Reached(Record):
    """How a function is reached: from a handler (None: from the import of a module), through some calls."""

    handler: Handler | None
    hops: tuple[Hop, ...] = ()

    @property
    def through(self) -> tuple[Span, ...]:
        """The places of the calls, the first one in the handler."""
        return tuple(hop.span for hop in self.hops)

    @property
    def chain(self) -> tuple[Evidence, ...]:
        """The way in causal order, for evidence."""
        first = () if self.handler is None else (Evidence(self.handler.function.span, self.handler.said),)
        return (*first, *(Evidence(span, "calls on") for span in self.through))
