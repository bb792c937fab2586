"""Apps and routers that code hands on: what the functions that are given them register, or that nobody can tell.

`setup(app)` may register any path. A function or a method of the repository is followed; of what is not, only
packages that are known to register nothing leave the routes complete.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Container, Iterable, Iterator

from prodlint.deployment.apps.frameworks import registers_paths
from prodlint.deployment.apps.import_graph import ImportGraph
from prodlint.deployment.apps.index import CodeCall, CodeFunction, CodeIndex, code_index
from prodlint.deployment.apps.names import CodeNames, Defined, External, Here
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.repository import Repository
from prodlint.deployment.route import Route
from prodlint.deployment.value import NO
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.python import PythonModule
from prodlint.syntax.python_tree import children_of, nodes_in

__all__ = ["Handed", "Handing", "loaded_files"]

_INSTRUMENTATOR = "prometheus_fastapi_instrumentator."
# What is called on an app, or on what hangs on it, to register a path.
_TELLING = (
    "route api_route get post put delete patch head options trace add_url_rule add_api_route add_route mount host "
    "include_router register_blueprint"
).split()
# The parent registers these; the child stays what it is.
_JOINING = frozenset(("include_router", "register_blueprint", "mount"))
_TABLES = frozenset(("routes", "url_map"))
_CHANGES = frozenset(("add", "append", "extend", "insert"))
_MADE = regex(
    rb"\b(\w+)[ \t]*(?::[^=\n]{1,80})?=[ \t]*(?:\w+\.){0,3}"
    rb"(?:Flask|APIFlask|Quart|FastAPI|Starlette|Blueprint|APIBlueprint|APIRouter|Router)\("
)
_CHANGED = regex(rb"\.(?:routes|url_map)\.(?:add|append|extend|insert)\(|\blifespan\b")
_USUAL = (b"app", b"application")
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_ObjectOf = Callable[[str, PythonModule, "ast.AST | None", ast.expr, int], "Span | None"]
_LONGEST = 40
_MOST = 2_000
_MOST_NAMES = 200


class Handed(Record):
    """An app or a router (`owner`, where it is made) that is handed on.

    `child` is the parameter of a function that is followed, `route` what a known package registers; without both,
    `note` says what was not followed.
    """

    owner: Span
    span: Span
    note: str = ""
    child: Span | None = None
    route: Route | None = None


class _Given(Record):
    """An object that is an argument: its position, or the keyword that names it."""

    owner: Span
    index: CodeIndex
    call: CodeCall
    called: ast.expr
    position: int | None
    keyword: str | None

    @property
    def span(self) -> Span:
        """The call."""
        return self.index.module.span(self.call.node)


class _Taken(Record):
    """A parameter that is given an object, in the function that is followed."""

    span: Span
    name: str
    function: CodeFunction


class Handing:
    """Follows apps and routers through the files that a process imports, beginning with its `entries`.

    `object_of` tells which app or router an expression is, or which parameter (one of `parameters`); `load` is called
    for every file that is looked at.
    """

    def __init__(
        self,
        repository: Repository,
        graph: ImportGraph,
        object_of: _ObjectOf,
        parameters: Container[Span],
        load: Callable[[str], None],
    ) -> None:
        self.repository = repository
        self.graph = graph
        self.object_of = object_of
        self.parameters = parameters
        self.load = load
        self.names = CodeNames(repository, graph)
        self.taken: dict[Span, _Taken] = {}

    def read(self) -> Iterator[Handed]:
        """Everything that is handed on; a function is followed once, whatever it is given."""
        waiting: list[_Given] = []
        for path in self._files():
            self.load(path)
            index = code_index(self.repository, path)
            if index is not None:
                waiting += self._given(index, index.calls, None)
                yield from self._changed(index, index.calls, None)
                yield from self._kept(index, None)
        followed: set[Span] = set()
        for count, given in enumerate(waiting):
            found = self._handed(given) if count < _MOST else _unknown(given)
            if found is None:
                continue
            yield found
            taken = self.taken.get(found.child) if found.child is not None else None
            if taken is None or taken.span in followed:
                continue
            followed.add(taken.span)
            self.load(taken.function.path)
            index = code_index(self.repository, taken.function.path)
            if index is not None:
                calls = [one for one in index.calls if _is_inside(one.function, taken.function)]
                waiting += self._given(index, calls, taken)
                yield from self._changed(index, calls, taken)
                yield from self._kept(index, taken)

    def _files(self) -> list[str]:
        """The files that the process may import and that may hand an object on."""
        paths = loaded_files(self.graph, self.repository)
        names = dict.fromkeys(_USUAL)
        held = [(path, data) for path in sorted(paths) if (data := self.repository.data(path))]
        for _, data in held:
            names.update(dict.fromkeys(_MADE.findall(data)))
        either = b"|".join(re.escape(one) for one in [*names][:_MOST_NAMES])
        handing = re.compile(
            rb"[(,=\[:*]\s*(?:\w+\.)*(?:" + either + rb")(?:\.\w+)?[ \t]*(?:[,)\]}#;]|\r?$)", re.MULTILINE
        )
        return [path for path, data in held if handing.search(data) or _CHANGED.search(data)]

    def _given(self, index: CodeIndex, calls: Iterable[CodeCall], taken: _Taken | None) -> Iterator[_Given]:
        """The arguments of calls that are objects made in the repository, or the one that a parameter takes."""
        for call in calls:
            func = call.node.func
            if isinstance(func, ast.Attribute) and func.attr in _JOINING:
                continue
            keywords = [(None, one.arg, one.value) for one in call.node.keywords]
            for position, keyword, value in [*((at, None, one) for at, one in enumerate(call.node.args)), *keywords]:
                for inner in _elements(value):
                    owner = self._owner(index, call.function, inner, taken)
                    if owner is not None:
                        yield _Given(owner, index, call, func, position, keyword)
                if keyword == "lifespan":
                    made = self._owner(index, call.function, call.node, taken)
                    if made is not None:
                        yield _Given(made, index, call, value, 0, None)

    def _owner(
        self, index: CodeIndex, function: CodeFunction | None, node: ast.expr, taken: _Taken | None
    ) -> Span | None:
        if isinstance(node, ast.Attribute) and (node.attr in _TELLING or node.attr == "wsgi_app"):
            node = node.value
        if not isinstance(node, ast.Name | ast.Attribute | ast.Call):
            return None
        if taken is not None and not (isinstance(node, ast.Name) and node.id == taken.name):
            return None
        scope = None if function is None else function.node
        found = self.object_of(index.path, index.module, scope, node, 0)
        if taken is not None:
            return found if found == taken.span else None
        return None if found in self.parameters else found

    def _handed(self, given: _Given) -> Handed | None:
        """What becomes of an object that is handed on; None where what is given it registers nothing."""
        module, called = given.index.module, given.called
        meaning = self.names.meaning(called, Here(given.index.path, module, given.call.function))
        if meaning is None and isinstance(called, ast.Name) and hasattr(builtins, called.id):
            return _unknown(given) if module.bindings(called.id) else None
        if isinstance(meaning, External):
            return self._outside(given, meaning)
        offset = 0
        if isinstance(meaning, Defined) and isinstance(meaning.node, ast.ClassDef):
            bases = [*self.names.bases(meaning)]
            made = Defined(meaning.path, meaning.module, meaning.node, True)
            meaning = self.names.member(made, "__call__" if meaning.is_instance else "__init__", 0)
            offset = 1
            if isinstance(meaning, External) or (meaning is None and bases and all(map(_is_harmless, bases))):
                return _unknown(given) if meaning is not None and not _is_harmless(meaning.name) else None
        if not isinstance(meaning, Defined) or isinstance(meaning.node, ast.ClassDef):
            # A lifespan that a call makes registers nothing that anybody has seen.
            return None if given.called is not given.call.node.func else _unknown(given)
        return self._followed(given, meaning, offset)

    def _followed(self, given: _Given, meaning: Defined, offset: int) -> Handed:
        assert isinstance(meaning.node, _Function)
        index = code_index(self.repository, meaning.path)
        function = index.by_node.get(meaning.node) if index is not None else None
        if function is None or (function.owner is not None and self._has_heirs(function.owner.name)):
            return _unknown(given)
        named = [getattr(one, "id", "") for one in meaning.node.decorator_list]
        if function.owner is not None and "staticmethod" not in named:
            offset = 1
        parameter = _parameter(meaning.node, given, offset)
        if parameter is None:
            return _unknown(given)
        child = meaning.module.span(parameter)
        self.taken[child] = _Taken(child, parameter.arg, function)
        return Handed(given.owner, given.span, child=child)

    def _has_heirs(self, name: str) -> bool:
        """Whether another class is made of a class: an object that is annotated so may be of that one."""
        below = re.compile(rb"\bclass[ \t]+\w+[ \t]*\([^)\n]*\b" + re.escape(name.encode()) + rb"\b")
        for path in self.repository.python_files:
            may_have = below.search(self.repository.data(path) or b"") is not None
            module = self.repository.python(path) if may_have else None
            # What is no Python that can be read may hold one.
            if may_have and (module is None or name in _bases(module)):
                return True
        return False

    def _outside(self, given: _Given, meaning: External) -> Handed | None:
        if _is_harmless(meaning.name):
            return None
        if not meaning.name.startswith(_INSTRUMENTATOR):
            return _unknown(given)
        # Instrumentator.expose(app, should_gzip, endpoint) of 7.0; `should_respect_env_var` asks a variable first.
        if not meaning.name.endswith(".expose"):
            return None
        maker = meaning.node
        if maker is None or any(one.arg in (None, "should_respect_env_var") for one in maker.keywords):
            return _unknown(given)
        call = given.call.node
        written = [one.value for one in call.keywords if one.arg == "endpoint"] + call.args[2:3]
        path = "/metrics" if not written else getattr(written[0], "value", None)
        if not isinstance(path, str):
            return _unknown(given)
        span = given.span
        return Handed(given.owner, span, route=Route(path, span, frozenset(("GET",))))

    def _changed(self, index: CodeIndex, calls: Iterable[CodeCall], taken: _Taken | None) -> Iterator[Handed]:
        """`app.router.routes.append(…)`: a table that is written to by hand."""
        for call in calls:
            func = call.node.func
            if not isinstance(func, ast.Attribute) or func.attr not in _CHANGES:
                continue
            table = func.value
            if isinstance(table, ast.Attribute) and table.attr in _TABLES:
                owner = self._owner(index, call.function, table.value, taken)
                if owner is not None:
                    span = index.module.span(call.node)
                    yield Handed(owner, span, f"what is put into {_shown(index.module.span(table))}")

    def _kept(self, index: CodeIndex, taken: _Taken | None) -> Iterator[Handed]:
        """`self.app = app`, where something is then registered on `self.app`; `kit.app = app` of a package's kit."""
        functions = index.functions if taken is None else [taken.function]
        scopes: list[tuple[CodeFunction | None, list[ast.stmt]]] = [(one, one.node.body) for one in functions]
        if taken is None:
            scopes.append((None, index.module.tree.body))
        for function, body in scopes:
            for node in _assignments(body):
                target = node.targets[0]
                if not isinstance(target, ast.Attribute | ast.Subscript) or not isinstance(node.value, ast.Name):
                    continue
                owner = self._owner(index, function, node.value, taken)
                if owner is None:
                    continue
                here = Here(index.path, index.module, function)
                if (
                    isinstance(target, ast.Subscript)
                    or self._is_strange(target.value, here)
                    or self._registers_on(target.attr)
                ):
                    span = index.module.span(node)
                    yield Handed(owner, span, f"what is done with {_shown(index.module.span(target))}")

    def _is_strange(self, node: ast.expr, here: Here) -> bool:
        """Whether an object that is given an attribute is made by code that is not followed, which may use it."""
        if isinstance(node, ast.Name) and node.id in ("self", "cls"):
            return False
        meaning = self.names.meaning(node, here)
        if isinstance(meaning, Defined) and isinstance(meaning.node, ast.ClassDef):
            return not all(map(_is_harmless, self.names.bases(meaning)))
        if isinstance(meaning, External):
            return not _is_harmless(meaning.name)
        return meaning is None

    def _registers_on(self, name: str) -> bool:
        """Whether code registers on an attribute of that name, or hands it on."""
        end = rb"(?:\.(?:router\.)?(?:" + "|".join(_TELLING).encode() + rb"|routes|url_map)\b|[ \t]*[,)])"
        use = re.compile(rb"\w\." + re.escape(name.encode()) + end)
        for path in self.graph.files:
            module = self.repository.python(path) if use.search(self.repository.data(path) or b"") else None
            if module is not None and any(_is_used(node, name) for node in module.nodes):
                return True
        return False


def loaded_files(graph: ImportGraph, repository: Repository) -> set[str]:
    """The files that a process imports; where some import by names that they compute, all but those of tests."""
    paths = set(graph.files)
    if not graph.is_complete:
        paths.update(one for one in repository.python_files if environment_of(one) is not Environment.TEST)
    return paths


def _bases(module: PythonModule) -> set[str]:
    """The last names in what the classes of a module are made of."""
    classes = [node for node in module.nodes if isinstance(node, ast.ClassDef)]
    parts = [part for one in classes for base in (*one.bases, *one.keywords) for part in nodes_in(base)]
    return {part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "") for part in parts}


def _is_used(node: ast.AST, name: str) -> bool:
    """Whether something is registered on an attribute of that name, or the attribute is handed on."""
    if isinstance(node, ast.Attribute) and (node.attr in _TELLING or node.attr in _TABLES):
        owner = node.value
        if isinstance(owner, ast.Attribute) and owner.attr == "router":
            owner = owner.value
        return isinstance(owner, ast.Attribute) and owner.attr == name
    if isinstance(node, ast.Call):
        parts = [*node.args, *(one.value for one in node.keywords)]
    else:
        parts = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else []
    return any(isinstance(one, ast.Attribute) and one.attr == name for part in parts for one in _elements(part))


def _unknown(given: _Given) -> Handed:
    called = _shown(given.index.module.span(given.called))
    return Handed(given.owner, given.span, f"what {called}() registers")


def _is_harmless(name: str) -> bool:
    return registers_paths(name) is NO


def _shown(span: Span) -> str:
    """What is called as it is written; of what is long, its last name."""
    text = span.text
    return text if len(text) <= _LONGEST and "\n" not in text else f"….{text.rpartition('.')[2][:_LONGEST]}"


def _is_inside(function: CodeFunction | None, whole: CodeFunction) -> bool:
    while function is not None:
        if function == whole:
            return True
        function = function.outer
    return False


def _parameter(function: _Function, given: _Given, offset: int) -> ast.arg | None:
    """The parameter that takes an argument."""
    arguments = function.args
    placed = (*arguments.posonlyargs, *arguments.args)
    if given.keyword is not None:
        return next((one for one in (*placed, *arguments.kwonlyargs) if one.arg == given.keyword), None)
    args = given.call.node.args
    position = given.position
    if position is None or any(isinstance(one, ast.Starred) for one in args[: position + 1]):
        return None
    return placed[position + offset] if position + offset < len(placed) else None


def _elements(value: ast.expr) -> Iterator[ast.expr]:
    """An argument, or what a display of it holds."""
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        yield from value.elts
    elif isinstance(value, ast.Dict):
        yield from value.values
    elif not isinstance(value, ast.Call):
        yield value.value if isinstance(value, ast.Starred) else value


def _assignments(body: list[ast.stmt]) -> Iterator[ast.Assign]:
    """The assignments of a body, those of functions in it aside."""
    waiting: list[ast.AST] = [*body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            yield node
        elif isinstance(node, ast.stmt | ast.ExceptHandler) and not isinstance(node, _Function):
            waiting += children_of(node)
