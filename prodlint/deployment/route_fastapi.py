"""The routes that FastAPI adds by itself: the schema and the pages that show it, where the app does not move them.

FastAPI.__init__ and setup() (0.139): `openapi_url`, `docs_url` and `redoc_url` name them, None leaves one out, and
without a schema there is no page.
"""

from __future__ import annotations

import ast

from prodlint.deployment.app import App
from prodlint.deployment.condition import Lookup
from prodlint.deployment.repository import Repository
from prodlint.deployment.route import Route
from prodlint.deployment.value import NO, YES, Answer, Known, Value

__all__ = ["documentation_routes"]

_DEFAULTS = {"openapi_url": "/openapi.json", "docs_url": "/docs", "redoc_url": "/redoc"}


def documentation_routes(
    app: App, repository: Repository, roots: tuple[str, ...], lookup: Lookup
) -> tuple[tuple[Route, ...], Answer]:
    """These routes, and whether they are all: NO where a keyword is computed from what is not known.

    `lookup` is what the process finds in its environment.
    """
    call = _call(app, repository)
    given: dict[str, object] = dict(_DEFAULTS)
    for keyword in call.keywords if call is not None else ():
        if keyword.arg is not None and keyword.arg not in _DEFAULTS:
            continue
        value = _value(keyword.value, app, repository, roots, lookup)
        if not isinstance(value, Known):
            return (), NO
        if keyword.arg is not None:
            given[keyword.arg] = value.value
        elif isinstance(value.value, dict):
            given.update((name, one) for name, one in value.value.items() if name in _DEFAULTS)
        else:
            return (), NO
    if not given["openapi_url"]:
        return (), YES
    paths = [given[name] for name in _DEFAULTS if given[name]]
    if not all(isinstance(path, str) and path.startswith("/") for path in paths):
        return (), NO
    return tuple(Route(str(path), app.span, frozenset(("GET",))) for path in paths), YES


def _call(app: App, repository: Repository) -> ast.Call | None:
    """The call that makes the app, None when another line stands for it."""
    module = repository.python(app.path)
    for node in ast.walk(module.tree) if module is not None else ():
        if isinstance(node, ast.Call) and module is not None and module.span(node) == app.span:
            return node
    return None


def _value(node: ast.expr, app: App, repository: Repository, roots: tuple[str, ...], lookup: Lookup) -> Value[object]:
    module = repository.python(app.path)
    if isinstance(node, ast.Constant) and module is not None:
        return Known(node.value, module.span(node))
    # Few apps compute them: nobody else needs to load what evaluates.
    from prodlint.deployment.evaluation.interpreter import namespace

    return namespace(repository, roots, app.path, lookup).evaluate(node)
