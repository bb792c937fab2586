"""Routes of Django: a URL configuration with everything that it includes (Django, URL dispatcher)."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator

from prodlint.deployment.app import locate_module
from prodlint.deployment.repository import Repository
from prodlint.deployment.route import Route, Routes
from prodlint.deployment.value import NO, UNKNOWN, YES
from prodlint.record import record
from prodlint.source import Span
from prodlint.syntax.python import PythonModule

__all__ = ["routes_of_urlconf"]

_DEPTH = 12
_PLAIN = ("django.urls.path", "django.urls.conf.path")
_REGEX = (
    "django.urls.re_path",
    "django.urls.conf.re_path",
    "django.conf.urls.url",
    "django.conf.urls.re_path",
)
_INCLUDE = ("django.urls.include", "django.urls.conf.include", "django.conf.urls.include")


@record
class _Prefix:
    """What stands in front of a pattern: plain text until a regular expression comes, then one of those."""

    text: str = "/"
    regex: str | None = None

    def with_text(self, more: str) -> _Prefix:
        if self.regex is None:
            return _Prefix(self.text + more)
        return _Prefix("", None)

    def with_regex(self, more: str) -> _Prefix:
        import re

        start = re.escape(self.text) if self.regex is None else self.regex
        return _Prefix("", start + more.removeprefix("^"))


class _Reader:
    """Reads URL configurations from one down to all that it includes."""

    def __init__(self, repository: Repository, roots: tuple[str, ...]) -> None:
        self.repository = repository
        self.roots = roots
        self.unread = False

    def module(self, dotted: str, prefix: _Prefix, depth: int, near: str) -> Iterator[Route]:
        roots = tuple(dict.fromkeys((*self.roots, near, "")))
        path = locate_module(self.repository, roots, dotted)
        module = self.repository.python(path) if path is not None else None
        if path is None or module is None or depth > _DEPTH:
            self.unread = True
            return
        for binding in module.bindings("urlpatterns"):
            value = binding.node.value if isinstance(binding.node, ast.AugAssign) else binding.value
            if isinstance(value, ast.expr):
                yield from self.patterns(value, module, prefix, depth, posixpath.dirname(path))
            else:
                self.unread = True
        if any(_changes(node) for node in ast.walk(module.tree)):
            self.unread = True

    def patterns(self, node: ast.expr, module: PythonModule, prefix: _Prefix, depth: int, near: str) -> Iterator[Route]:
        if isinstance(node, ast.List | ast.Tuple):
            for item in node.elts:
                yield from self.pattern(item, module, prefix, depth, near)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            yield from self.patterns(node.left, module, prefix, depth, near)
            yield from self.patterns(node.right, module, prefix, depth, near)
        else:
            # `static(…)` adds files in development, `router.urls` and others what only running them tells.
            name = module.qualified_name(node.func) if isinstance(node, ast.Call) else None
            self.unread = self.unread or name != "django.conf.urls.static.static"

    def pattern(self, node: ast.expr, module: PythonModule, prefix: _Prefix, depth: int, near: str) -> Iterator[Route]:
        name = module.qualified_name(node.func) if isinstance(node, ast.Call) else None
        if not isinstance(node, ast.Call) or name not in (*_PLAIN, *_REGEX) or len(node.args) < 2:
            self.unread = True
            return
        text = module.text(node.args[0])
        if text is None:
            self.unread = True
            return
        whole = prefix.with_text(text.value) if name in _PLAIN else prefix.with_regex(text.value)
        if not whole.text and whole.regex is None:
            self.unread = True
            return
        yield from self.target(node, node.args[1], whole, module, depth, near)

    def target(
        self, call: ast.Call, view: ast.expr, whole: _Prefix, module: PythonModule, depth: int, near: str
    ) -> Iterator[Route]:
        span = module.span(call)
        if isinstance(view, ast.Call) and module.qualified_name(view.func) in _INCLUDE and view.args:
            yield from self.included(view.args[0], whole, module, depth, near)
        elif module.qualified_name(view) == "django.contrib.admin.site.urls":
            yield Route(whole.text, span, prefix=True) if whole.regex is None else _by_regex(whole, span)
        elif isinstance(view, ast.Attribute) and view.attr == "urls":
            self.unread = True
        else:
            yield Route(whole.text, span) if whole.regex is None else _by_regex(whole, span)

    def included(self, node: ast.expr, whole: _Prefix, module: PythonModule, depth: int, near: str) -> Iterator[Route]:
        if isinstance(node, ast.Tuple) and node.elts:
            node = node.elts[0]
        text = module.text(node)
        if text is not None:
            yield from self.module(text.value, whole, depth + 1, near)
        elif isinstance(node, ast.List):
            yield from self.patterns(node, module, whole, depth + 1, near)
        elif isinstance(node, ast.Name):
            values = [one.value for one in module.bindings(node.id) if isinstance(one.value, ast.expr)]
            for value in values:
                yield from self.patterns(value, module, whole, depth + 1, near)
            self.unread = self.unread or not values
        else:
            self.unread = True


def _by_regex(whole: _Prefix, span: Span) -> Route:
    return Route(whole.regex or "", span, regex=whole.regex)


def _changes(node: ast.AST) -> bool:
    """Whether a statement changes `urlpatterns` in a way that its bindings do not show."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "urlpatterns"
    )


def routes_of_urlconf(urlconf: str, repository: Repository, roots: tuple[str, ...]) -> Routes:
    """The routes of the URL configuration that settings name in ROOT_URLCONF."""
    reader = _Reader(repository, roots)
    found = tuple(reader.module(urlconf, _Prefix(), 0, ""))
    return Routes(found, NO if reader.unread else YES, UNKNOWN)
