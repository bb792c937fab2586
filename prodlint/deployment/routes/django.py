"""Routes of Django: a URL configuration with everything that it includes (Django, URL dispatcher)."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Iterator

from prodlint.deployment.app import locate_module
from prodlint.deployment.command import Link
from prodlint.deployment.condition import NOWHERE
from prodlint.deployment.repository import Repository
from prodlint.deployment.route import Route, Routes, without_doubles
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, answer
from prodlint.record import Record, replace
from prodlint.source import Span
from prodlint.syntax.python import PythonModule
from prodlint.syntax.python_bindings import Binding

__all__ = ["Decide", "routes_of_urlconf"]

Decide = Callable[[ast.expr, PythonModule], Answer]
"""Whether a test in a module holds."""

_DEPTH = 12
_MOST = 5_000
_PLAIN = ("django.urls.path", "django.urls.conf.path")
_REGEX = (
    "django.urls.re_path",
    "django.urls.conf.re_path",
    "django.conf.urls.url",
    "django.conf.urls.re_path",
)
_BY_LANGUAGE = "django.conf.urls.i18n.i18n_patterns"
_ADMIN = ("django.contrib.admin.AdminSite", "django.contrib.admin.sites.AdminSite")
# More than that nobody reads.
_MOST_TOLD = 50
_LONGEST = 40
_INCLUDE = ("django.urls.include", "django.urls.conf.include", "django.conf.urls.include")


def _argument(call: ast.Call, position: int, *names: str) -> ast.expr | None:
    """What a call is given at a position or by a name."""
    if len(call.args) > position:
        return None if any(isinstance(one, ast.Starred) for one in call.args[: position + 1]) else call.args[position]
    return next((one.value for one in call.keywords if one.arg in names), None)


class _Prefix(Record):
    """What stands in front of a pattern: plain text until a regular expression comes, then one of those."""

    text: str = "/"
    regex: str | None = None

    def with_text(self, more: str) -> _Prefix:
        if self.regex is None:
            return _Prefix(self.text + more)
        import re

        # A path with parameters below a regular expression is not put together.
        return _Prefix("", None if "<" in more else self.regex + re.escape(more))

    def with_regex(self, more: str) -> _Prefix:
        start = _as_regex(self.text) if self.regex is None else self.regex
        return _Prefix("", start + more.removeprefix("^"))


def _as_regex(text: str) -> str:
    """A path as a regular expression: a parameter of it is any one segment, or several (`<path:rest>`)."""
    import re

    parts = re.split(r"(<[^<>]*>)", text)
    return "".join(
        (".+" if part.startswith("<path:") else "[^/]+") if number % 2 else re.escape(part)
        for number, part in enumerate(parts)
    )


class _Addition(Record):
    """`urlpatterns.append(path(…))` or `.extend([…])`: `is_one` for a single pattern; guards as a binding has them."""

    node: ast.stmt
    call: ast.Call
    value: ast.expr
    is_one: bool
    guards: tuple[tuple[ast.expr, bool], ...] = ()

    @property
    def conditional(self) -> bool:
        return bool(self.guards)


def _additions(name: str, body: list[ast.stmt], guards: tuple[tuple[ast.expr, bool], ...] = ()) -> Iterator[_Addition]:
    """What the statements of a module, and of its conditions, add to a list of patterns."""
    for node in body:
        if isinstance(node, ast.If) and len(guards) < _DEPTH:
            yield from _additions(name, node.body, (*guards, (node.test, True)))
            yield from _additions(name, node.orelse, (*guards, (node.test, False)))
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call) and len(call.args) == 1 and isinstance(call.func, ast.Attribute):
            owner = call.func.value
            if isinstance(owner, ast.Name) and owner.id == name and call.func.attr in ("append", "extend"):
                yield _Addition(node, call, call.args[0], call.func.attr == "append", guards)


class _Reader:
    """Reads URL configurations from one down to all that it includes."""

    def __init__(self, repository: Repository, roots: tuple[str, ...], decide: Decide) -> None:
        self.repository = repository
        self.roots = roots
        self.decide = decide
        self.unread: list[Link] = []
        self.count = 0

    def miss(self, module: PythonModule, node: ast.AST, note: str) -> None:
        """Notes what of the configuration is not read."""
        if len(self.unread) < _MOST_TOLD:
            self.unread.append(Link(module.span(node), note))

    def module(self, dotted: str, prefix: _Prefix, depth: int, near: str, asked: Span) -> Iterator[Route]:
        roots = tuple(dict.fromkeys((*self.roots, near, "")))
        path = locate_module(self.repository, roots, dotted)
        module = self.repository.python(path) if path is not None else None
        if path is None or module is None or depth > _DEPTH:
            if len(self.unread) < _MOST_TOLD:
                self.unread.append(Link(asked, f"those of {dotted}"))
            return
        yield from self.named("urlpatterns", None, module, prefix, depth, posixpath.dirname(path))
        read = {id(one.call) for one in _additions("urlpatterns", module.tree.body)}
        changes = next((node for node in module.nodes if _changes(node) and id(node) not in read), None)
        if changes is not None:
            self.miss(module, changes, "what is added to urlpatterns")

    def named(
        self, name: str, before: ast.expr | None, module: PythonModule, prefix: _Prefix, depth: int, near: str
    ) -> Iterator[Route]:
        """The patterns that a name holds where an expression reads it, or at the end of the module."""
        steps: list[Binding | _Addition] = [*module.bindings(name), *_additions(name, module.tree.body)]
        bindings = [
            one
            for one in sorted(steps, key=lambda step: _place(step.node))
            if (before is None or _end(one.node) <= _place(before))
            and not any(self.decide(test, module) is answer(not branch) for test, branch in one.guards)
        ]
        whole = [at for at, one in enumerate(bindings) if isinstance(one.node, ast.Assign | ast.AnnAssign)]
        certain = [at for at in whole if not bindings[at].conditional or self.settled(bindings[at].guards, module)]
        for binding in bindings[certain[-1] if certain else 0 :]:
            value = binding.node.value if isinstance(binding.node, ast.AugAssign) else binding.value
            if isinstance(binding, _Addition) and binding.is_one:
                found = self.pattern(binding.value, module, prefix, depth, near)
            elif isinstance(value, ast.expr):
                found = self.patterns(value, module, prefix, depth, near)
            else:
                self.miss(module, binding.node, f"those of {name}")
                continue
            is_certain = not binding.conditional or self.settled(binding.guards, module)
            yield from found if is_certain else (replace(one, perhaps=True) for one in found)
        if not bindings and before is None:
            self.unread.append(Link(module.source.line_span(1), f"{name}, which is not there"))
        elif not bindings and before is not None:
            self.miss(module, before, f"those of {name}")

    def holds_patterns(self, dotted: str, near: str) -> bool:
        """Whether a dotted name is that of a module of ours which says what its urlpatterns are."""
        path = locate_module(self.repository, tuple(dict.fromkeys((*self.roots, near, ""))), dotted)
        module = self.repository.python(path) if path is not None else None
        return module is not None and bool(module.bindings("urlpatterns"))

    def settled(self, guards: tuple[tuple[ast.expr, bool], ...], module: PythonModule) -> bool:
        """Whether all tests around a statement are known to lead there."""
        return bool(guards) and all(self.decide(test, module) is answer(branch) for test, branch in guards)

    def patterns(self, node: ast.expr, module: PythonModule, prefix: _Prefix, depth: int, near: str) -> Iterator[Route]:
        self.count += 1
        if depth > _DEPTH or self.count > _MOST:
            self.miss(module, node, "what is nested too deep")
        elif isinstance(node, ast.List | ast.Tuple):
            for item in node.elts:
                if isinstance(item, ast.Starred):
                    yield from self.patterns(item.value, module, prefix, depth + 1, near)
                else:
                    yield from self.pattern(item, module, prefix, depth, near)
        elif isinstance(node, ast.Name):
            yield from self.named(node.id, node, module, prefix, depth + 1, near)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            parts: list[ast.expr] = []
            while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                parts.append(node.right)
                node = node.left
            for part in (node, *reversed(parts)):
                yield from self.patterns(part, module, prefix, depth + 1, near)
        elif isinstance(node, ast.Call) and module.qualified_name(node.func) == _BY_LANGUAGE:
            yield from self.by_language(node, module, prefix, depth, near)
        else:
            # `static(…)` adds files in development, `router.urls` and others what only running them tells.
            name = module.qualified_name(node.func) if isinstance(node, ast.Call) else None
            if name != "django.conf.urls.static.static":
                self.miss(module, node, f"those of {_brief(module, node)}")

    def by_language(
        self, call: ast.Call, module: PythonModule, prefix: _Prefix, depth: int, near: str
    ) -> Iterator[Route]:
        """`i18n_patterns(…)`: below the code of a language, where the project has several.

        With `prefix_default_language=False` those of the default language are below no code.
        """
        is_used = self.decide(ast.parse("settings.USE_I18N", mode="eval").body, module)
        whole = call.keywords and not all(
            isinstance(one.value, ast.Constant) and one.value.value is True for one in call.keywords
        )
        prefixes = [prefix] if is_used is NO else [prefix.with_text("<language>/"), *([prefix] if whole else [])]
        listed = ast.copy_location(ast.List(call.args, ast.Load()), call)
        for one in prefixes:
            yield from self.patterns(listed, module, one, depth + 1, near)

    def pattern(self, node: ast.expr, module: PythonModule, prefix: _Prefix, depth: int, near: str) -> Iterator[Route]:
        name = module.qualified_name(node.func) if isinstance(node, ast.Call) else None
        text = view = None
        if isinstance(node, ast.Call) and name in (*_PLAIN, *_REGEX):
            # `path(route, view)`, `url(regex, view)`
            written = _argument(node, 0, "route", "regex")
            view = _argument(node, 1, "view")
            text = module.text(written) if written is not None else None
        if not isinstance(node, ast.Call) or text is None or view is None:
            self.miss(module, node, "a pattern that is computed")
            return
        whole = prefix.with_text(text.value) if name in _PLAIN else prefix.with_regex(text.value)
        if not whole.text and whole.regex is None:
            self.miss(module, node, "a path below a regular expression")
            return
        if name in _PLAIN and whole.regex is not None and not self.includes(view, module):
            whole = _Prefix("", f"{whole.regex}$")
        yield from self.target(node, view, whole, module, depth, near)

    def is_admin(self, view: ast.expr, module: PythonModule, near: str) -> bool:
        """Whether these are the URLs of Django's admin site or of one of ours: `site = ShopAdminSite()`."""
        if module.qualified_name(view) == "django.contrib.admin.site.urls":
            return True
        if not isinstance(view, ast.Attribute) or view.attr != "urls":
            return False
        node = view.value
        dotted = module.qualified_name(node) if isinstance(node, ast.Name) else None
        folder, _, name = (dotted or "").rpartition(".")
        path = locate_module(self.repository, tuple(dict.fromkeys((*self.roots, near, ""))), folder) if folder else None
        home = self.repository.python(path) if path is not None else None
        made = [one.value for one in home.bindings(name)] if home is not None else []
        call = made[0] if len(made) == 1 else None
        if home is None or not isinstance(call, ast.Call):
            return False
        if home.qualified_name(call.func) in _ADMIN:
            return True
        classes = [one.value for one in home.bindings(call.func.id)] if isinstance(call.func, ast.Name) else []
        bases = [base for one in classes if isinstance(one, ast.ClassDef) for base in one.bases]
        return any(home.qualified_name(base) in _ADMIN for base in bases)

    @staticmethod
    def includes(view: ast.expr, module: PythonModule) -> bool:
        """Whether other patterns follow behind this one."""
        name = module.qualified_name(view.func) if isinstance(view, ast.Call) else module.qualified_name(view)
        return name in (*_INCLUDE, "django.contrib.admin.site.urls")

    def target(
        self, call: ast.Call, view: ast.expr, whole: _Prefix, module: PythonModule, depth: int, near: str
    ) -> Iterator[Route]:
        span = module.span(call)
        if isinstance(view, ast.Call) and module.qualified_name(view.func) in _INCLUDE and view.args:
            yield from self.included(view.args[0], whole, module, depth, near)
        elif self.is_admin(view, module, near):
            yield Route(whole.text, span, prefix=True) if whole.regex is None else _by_regex(whole, span)
        elif isinstance(view, ast.Attribute) and view.attr == "urls":
            self.miss(module, view, f"those of {_brief(module, view)}")
        else:
            yield Route(whole.text, span) if whole.regex is None else _by_regex(whole, span)

    def included(self, node: ast.expr, whole: _Prefix, module: PythonModule, depth: int, near: str) -> Iterator[Route]:
        if isinstance(node, ast.Tuple) and node.elts:
            node = node.elts[0]
        text = module.text(node)
        imported = module.qualified_name(node) if isinstance(node, ast.Name | ast.Attribute) else None
        if text is not None:
            yield from self.module(text.value, whole, depth + 1, near, module.span(node))
        elif imported is not None and self.holds_patterns(imported, near):
            # `include(urls)` of a module that is imported.
            yield from self.module(imported, whole, depth + 1, near, module.span(node))
        elif isinstance(node, ast.List | ast.Name):
            yield from self.patterns(node, module, whole, depth + 1, near)
        else:
            self.miss(module, node, f"those of {_brief(module, node)}")


def _place(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def _end(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0)


def _by_regex(whole: _Prefix, span: Span) -> Route:
    regex = whole.regex or ""
    # Its end is of the expression, not of the path.
    shown = regex.removesuffix("$").removesuffix(r"\Z").replace(r"\-", "-").replace(r"\.", ".")
    return Route(shown, span, regex=regex)


def _brief(module: PythonModule, node: ast.AST) -> str:
    """The first line of an expression, as it is written."""
    first, more, _ = module.span(node).text.partition("\n")
    return first[:_LONGEST] + ("…" if more else "")


def _changes(node: ast.AST) -> bool:
    """Whether a statement changes `urlpatterns` in a way that its bindings do not show."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "urlpatterns"
    )


def routes_of_urlconf(
    urlconf: str,
    repository: Repository,
    roots: tuple[str, ...],
    decide: Decide = lambda test, module: UNKNOWN,
) -> Routes:
    """The routes of the URL configuration that settings name in ROOT_URLCONF.

    `decide` answers whether a test holds under which patterns are added: `if settings.DEBUG`.
    """
    reader = _Reader(repository, roots, decide)
    try:
        found = without_doubles(reader.module(urlconf, _Prefix(), 0, "", NOWHERE))
    except RecursionError:
        return Routes((), NO, UNKNOWN)
    return Routes(found, NO if reader.unread else YES, UNKNOWN, tuple(reader.unread))
