"""Folders of files that an app serves by itself: their names are paths that no route tells.

Sources: Starlette, Static Files; Flask, API (`static_folder`, `static_url_path`).
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Container

from prodlint.syntax.python import PythonModule

__all__ = ["is_static", "static_path"]

# Apps that serve the folder `static` beside their module if nothing is said.
_SERVING = frozenset(("flask.Flask", "flask.app.Flask", "apiflask.APIFlask", "quart.Quart"))


def is_static(mounted: ast.expr | None, module: PythonModule) -> bool:
    """Whether what is mounted serves the files of a folder, as `StaticFiles(…)` of Starlette does."""
    made = _bound(mounted, module)
    name = module.qualified_name(made.func) if isinstance(made, ast.Call) else None
    return (name or "").rpartition(".")[2].endswith("StaticFiles")


def static_path(call: ast.Call, name: str, module: PythonModule, folders: Container[str]) -> str | None:
    """Where an app or a blueprint of Flask serves the files of its static folder.

    `static_url_path` tells it; an app that names neither has `/static`, told where that folder is one of `folders`,
    those of the repository.
    """
    given = {one.arg: one.value for one in call.keywords}
    node, folder = _bound(given.get("static_url_path"), module), given.get("static_folder")
    if name in _SERVING and node is None and folder is None and None not in given and len(call.args) < 2:
        beside = posixpath.join(posixpath.dirname(module.source.path), "static")
        return "/static" if beside in folders else None
    path = module.text(node) if node is not None else None
    if path is None or (isinstance(folder, ast.Constant) and folder.value is None):
        return None
    return path.value if name.endswith(("Flask", "Quart")) or folder is not None else None


def _bound(node: ast.expr | None, module: PythonModule) -> ast.expr | None:
    """What a name stands for that the module binds once; any other expression as it is."""
    bindings = module.bindings(node.id) if isinstance(node, ast.Name) else ()
    return bindings[0].value if len(bindings) == 1 and isinstance(bindings[0].value, ast.expr) else node
