"""The routes that FastAPI adds by itself: the schema and the pages that show it, where the app does not move them.

FastAPI.__init__ and setup() (0.139): `openapi_url`, `docs_url` and `redoc_url` name them, None leaves one out, and
without a schema there is no page.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from prodlint.deployment.app import App
from prodlint.deployment.command import Link
from prodlint.deployment.condition import NOWHERE, Lookup
from prodlint.deployment.repository import Repository
from prodlint.deployment.route import Route
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.syntax.python import PythonModule

__all__ = ["Named", "documentation_routes"]

Named = Callable[[str, PythonModule, "ast.AST | None", ast.expr], "Value[object]"]
"""What an expression in a function of a module comes to where it names a field of an object of settings."""

_DEFAULTS = {"openapi_url": "/openapi.json", "docs_url": "/docs", "redoc_url": "/redoc"}


def documentation_routes(
    app: App, repository: Repository, roots: tuple[str, ...], lookup: Lookup, named: Named | None = None
) -> tuple[tuple[Route, ...], tuple[Link, ...]]:
    """These routes, and what of them is not known: a keyword that is computed.

    `lookup` is what the process finds in its environment, `named` what fields of settings come to.
    """
    call = _call(app, repository)
    given: dict[str, object] = dict(_DEFAULTS)
    unknown: dict[str, None] = {}
    for keyword in call.keywords if call is not None else ():
        if keyword.arg is not None and keyword.arg not in _DEFAULTS:
            continue
        value = _value(keyword.value, app, repository, roots, lookup, named)
        plain = value.value if isinstance(value, Known) else value.default if isinstance(value, EnvDriven) else None
        if keyword.arg is not None and (isinstance(value, Known) or plain is not None):
            given[keyword.arg] = plain
        elif keyword.arg is None and isinstance(value, Known) and isinstance(plain, dict):
            given.update((name, one) for name, one in plain.items() if name in _DEFAULTS)
        else:
            unknown.update(dict.fromkeys((keyword.arg,) if keyword.arg is not None else _DEFAULTS))
    if not given["openapi_url"] and "openapi_url" not in unknown:
        return (), ()
    if "openapi_url" in unknown:
        unknown.update(dict.fromkeys(_DEFAULTS))
    paths = [given[name] for name in _DEFAULTS if given[name] and name not in unknown]
    unknown.update({name: None for name in _DEFAULTS if name in given and not _is_path(given[name])})
    routes = tuple(Route(str(path), app.span, frozenset(("GET",))) for path in paths if _is_path(path) and path)
    if not unknown:
        return routes, ()
    shown = ", ".join(_DEFAULTS[name] for name in _DEFAULTS if name in unknown)
    decides = "openapi_url" if "openapi_url" in unknown else next(iter(unknown))
    return routes, (Link(NOWHERE, f"{shown} ({decides} is not known)"),)


def _is_path(value: object) -> bool:
    return not value or (isinstance(value, str) and value.startswith("/"))


def _call(app: App, repository: Repository) -> ast.Call | None:
    """The call that makes the app, None when another line stands for it."""
    module = repository.python(app.path)
    for node in module.nodes if module is not None else ():
        if isinstance(node, ast.Call) and module is not None and module.span(node) == app.span:
            return node
    return None


def _value(
    node: ast.expr, app: App, repository: Repository, roots: tuple[str, ...], lookup: Lookup, named: Named | None
) -> Value[object]:
    module = repository.python(app.path)
    if isinstance(node, ast.Constant) and module is not None:
        return Known(node.value, module.span(node))
    if named is not None and module is not None:
        field = named(app.path, module, None, node)
        if not isinstance(field, Unknown):
            return field
    # Few apps compute them: nobody else needs to load what evaluates.
    from prodlint.deployment.evaluation.interpreter import namespace

    return namespace(repository, roots, app.path, lookup).evaluate(node)
