"""Regular expressions that are compiled when they are first used: a run needs a third of them."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["compiled_on_first_use", "regex"]

_compile = re.compile

_METHODS = ("match", "fullmatch", "search", "finditer", "findall", "split", "sub", "subn", "groups", "pattern", "flags")


class _Lazy:
    """Stands for a compiled expression until somebody asks for one of its methods."""

    def __init__(self, source: str | bytes, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> object:
        compiled: re.Pattern[typing.Any] = _compile(self._source, self._flags)
        # From now on the compiled expression's own methods are found first.
        self.__dict__.update({method: getattr(compiled, method) for method in _METHODS})
        return getattr(compiled, name)


def regex(source: typing.AnyStr, flags: int = 0) -> re.Pattern[typing.AnyStr]:
    """What `re.compile` returns, compiled on first use. A malformed expression raises only then."""
    return typing.cast("re.Pattern[typing.AnyStr]", _Lazy(source, flags))


@contextmanager
def compiled_on_first_use() -> Iterator[None]:
    """Within it `re.compile` is `regex`: for the import of a library that compiles much and of which little is used.

    It is so for other threads too, for which only the moment differs in which theirs are compiled. Not for a module
    that hands its expressions to functions of `re` (`re.finditer(EXPRESSION, text)`): they take compiled ones alone.
    """
    re.compile = regex  # type: ignore[assignment]
    try:
        yield
    finally:
        re.compile = _compile
