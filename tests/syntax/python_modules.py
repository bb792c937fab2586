"""Python in a text, read."""

from __future__ import annotations

import ast
import textwrap

from prodlint.source import Source
from prodlint.syntax.python import PythonModule, parse_python

__all__ = ["expression", "module"]


def module(text: str, package: str = "") -> PythonModule:
    """A text as a module of a package, its common indentation taken off."""
    return parse_python(Source("app.py", textwrap.dedent(text).lstrip("\n")), package)


def expression(text: str) -> ast.expr:
    """The tree of one expression."""
    return ast.parse(text, mode="eval").body
