"""The routes that a service answers: those of its app, whatever the framework."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from prodlint.deployment.app import roots_of
from prodlint.deployment.command import Link
from prodlint.deployment.repository import Repository
from prodlint.deployment.route import Routes
from prodlint.deployment.routes.tables import routes_of_tables
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, Unknown, Value
from prodlint.record import replace
from prodlint.syntax.python import PythonModule
from prodlint.syntax.python_tree import nodes_in

if TYPE_CHECKING:
    from prodlint.deployment.evaluation.elsewhere import Elsewhere

__all__ = ["routes_of"]

_ENVIRONMENT = ("os.environ", "os.getenv")
_NOTHING = Routes((), NO)
_TABLES = ("Flask", "Quart", "FastAPI", "Starlette")


def routes_of(service: Service, repository: Repository) -> Routes:
    """The routes of the app that a service serves; none, and not complete, where they cannot be read."""
    app = service.app
    is_started = service.step is not None or service.handled_at is not None
    if app is None or not (is_started or app.framework == "Django"):
        return _NOTHING
    if app.framework == "Django":
        # Its settings have to be evaluated: nobody else needs to load what does that.
        from prodlint.deployment.routes.settings import routes_of_django

        return routes_of_django(service, repository)
    if app.framework not in _TABLES:
        return _NOTHING
    if app.others:
        return Routes((), NO, unread=(Link(app.span, "those of one of several apps"),))
    folders = service.server.folders if service.server is not None else ()
    directory = service.step.directory if service.step is not None else service.place.directory
    roots = roots_of(replace(service.place, directory=directory), repository, folders)

    def named(path: str, module: PythonModule, scope: ast.AST | None, node: ast.expr) -> Value[object]:
        """Read where somebody asks: few apps keep paths in their settings."""
        from prodlint.deployment.routes.fields import FieldReader

        held.append(FieldReader(service, repository, roots)) if not held else None
        value = held[0](path, module, scope, node)
        if type(value) is Unknown and any(isinstance(one, ast.Attribute) for one in nodes_in(node)):
            found = None if _names_own(scope, node) else elsewhere(module, node)
            value = value if found is None else found
        if isinstance(value, Unknown) and scope is None and _asks_environment(node, module):
            from prodlint.deployment.evaluation.interpreter import namespace

            return namespace(repository, roots, path, service.variables.get).evaluate(node)
        return value

    def elsewhere(module: PythonModule, node: ast.expr) -> Value[object] | None:
        """A property, or a field of an object whose call gives it something."""
        from prodlint.deployment.evaluation.elsewhere import Elsewhere

        variables = service.variables
        made = Elsewhere(repository, roots, variables.get, service.place.files, tuple(variables.names))
        others.append(made) if not others else None
        return others[0].evaluate(node, module, {})

    held: list[Callable[[str, PythonModule, ast.AST | None, ast.expr], Value[object]]] = []
    others: list[Elsewhere] = []
    return routes_of_tables(app, repository, roots, service.variables.get, named, service.module)


def _names_own(scope: ast.AST | None, node: ast.expr) -> bool:
    """Whether an expression names a parameter or a variable of the function in which it stands."""
    names = {one.id for one in nodes_in(node) if isinstance(one, ast.Name)}
    for one in nodes_in(scope) if scope is not None else ():
        bound = one.arg if isinstance(one, ast.arg) else ""
        if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load):
            bound = one.id
        elif isinstance(one, ast.alias):
            bound = one.asname or one.name.partition(".")[0]
        if bound in names:
            return True
    return False


def _asks_environment(node: ast.expr, module: PythonModule) -> bool:
    """Whether an expression reads a variable, by itself or by a name that the module gives the value of one."""
    names = {one.id for one in nodes_in(node) if isinstance(one, ast.Name)}
    assigned = [
        one.value
        for one in module.tree.body
        if isinstance(one, ast.Assign) and names & {getattr(target, "id", "") for target in one.targets}
    ]
    return any(
        isinstance(one, ast.Attribute | ast.Name) and module.qualified_name(one) in _ENVIRONMENT
        for part in (node, *assigned)
        for one in nodes_in(part)
    )
