"""Python programs that start a server themselves: what is reached when a file is run, or imported.

Calls and what they mean: the catalogue's serving page, 2.5.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.deployment.app import App, locate_module
from prodlint.deployment.apps.import_graph import ImportGraph
from prodlint.deployment.apps.search import expression_app, resolve
from prodlint.deployment.apps.text import python_with
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, answer
from prodlint.record import Record, compared_without, replace
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.python import PythonModule, is_main_guard
from prodlint.syntax.python_tree import children_of, nodes_in

__all__ = ["ServerStart", "starts_on_import", "starts_when_called", "starts_when_run"]

_DEPTH = 5


@compared_without("node", "within", "caller")
class ServerStart(Record):
    """A call that starts a server: which one, whether it is a development server, and how it is reached.

    `node` is the call that is handed the server's arguments. `within` is the function in which it stands,
    when it does, and `caller` the call that ran that function. `is_child` is set for a server that is
    started as a program of its own.
    """

    product: str
    owner: str
    span: Span
    is_development: Answer
    call: str
    app: App | None = None
    conditional: bool = False
    through: tuple[Span, ...] = ()
    node: ast.Call | None = None
    within: ast.FunctionDef | ast.AsyncFunctionDef | None = None
    caller: ast.Call | None = None
    is_child: bool = False


_DEVELOPMENT_CALLS = {
    "werkzeug.serving.run_simple": "Werkzeug",
    "werkzeug.run_simple": "Werkzeug",
    "wsgiref.simple_server.make_server": "wsgiref",
    "livereload.Server": "livereload",
}
_PRODUCTION_CALLS = {
    "uvicorn.run": "uvicorn",
    "uvicorn.Server": "uvicorn",
    "hypercorn.asyncio.serve": "hypercorn",
    "hypercorn.trio.serve": "hypercorn",
    "hypercorn.run.run": "hypercorn",
    "granian.Granian": "granian",
    "waitress.serve": "waitress",
    "gunicorn.app.wsgiapp.run": "gunicorn",
    "cheroot.wsgi.Server": "cheroot",
    "cherrypy.quickstart": "CherryPy",
    "bjoern.run": "bjoern",
    "gevent.pywsgi.WSGIServer": "gevent",
    "eventlet.wsgi.server": "eventlet",
    "aiohttp.web.run_app": "aiohttp",
    "daphne.server.Server": "daphne",
    "tornado.httpserver.HTTPServer": "Tornado",
    "subprocess.run": "",
    "subprocess.call": "",
    "subprocess.check_call": "",
    "subprocess.Popen": "",
    "os.system": "",
    "os.execvp": "",
    "os.execv": "",
    "os.execvpe": "",
    "os.execve": "",
    "os.execlp": "",
    "os.execl": "",
}
_OWN_DEVELOPMENT_SERVER = ("Flask", "Dash", "Quart", "Bottle")
_SWITCHES = ("reload", "debug", "dev", "auto_reload")


def starts_when_run(repository: Repository, roots: tuple[str, ...], path: str) -> tuple[ServerStart, ...]:
    """The server starts that `python FILE` can reach, its `__main__` block included."""
    return tuple(_Walk(repository, roots).module(path, True, 0))


def starts_when_called(
    repository: Repository, roots: tuple[str, ...], path: str, function: str
) -> tuple[ServerStart, ...]:
    """The server starts that importing a file and calling one of its functions reach, as a console script does."""
    walk = _Walk(repository, roots)
    module = repository.python(path)
    if module is None:
        return ()
    call = ast.Call(ast.Name(function, ast.Load(), lineno=1, col_offset=0, end_lineno=1, end_col_offset=0), [], [])
    ast.copy_location(call, call.func)
    found = list(walk.module(path, False, 0))
    for binding in module.bindings(function.partition(".")[0]):
        if isinstance(binding.node, ast.FunctionDef | ast.AsyncFunctionDef):
            found += walk.function(module, path, binding.node, call, False, 0)
            break
    else:
        found += walk.call(module, path, call, False, 0)
    return tuple(found)


def starts_on_import(repository: Repository, roots: tuple[str, ...], path: str) -> tuple[ServerStart, ...]:
    """The server starts that importing a file runs into, in it and in the modules that it imports at top level."""
    return tuple(_imported_starts(repository, roots, path)) if _some_start(repository) else ()


def _imported_starts(repository: Repository, roots: tuple[str, ...], path: str) -> Iterator[ServerStart]:
    graph = ImportGraph(repository, roots, (path,))
    for imported in sorted(graph.files, key=lambda one: (one != path, one)):
        data = repository.data(imported) or b""
        chain = graph.chain(imported) if _may_start(data) else None
        for start in _Walk(repository, roots).module(imported, False, 0) if chain is not None else ():
            yield replace(start, through=(*(chain or ()), *start.through))


# What may call something while a module is imported; what stands under `if __name__ == "__main__":` does not.
_CALL = regex(
    rb"(?m)^(?:[A-Za-z_][\w.]*\(|(?:try|with|asyncio|elif|else)\b"
    rb"""|if\b(?! +__name__ *== *["']__main__["'] *:))"""
)
_STARTS = tuple(b".run( .listen( run_server( serve( run_app( run_simple( make_server( HTTPServer( runserver".split())


def _may_start(data: bytes) -> bool:
    return any(word in data for word in _STARTS) and _CALL.search(data) is not None


@per_repository
def _some_start(repository: Repository) -> bool:
    """Whether any module starts a server when it is imported: seldom so, and cheaper to tell than to follow imports."""
    return any(
        not start.conditional
        for path in python_with(repository, _STARTS)
        if _may_start(repository.data(path) or b"")
        for start in _Walk(repository, ("",)).module(path, False, 0)
    )


class _Walk:
    """One walk through a program: every file and function once."""

    def __init__(self, repository: Repository, roots: tuple[str, ...]) -> None:
        self.repository = repository
        self.roots = roots
        self.seen: set[object] = set()

    def _around(self, path: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.roots, path.rpartition("/")[0], "")))

    def module(self, path: str, is_main: bool, depth: int) -> Iterator[ServerStart]:
        module = self.repository.python(path)
        if module is not None and depth <= _DEPTH:
            yield from self.body(module, path, module.tree.body, is_main, False, depth)

    def body(
        self, module: PythonModule, path: str, body: list[ast.stmt], is_main: bool, conditional: bool, depth: int
    ) -> Iterator[ServerStart]:
        for statement in body:
            yield from self.statement(module, path, statement, is_main, conditional, depth)

    def statement(
        self, module: PythonModule, path: str, node: ast.stmt, is_main: bool, conditional: bool, depth: int
    ) -> Iterator[ServerStart]:
        if isinstance(node, ast.If):
            if is_main_guard(node.test):
                branch = node.body if is_main else node.orelse
                yield from self.body(module, path, branch, is_main, conditional, depth)
            elif _is_import_guard(node.test):
                branch = node.orelse if is_main else node.body
                yield from self.body(module, path, branch, is_main, conditional, depth)
            elif module.qualified_name(node.test) not in ("typing.TYPE_CHECKING", "TYPE_CHECKING"):
                arms = [[*self.body(module, path, arm, is_main, False, depth)] for arm in (node.body, node.orelse)]
                # Where every arm starts one of a kind, one of that kind is started.
                kinds = {start.is_development for arm in arms for start in arm}
                certain = len(kinds) == 1 and all(any(not start.conditional for start in arm) for arm in arms)
                for start in (*arms[0], *arms[1]):
                    doubtful = conditional or start.conditional or not certain
                    yield replace(start, conditional=doubtful)
        elif isinstance(node, ast.Try):
            yield from self.body(module, path, [*node.body, *node.orelse, *node.finalbody], is_main, conditional, depth)
            for handler in node.handlers:
                yield from self.body(module, path, handler.body, is_main, True, depth)
        elif isinstance(node, ast.With | ast.AsyncWith):
            yield from self.body(module, path, node.body, is_main, conditional, depth)
        elif isinstance(node, ast.For | ast.While | ast.AsyncFor):
            yield from self.body(module, path, [*node.body, *node.orelse], is_main, True, depth)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for call in _calls(node):
                yield from self.call(module, path, call, conditional, depth)

    def call(
        self, module: PythonModule, path: str, call: ast.Call, conditional: bool, depth: int
    ) -> Iterator[ServerStart]:
        start = self.start(module, path, call)
        if start is not None:
            yield replace(start, conditional=conditional, node=start.node or call)
            return
        if depth >= _DEPTH or not isinstance(call.func, ast.Name | ast.Attribute):
            return
        if isinstance(call.func, ast.Name):
            for binding in module.bindings(call.func.id):
                if isinstance(binding.node, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield from self.function(module, path, binding.node, call, conditional, depth)
                    return
        name = module.qualified_name(call.func)
        owner, _, attribute = (name or "").rpartition(".")
        other = locate_module(self.repository, self._around(path), owner) if owner else None
        inside = self.repository.python(other) if other else None
        for binding in inside.bindings(attribute) if inside is not None and other else ():
            if isinstance(binding.node, ast.FunctionDef | ast.AsyncFunctionDef) and inside is not None and other:
                yield from self.function(inside, other, binding.node, call, conditional, depth, module.span(call))

    def function(
        self,
        module: PythonModule,
        path: str,
        node: ast.FunctionDef | ast.AsyncFunctionDef,
        call: ast.Call,
        conditional: bool,
        depth: int,
        at: Span | None = None,
    ) -> Iterator[ServerStart]:
        if node in self.seen:
            return
        self.seen.add(node)
        for start in self.body(module, path, node.body, False, conditional, depth + 1):
            if start.within is None:
                start = replace(start, within=node, caller=call)
            yield start if at is None else replace(start, through=(at, *start.through))

    def start(self, module: PythonModule, path: str, call: ast.Call) -> ServerStart | None:
        """The server that one call starts, None when it starts none."""
        name = module.qualified_name(call.func) or ""
        span = module.span(call)
        shown = ast.unparse(call.func) + "()"
        if name in _DEVELOPMENT_CALLS:
            return ServerStart(_DEVELOPMENT_CALLS[name], _DEVELOPMENT_CALLS[name], span, YES, shown)
        if name in _PRODUCTION_CALLS:
            if not _PRODUCTION_CALLS[name]:
                return _child_process(call, self.handed(path, call), span, shown)
            return ServerStart(_PRODUCTION_CALLS[name], "", span, _switched_on(call), shown)
        if name.endswith(("execute_from_command_line", "call_command")) and _says_runserver(call):
            return ServerStart("runserver", "Django", span, YES, shown)
        if name == "bottle.run":
            served_by = _keyword(call, "server")
            plain = served_by is None or (isinstance(served_by, ast.Constant) and served_by.value == "wsgiref")
            return ServerStart("bottle", "Bottle", span, answer(plain), shown)
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in ("run", "run_server", "listen"):
            return None
        return self._method(module, path, call, call.func, span, shown)

    def handed(self, path: str, call: ast.Call) -> list[ast.expr]:
        """The elements of the lists that a call is handed by their names."""
        named = [one for one in call.args[:2] if isinstance(one, ast.Name | ast.BinOp)]
        if not named:
            return []
        from prodlint.deployment.servers.handed_list import handed_list

        return [element for one in named for element in handed_list(self.repository, path, one) or ()]

    def _method(
        self, module: PythonModule, path: str, call: ast.Call, function: ast.Attribute, span: Span, shown: str
    ) -> ServerStart | None:
        receiver = function.value
        if isinstance(receiver, ast.Call):
            made = module.qualified_name(receiver.func)
            if made == "uvicorn.Server":
                return ServerStart("uvicorn", "", span, UNKNOWN, shown, node=receiver)
            if made == "gunicorn.app.wsgiapp.WSGIApplication" or _is_gunicorn(module, receiver.func):
                return ServerStart("gunicorn", "", span, NO, shown, node=receiver)
        if self._is_socketio(module, receiver):
            # Flask-SocketIO serves by eventlet or gevent where one is installed, by Werkzeug elsewhere.
            return ServerStart("Flask-SocketIO", "", span, UNKNOWN, shown)
        app = self._receiver(module, path, receiver)
        if app is None:
            return None
        if function.attr == "listen":
            tornado = app.framework == "Tornado"
            return ServerStart("Tornado", "", span, _switched_on(call), shown, app) if tornado else None
        if app.framework in _OWN_DEVELOPMENT_SERVER:
            return ServerStart(app.framework, app.framework, span, YES, shown, app)
        if app.framework == "Sanic":
            return ServerStart("sanic", "Sanic", span, _switched_on(call), shown, app)
        return None

    def _receiver(self, module: PythonModule, path: str, receiver: ast.expr) -> App | None:
        roots = self._around(path)
        if isinstance(receiver, ast.Name):
            found = resolve(self.repository, roots, path, receiver.id)
            return found if found is not None else self._local_app(module, path, receiver)
        if isinstance(receiver, ast.Attribute):
            name = module.qualified_name(receiver) or ""
            owner, _, attribute = name.rpartition(".")
            other = locate_module(self.repository, roots, owner) if owner else None
            return resolve(self.repository, roots, other, attribute) if other else None
        return None

    def _local_app(self, module: PythonModule, path: str, receiver: ast.Name) -> App | None:
        """`app = create_app()` inside of the function that runs it."""
        for node in module.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
                isinstance(inner, ast.Name) and inner is receiver for inner in nodes_in(node)
            ):
                for inner in nodes_in(node):
                    if isinstance(inner, ast.Assign) and any(
                        isinstance(target, ast.Name) and target.id == receiver.id for target in inner.targets
                    ):
                        return expression_app(self.repository, self._around(path), path, inner.value)
        return None

    def _is_socketio(self, module: PythonModule, receiver: ast.expr) -> bool:
        if not isinstance(receiver, ast.Name):
            return False
        name = module.qualified_name(receiver) or ""
        if name.rpartition(".")[2].lower() in ("socketio", "sio"):
            return True
        return any(
            isinstance(binding.value, ast.Call)
            and (module.qualified_name(binding.value.func) or "").endswith("SocketIO")
            for binding in module.bindings(receiver.id)
        )


def _is_import_guard(test: ast.expr) -> bool:
    """`__name__ != "__main__"`: only where the module is imported."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.NotEq):
        return False
    return is_main_guard(ast.Compare(test.left, [ast.Eq()], test.comparators))


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """The calls of a statement that run with it: those inside of a lambda or a nested function do not."""
    for child in children_of(node):
        if not isinstance(child, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _calls(child)
    if isinstance(node, ast.Call):
        yield node


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _switched_on(call: ast.Call) -> Answer:
    """Whether a production server is told to reload or debug; `**options` may do so."""
    result = NO
    for keyword in call.keywords:
        if keyword.arg is None:
            result = result | UNKNOWN
        elif keyword.arg in _SWITCHES:
            result = result | (
                answer(bool(keyword.value.value)) if isinstance(keyword.value, ast.Constant) else UNKNOWN
            )
    return result


def _says_runserver(call: ast.Call) -> bool:
    constants = [node.value for node in nodes_in(call) if isinstance(node, ast.Constant)]
    return "runserver" in constants


def _is_gunicorn(module: PythonModule, made: ast.expr) -> bool:
    """Whether a class of the module is a gunicorn application of its own (`BaseApplication`)."""
    for binding in module.bindings(made.id) if isinstance(made, ast.Name) else ():
        for base in binding.node.bases if isinstance(binding.node, ast.ClassDef) else ():
            if (module.qualified_name(base) or "").startswith("gunicorn.app."):
                return True
    return False


_CHILDREN = ("gunicorn", "uvicorn", "hypercorn", "daphne", "granian", "waitress", "uwsgi", "flask", "runserver")


def _child_process(call: ast.Call, handed: list[ast.expr], span: Span, shown: str) -> ServerStart | None:
    """A server started as a program of its own: `subprocess.run(["gunicorn", …])`, `os.execvp("gunicorn", […])`."""
    constants = (node for one in (call, *handed) for node in nodes_in(one) if isinstance(node, ast.Constant))
    texts = " ".join(str(node.value) for node in constants)
    product = next((server for server in _CHILDREN if server in texts), None)
    if product is None:
        return None
    return ServerStart(product, "", span, UNKNOWN, shown, is_child=True)
