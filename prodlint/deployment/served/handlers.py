"""Which functions a framework calls: for a request, a websocket, at start.

Sources: the frameworks' own references (Flask, Quart, FastAPI, Starlette, Django, Django REST framework, Channels,
Flask-Sock, Flask-Sockets).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.deployment.apps.frameworks import COLLECTORS
from prodlint.deployment.apps.index import CodeCall, CodeFunction, code_index
from prodlint.deployment.apps.names import CodeNames, Defined, External, Here
from prodlint.record import Entity
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["Handler", "Handlers"]


class Handler(Entity):
    """A function that a framework calls.

    `kind` is `route`, `websocket`, `dependency`, `middleware`, `hook` (before or after each request), `error handler`,
    `lifespan` or `startup`; `span` is where it is registered.
    """

    function: CodeFunction
    kind: str
    framework: str
    span: Span

    @property
    def said(self) -> str:
        """What it is, for people: `answers a route`."""
        return _SAID.get(self.kind, f"{self.kind} of {self.framework}")

    @property
    def is_request(self) -> bool:
        """Whether requests call it, and not the start or the end of the process."""
        return self.kind not in ("lifespan", "startup")

    @property
    def is_on_loop(self) -> bool:
        """Whether its coroutine runs on the loop of the framework: Flask gives each of its own a loop of its own."""
        return self.is_request and not self.framework.startswith("Flask")


_SAID = {
    "route": "answers requests",
    "websocket": "answers websockets",
    "dependency": "runs for every request that depends on it",
    "middleware": "runs for every request",
    "hook": "runs around every request",
    "error handler": "answers errors",
    "lifespan": "runs when the app starts and stops",
    "startup": "runs when the app starts",
}
# What these call a route answers websockets.
_OF_SOCKETS = frozenset({"Flask-Sock", "Flask-Sockets"})
_KINDS = {
    **dict.fromkeys("get post put delete patch head options trace route api_route".split(), "route"),
    **dict.fromkeys("websocket websocket_route".split(), "websocket"),
    "middleware": "middleware",
    **dict.fromkeys("exception_handler errorhandler app_errorhandler error_handler".split(), "error handler"),
    **dict.fromkeys(
        "before_request after_request teardown_request before_app_request after_app_request context_processor "
        "app_context_processor url_value_preprocessor teardown_appcontext".split(),
        "hook",
    ),
    **dict.fromkeys("on_event before_serving after_serving".split(), "startup"),
}
_REGISTERING = {
    **dict.fromkeys("add_api_route add_route add_url_rule add_resource register".split(), "route"),
    **dict.fromkeys("add_websocket_route add_api_websocket_route".split(), "websocket"),
    "add_middleware": "middleware",
    **dict.fromkeys("add_exception_handler register_error_handler".split(), "error handler"),
    "before_request": "hook",
    "after_request": "hook",
    "add_event_handler": "startup",
}
_CALLS = {
    "fastapi.Depends": ("FastAPI", "dependency"),
    "fastapi.Security": ("FastAPI", "dependency"),
    "fastapi.param_functions.Depends": ("FastAPI", "dependency"),
    "fastapi.params.Depends": ("FastAPI", "dependency"),
    "starlette.routing.Route": ("Starlette", "route"),
    "starlette.routing.WebSocketRoute": ("Starlette", "websocket"),
    "fastapi.routing.APIRoute": ("FastAPI", "route"),
    "starlette.middleware.Middleware": ("Starlette", "middleware"),
    "fastapi.middleware.Middleware": ("FastAPI", "middleware"),
    "django.urls.path": ("Django", "route"),
    "django.urls.re_path": ("Django", "route"),
    "django.urls.conf.path": ("Django", "route"),
    "django.urls.conf.re_path": ("Django", "route"),
    "django.conf.urls.url": ("Django", "route"),
    "django.conf.urls.re_path": ("Django", "route"),
    "rest_framework.routers.DefaultRouter.register": ("Django", "route"),
    "rest_framework.routers.SimpleRouter.register": ("Django", "route"),
    "rest_framework_nested.routers.NestedSimpleRouter.register": ("Django", "route"),
    "rest_framework_nested.routers.NestedDefaultRouter.register": ("Django", "route"),
}
_VERBS = frozenset("get post put delete patch head options trace".split())
_METHODS = {
    "route": _VERBS
    | frozenset(
        "dispatch_request dispatch form_valid form_invalid get_queryset get_object get_context_data list retrieve "
        "create update partial_update destroy perform_create perform_update perform_destroy".split()
    ),
    "websocket": frozenset("on_connect on_receive on_disconnect connect receive receive_json disconnect".split()),
    "middleware": frozenset("dispatch __call__".split()),
}
_REGISTERS = regex(rb"Depends|Security|add_|Route\(|path\(|url\(|register|Middleware|lifespan|_request\(")
_DECORATOR = regex(rb"(?m)^[ \t]*@([\w.]+)")
_DECORATING = frozenset(name.encode() for name in _KINDS)
_MOST = 80


class Handlers:
    """Answers whether a function is called by a framework."""

    def __init__(self, names: CodeNames) -> None:
        self.names = names
        self.graph = names.graph
        self.repository = names.repository
        self._known: dict[ast.AST, Handler | None] = {}

    def of(self, function: CodeFunction) -> Handler | None:
        """How a framework calls a function, None when it is not known to."""
        if function.node not in self._known:
            self._known[function.node] = None
            self._known[function.node] = next(self._found(function), None)
        return self._known[function.node]

    def decorated(self, function: CodeFunction) -> Iterator[Handler]:
        """How the decorators of a function register it."""
        here = Here(function.path, function.module, function.outer)
        for decorator in function.node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            kind = self._registered(called, here, _KINDS)
            if kind is not None:
                yield Handler(function, kind[1], kind[0], function.module.span(decorator))

    def may_decorate(self, path: str) -> bool:
        """Whether a file holds decorators that look like those of a framework."""
        written = _DECORATOR.findall(self.repository.data(path) or b"")
        return any(not _DECORATING.isdisjoint(one.split(b".")[1:]) for one in written)

    def decorates_alone(self, function: CodeFunction) -> bool:
        """Whether every decorator of a function is one that registers it, and leaves it what it is."""
        here = Here(function.path, function.module, function.outer)
        called = [one.func if isinstance(one, ast.Call) else one for one in function.node.decorator_list]
        return all(self._registered(one, here, _KINDS) is not None for one in called)

    def _found(self, function: CodeFunction) -> Iterator[Handler]:
        yield from self.decorated(function)
        if function.owner is None:
            yield from self._given(function, function.node.name, function.node)
        elif function.outer is None:
            yield from self._of_class(function, function.owner)

    def _registered(self, called: ast.expr, here: Here, kinds: dict[str, str]) -> tuple[str, str] | None:
        """The framework and the kind of `app.get` and its like."""
        if not isinstance(called, ast.Attribute) or called.attr not in kinds:
            return None
        owner = self.names.meaning(called.value, here)
        framework = self.framework(owner)
        if framework is None:
            return None
        kind = kinds[called.attr]
        return framework, "websocket" if kind == "route" and framework in _OF_SOCKETS else kind

    def framework(self, owner: object) -> str | None:
        """The framework of an app, a router or a blueprint."""
        if isinstance(owner, External):
            return COLLECTORS.get(owner.name)
        if isinstance(owner, Defined) and owner.is_instance:
            return next((COLLECTORS[name] for name in self.names.bases(owner) if name in COLLECTORS), None)
        return None

    def _of_class(self, function: CodeFunction, owner: ast.ClassDef) -> Iterator[Handler]:
        """A method of a class that is registered as a view, a consumer or a middleware."""
        name = function.node.name
        kinds = {kind for kind, methods in _METHODS.items() if name in methods}
        decorators = [one.func for one in function.node.decorator_list if isinstance(one, ast.Call)]
        is_action = any(isinstance(one, ast.Name) and one.id == "action" for one in decorators)
        if not kinds and not is_action:
            return
        here = Here(function.path, function.module, None)
        for decorator in owner.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            kind = self._registered(called, here, _KINDS)
            if kind is not None and kind[1] in kinds:
                yield Handler(function, kind[1], kind[0], function.module.span(decorator))
        for found in self._given(function, owner.name, owner):
            if found.kind in kinds or (is_action and found.kind == "route"):
                yield found
            elif found.kind == "route" and name in _METHODS["websocket"] and found.framework == "Django":
                yield Handler(function, "websocket", "Django", found.span)

    def _given(self, function: CodeFunction, name: str, node: ast.AST) -> Iterator[Handler]:
        """The calls that hand a function or a class to a framework."""
        files = [path for path in self.graph.holding(name.encode()) if self._may_register(path)]
        for path in files[:_MOST]:
            index = code_index(self.repository, path)
            for call, value in index.given.get(name, ()) if index is not None else ():
                here = Here(path, index.module, call.function) if index is not None else None
                if here is None:
                    continue
                kind = self._kind_of(call, value, here)
                if kind is None:
                    continue
                if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
                    value = value.func.value
                meant = self.names.meaning(value, here)
                if isinstance(meant, Defined) and meant.node is node and self.graph.chain(path) is not None:
                    yield Handler(function, kind[1], kind[0], here.module.span(call.node))

    def _may_register(self, path: str) -> bool:
        return _REGISTERS.search(self.repository.data(path) or b"") is not None

    def _kind_of(self, call: CodeCall, value: ast.expr, here: Here) -> tuple[str, str] | None:
        called = call.node.func
        kind = self._registered(called, here, _REGISTERING)
        if kind is not None:
            return kind
        name = call.last_name
        meant = self.names.meaning(called, here) if name else None
        if not isinstance(meant, External):
            return None
        if meant.name in COLLECTORS and any(one.arg == "lifespan" and one.value is value for one in call.node.keywords):
            return COLLECTORS[meant.name], "lifespan"
        return _CALLS.get(meant.name)
