"""The app behind a name or an expression: through imports, assignments, factories and wrappers, or not known.

A module runs from top to bottom: `app = WhiteNoise(app)` wraps what the name held before.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from prodlint.deployment.app import App, Interface, locate_module
from prodlint.deployment.apps.frameworks import FRAMEWORKS, PLAIN, TO_ASGI, TO_WSGI, is_wrapper, wrapped_position
from prodlint.deployment.apps.text import occurring, python_with
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.record import Record, replace
from prodlint.syntax.python import PythonModule
from prodlint.syntax.python_bindings import Binding
from prodlint.syntax.python_tree import children_of, statements_in

__all__ = ["app_files", "app_of", "apps_in", "around", "expression_app", "resolve"]

_DEPTH = 12
_APPS = (b"Flask", b"FastAPI", b"Starlette", b"get_wsgi_application", b"get_asgi_application", b"Quart", b"Dash")
_Place = tuple[int, int]
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_END: _Place = (1 << 60, 0)
# What an app of a framework calls the object that a server may be given instead of it.
_OWN_APPS = ("wsgi_app", "asgi_app", "server", "app")


class _Here(Record):
    """Where an expression stands: its file, the function around it, and the place before which names count."""

    module: PythonModule
    path: str
    depth: int = 0
    function: ast.FunctionDef | None = None
    before: _Place = _END


class _Search:
    """One search through the modules of a repository, which are imported from some folders."""

    def __init__(self, repository: Repository, roots: tuple[str, ...]) -> None:
        self.repository = repository
        self.roots = roots

    def here(self, path: str, depth: int = 0) -> _Here | None:
        module = self.repository.python(path)
        return None if module is None or depth > _DEPTH else _Here(module, path, depth)

    def named(self, name: str, here: _Here) -> App | None:
        """The app that a name of a module holds at some place."""
        every = here.module.bindings(name)
        if not every:
            return self._starred(name, here)
        bindings = [one for one in every if _place(one.node) < here.before]
        last = next((at for at in range(len(bindings) - 1, -1, -1) if not bindings[at].conditional), 0)
        # What an `except ImportError: app = None` leaves serves nobody.
        candidates = [one for one in bindings[last:] if not _is_none(one)]
        return _agreed(self._bound(one, here) for one in candidates)

    def _starred(self, name: str, here: _Here) -> App | None:
        for starred in here.module.star_imports:
            other = locate_module(self.repository, around(self.roots, here.path), starred)
            found = self.here(other, here.depth + 1) if other and other != here.path else None
            app = self.named(name, found) if found is not None else None
            if app is not None:
                return app
        return None

    def _bound(self, binding: Binding, here: _Here) -> App | None:
        if binding.kind == "import":
            return self._imported(binding.target, here)
        node = binding.node
        if isinstance(node, ast.FunctionDef):
            return self._plain(node, here) or _as_factory(self._returned(node, here))
        if isinstance(node, ast.AsyncFunctionDef):
            return self._plain(node, here)
        if isinstance(binding.value, ast.expr):
            before = replace(here, depth=here.depth + 1, function=None, before=_place(node))
            return self.expression(binding.value, before)
        return self._unpacked(binding.name, node, here) if isinstance(node, ast.Assign) else None

    def _unpacked(self, name: str, node: ast.Assign, here: _Here) -> App | None:
        """The app that a function returns among others: `app, socketio = create_app()`."""
        targets = [one.elts for one in node.targets if isinstance(one, ast.Tuple)]
        places = [at for names in targets for at, one in enumerate(names) if _names([one], name)]
        if len(places) != 1 or not isinstance(node.value, ast.Call):
            return None
        found = self._defined(here.module.qualified_name(node.value.func) or "", node.value.func, here)
        if found is None:
            return None
        function, inside = found
        inside = replace(inside, depth=inside.depth + 1, function=function, before=_END)
        returned = [one for one in statements_in(function.body) if isinstance(one, ast.Return)]
        parts = [one.value.elts if isinstance(one.value, ast.Tuple) else [] for one in returned]
        if any(len(part) != len(targets[0]) for part in parts):
            return None
        return _agreed(
            self.expression(part[places[0]], replace(inside, before=_place(one)))
            for one, part in zip(returned, parts, strict=True)
        )

    def _defined(self, dotted: str, called: ast.expr, here: _Here) -> tuple[ast.FunctionDef, _Here] | None:
        """The function that is called, with the module in which it is defined."""
        owner, _, name = dotted.rpartition(".")
        other = locate_module(self.repository, around(self.roots, here.path), owner) if owner else None
        inside = here if isinstance(called, ast.Name) and not owner else self.here(other or "", here.depth + 1)
        name = called.id if isinstance(called, ast.Name) and not owner else name
        nodes = [one.node for one in inside.module.bindings(name)] if inside is not None else []
        if inside is None or not nodes or not isinstance(nodes[-1], ast.FunctionDef):
            return None
        return nodes[-1], inside

    def _imported(self, dotted: str | None, here: _Here) -> App | None:
        owner, _, attribute = (dotted or "").rpartition(".")
        other = locate_module(self.repository, around(self.roots, here.path), owner) if owner else None
        found = self.here(other, here.depth + 1) if other is not None else None
        return self.named(attribute, found) if found is not None else None

    def _plain(self, node: _Function, here: _Here) -> App | None:
        """A function that is an app itself, by its parameters: the app that it hands requests on to, or a plain one."""
        interface = _interface_of(node, 0)
        if interface is None:
            return None
        inside = replace(here, depth=here.depth + 1, before=_END)
        apps = [self.expression(one, inside) for one in _handed_on(node)]
        if not apps:
            return App(PLAIN, interface, here.module.span(node))
        made = _agreed(one for one in apps if one is None or one.framework != PLAIN)
        return None if made is None else replace(made, interface=interface, is_factory=False)

    def expression(self, value: ast.expr, here: _Here) -> App | None:
        """The app that an expression makes or names."""
        if here.depth > _DEPTH:
            return None
        deeper = replace(here, depth=here.depth + 1)
        if isinstance(value, ast.Call):
            return self._call(value, deeper)
        if isinstance(value, ast.Name):
            local = _local(value.id, here)
            if local is not None:
                return self.expression(local[0], replace(deeper, before=local[1]))
            # A function runs when its module is ready.
            return self.named(value.id, deeper if here.function is None else replace(deeper, before=_END))
        if isinstance(value, ast.Attribute):
            return self._attribute(value, deeper)
        if isinstance(value, ast.IfExp):
            return _agreed(self.expression(one, deeper) for one in (value.body, value.orelse))
        return None

    def _attribute(self, value: ast.Attribute, here: _Here) -> App | None:
        found = self._imported(here.module.qualified_name(value), here)
        if found is not None:
            return found
        made = self._instance(value.value, here)
        if made is not None:
            return self._member(made[0], value.attr, made[1])
        return self.expression(value.value, here) if value.attr in _OWN_APPS else None

    def _instance(self, value: ast.expr, here: _Here) -> tuple[ast.ClassDef, _Here] | None:
        """The class of this module that a name or a call is an instance of, when it is no framework's."""
        if isinstance(value, ast.Name):
            bindings = [one for one in here.module.bindings(value.id) if _place(one.node) < here.before]
            held = bindings[-1].value if bindings else None
            return self._instance(held, here) if isinstance(held, ast.Call) else None
        node = self._class(value.func, here) if isinstance(value, ast.Call) else None
        return (node, here) if node is not None and self._parent(node, here) is None else None

    def _member(self, node: ast.ClassDef, name: str, here: _Here) -> App | None:
        """What a class, or its `__init__`, puts into an attribute of its instances."""
        for statement in node.body:
            if isinstance(statement, ast.Assign) and _names(statement.targets, name):
                return self.expression(statement.value, here)
            if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
                values = [one.value for one in _assignments(statement) if _is_own(one.targets, name)]
                return self.expression(values[-1], replace(here, function=statement)) if values else None
        return None

    @staticmethod
    def _class(function: ast.expr, here: _Here) -> ast.ClassDef | None:
        bindings = here.module.bindings(function.id) if isinstance(function, ast.Name) else ()
        return bindings[-1].node if bindings and isinstance(bindings[-1].node, ast.ClassDef) else None

    def _parent(self, node: ast.ClassDef, here: _Here) -> tuple[str, Interface] | None:
        names = (here.module.qualified_name(parent) or "" for parent in node.bases)
        return next((FRAMEWORKS[name] for name in names if name in FRAMEWORKS), None)

    def _call(self, call: ast.Call, here: _Here) -> App | None:
        name = here.module.qualified_name(call.func) or self._method(call.func, here) or ""
        if name in FRAMEWORKS:
            return App(*FRAMEWORKS[name], here.module.span(call))
        if is_wrapper(name):
            inner = _argument(call, *wrapped_position(name))
            app = None if inner is None else self.expression(inner, here)
            if app is None or name not in TO_ASGI | TO_WSGI:
                return app
            return replace(app, interface=Interface.ASGI if name in TO_ASGI else Interface.WSGI)
        if isinstance(call.func, ast.Name):
            for binding in here.module.bindings(call.func.id):
                if isinstance(binding.node, ast.FunctionDef):
                    return self._handed_back(binding.node, call, here) or self._returned(binding.node, here)
                if isinstance(binding.node, ast.ClassDef):
                    return self._made(binding.node, call, here)
        wrapper = self._wrapper(call.func, here)
        if wrapper is not None:
            return self._call(wrapper, here)
        made = self._imported(name, here)
        if made is not None:
            return replace(made, is_factory=False) if made.is_factory else None
        found = self._defined(name, call.func, here)
        return self._handed_back(found[0], call, here) if found is not None else None

    def _handed_back(self, function: ast.FunctionDef, call: ast.Call, here: _Here) -> App | None:
        """The app that a function is given and returns: `app = configure(app)`."""
        returns = [one.value for one in statements_in(function.body) if isinstance(one, ast.Return)]
        names = {one.id if isinstance(one, ast.Name) else "" for one in returns}
        name = names.pop() if len(names) == 1 else ""
        places = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
        if name not in places or _local(name, replace(here, function=function, before=_END)) is not None:
            return None
        given = _argument(call, places.index(name), (name,))
        return None if given is None else self.expression(given, here)

    @staticmethod
    def _wrapper(function: ast.expr, here: _Here) -> ast.Call | None:
        """The wrapper around an app that a function hands its arguments to: `Mangum(app)(event, context)`."""
        if isinstance(function, ast.Name) and here.function is not None:
            values = [one.value for one in here.module.bindings(function.id)]
            local = _local(function.id, here)
            held = local[0] if local is not None else values[-1] if values else None
            function = held if isinstance(held, ast.expr) else function
        if not isinstance(function, ast.Call) or not is_wrapper(here.module.qualified_name(function.func) or ""):
            return None
        return function

    @staticmethod
    def _method(function: ast.expr, here: _Here) -> str | None:
        """The dotted name of a method of what a module-level call made: `config.make_wsgi_app`."""
        if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
            return None
        values = [one.value for one in here.module.bindings(function.value.id)]
        made = values[-1] if values else _local(function.value.id, here)
        made = made[0] if isinstance(made, tuple) else made
        owner = here.module.qualified_name(made.func) if isinstance(made, ast.Call) else None
        return None if owner is None else f"{owner}.{function.attr}"

    def _made(self, node: ast.ClassDef, call: ast.Call, here: _Here) -> App | None:
        """An instance of a class of this module: a framework's child, or middleware around its first argument."""
        parent = self._parent(node, here)
        if parent is not None:
            return App(*parent, here.module.span(call))
        calls = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
        interface = next((_interface_of(one, 1) for one in calls if one.name == "__call__"), None)
        if interface is None:
            return None
        inner = _argument(call, *wrapped_position(""))
        app = self.expression(inner, here) if inner is not None else None
        return replace(app, interface=interface) if app is not None else App(PLAIN, interface, here.module.span(call))

    def _returned(self, function: ast.FunctionDef, here: _Here) -> App | None:
        """What a function returns: the app of its `return` statements, else that of its annotation."""
        inside = replace(here, depth=here.depth + 1, function=function, before=_END)
        returns = [one for one in statements_in(function.body) if isinstance(one, ast.Return) and one.value is not None]
        apps = [
            self.expression(one.value, replace(inside, before=_place(one))) for one in returns if one.value is not None
        ]
        found = _agreed(iter(apps))
        if found is None and function.returns is not None and not any(apps):
            annotated = FRAMEWORKS.get(here.module.qualified_name(function.returns) or "")
            return App(*annotated, here.module.span(function)) if annotated is not None else None
        return found


def _agreed(apps: Iterable[App | None]) -> App | None:
    """The first of some apps when they are of one framework and one interface; the places of the others are its own."""
    found = list(apps)
    made = [one for one in found if one is not None]
    if not made or len(made) < len(found) or len({(one.framework, one.interface) for one in made}) != 1:
        return None
    places = dict.fromkeys(span for one in made for span in (one.span, *one.others))
    return replace(made[0], others=tuple(places)[1:]) if len(places) > 1 else made[0]


def _as_factory(app: App | None) -> App | None:
    return None if app is None else replace(app, is_factory=True)


def _is_none(binding: Binding) -> bool:
    return isinstance(binding.value, ast.Constant) and binding.value.value is None


def _place(node: ast.stmt) -> _Place:
    return node.lineno, node.col_offset


_PARAMETERS = {
    ("environ", "start_response"): Interface.WSGI,
    ("env", "start_response"): Interface.WSGI,
    ("scope", "receive", "send"): Interface.ASGI,
}


def _interface_of(node: _Function, first: int) -> Interface | None:
    """The interface of a callable by its parameters behind the first ones (PEP 3333, the ASGI specification)."""
    interface = _PARAMETERS.get(tuple(one.arg.lstrip("_") for one in node.args.args[first:]))
    return interface if (interface is Interface.ASGI) == isinstance(node, ast.AsyncFunctionDef) else None


def _handed_on(node: _Function) -> Iterator[ast.expr]:
    """What an app that is a function calls with all that it was given."""
    given = [one.arg for one in node.args.args]
    for call in (one for one in _own_nodes(node) if isinstance(one, ast.Call)):
        if [one.id for one in call.args if isinstance(one, ast.Name)] == given:
            yield call.func


def _argument(call: ast.Call, position: int, keywords: tuple[str, ...]) -> ast.expr | None:
    if len(call.args) > position:
        return call.args[position]
    return next((one.value for one in call.keywords if one.arg in keywords), None)


def around(roots: tuple[str, ...], path: str) -> tuple[str, ...]:
    """The roots, with the folders above a file behind them: imports of a project are found from one of these."""
    folders: list[str] = []
    at = posixpath.dirname(path)
    while at:
        folders.append(at)
        at = posixpath.dirname(at)
    return tuple(dict.fromkeys((*roots, "", *reversed(folders))))


def _assignments(function: ast.FunctionDef) -> Iterator[ast.Assign]:
    return (node for node in statements_in(function.body) if isinstance(node, ast.Assign))


def _names(targets: Sequence[ast.expr], name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def _is_own(targets: list[ast.expr], name: str) -> bool:
    """Whether an assignment is to `self.NAME`."""
    return any(
        isinstance(target, ast.Attribute) and target.attr == name and isinstance(target.value, ast.Name)
        for target in targets
    )


def _local(name: str, here: _Here) -> tuple[ast.expr, _Place] | None:
    """What a function's own variable was last assigned before a place, and where."""
    found: tuple[ast.expr, _Place] | None = None
    for node in statements_in(here.function.body) if here.function is not None else ():
        if not isinstance(node, ast.Assign | ast.AnnAssign) or _place(node) >= here.before:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is not None and _names(targets, name):
            found = (node.value, _place(node))
    return found


def _own_nodes(function: _Function) -> Iterator[ast.AST]:
    """What stands in a function itself, in order: the views that a factory defines return something else."""
    waiting: list[ast.AST] = [*reversed(function.body)]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting.extend(reversed(children_of(node)))


def resolve(repository: Repository, roots: tuple[str, ...], path: str, name: str) -> App | None:
    """The app that a module-level name holds, through imports, factories and wrappers; None when unknown."""
    search = _Search(repository, roots)
    here = search.here(path)
    return None if here is None else search.named(name, here)


def expression_app(repository: Repository, roots: tuple[str, ...], path: str, value: ast.expr) -> App | None:
    """The app that an expression of a file makes or names; None when unknown."""
    search = _Search(repository, roots)
    here = search.here(path)
    return None if here is None else search.expression(value, here)


def app_of(
    repository: Repository, roots: tuple[str, ...], target: str, attribute: str | None, path: str | None = None
) -> App | None:
    """The app behind `module:attr`, `module:attr.sub`, `module:factory()`; None when it cannot be found.

    `path` is the file of the module where it is known; else it is looked for from the roots.
    """
    dotted, _, name = target.partition(":")
    name = name or (attribute or "")
    path = path or locate_module(repository, roots, dotted.removesuffix(".py").replace("/", "."))
    if path is None or not name:
        return None
    try:
        value = ast.parse(name, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    app = expression_app(repository, roots, path, value)
    return None if app is None else replace(app, target=target)


@per_repository
def app_files(repository: Repository) -> tuple[str, ...]:
    """The files of production that may make an app, in order; those of tests and examples aside."""
    made = rb"\b(?:" + b"|".join(occurring(repository, _APPS)) + rb")\s*\("
    return tuple(
        path
        for path in python_with(repository, _APPS)
        if environment_of(path) in (None, Environment.PRODUCTION)
        and not path.startswith("tests")
        and (data := repository.data(path)) is not None
        and re.search(made, data)
    )


@per_repository
def apps_in(repository: Repository, path: str) -> tuple[App, ...]:
    """Every app that a file makes, at module level or in a function; what classes make is for others to serve."""
    module = repository.python(path)
    calls = _calls_outside_classes(module.tree) if module is not None else ()
    return tuple(
        App(framework[0], framework[1], module.span(call))
        for call in calls
        if module is not None and (framework := FRAMEWORKS.get(module.qualified_name(call.func) or "")) is not None
    )


def _calls_outside_classes(tree: ast.Module) -> Iterator[ast.Call]:
    waiting: deque[ast.AST] = deque([tree])
    while waiting:
        node = waiting.popleft()
        if isinstance(node, ast.Call):
            yield node
        waiting.extend(one for one in children_of(node) if not isinstance(one, ast.ClassDef | ast.Lambda))
