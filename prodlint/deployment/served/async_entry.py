"""What of a Django project needs an ASGI server: websockets that are routed, views that are coroutines."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from prodlint.deployment.app import Interface
from prodlint.deployment.apps.text import python_with
from prodlint.deployment.commands.program import program_of
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.memo import per_repository
from prodlint.deployment.process import Role
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import served_code
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer
from prodlint.finding import Evidence
from prodlint.record import Record
from prodlint.source import Span
from prodlint.syntax.python_tree import nodes_in

__all__ = ["AsgiNeed", "asgi_need_of"]

_ROUTERS = ("channels.routing.ProtocolTypeRouter", "channels.routing.routing.ProtocolTypeRouter")


class AsgiNeed(Record):
    """Something that WSGI cannot serve (websockets), or not as it is meant (a coroutine), and where it stands."""

    evidence: Evidence
    is_websocket: bool


@per_repository
def _websocket_routing(repository: Repository) -> Span | None:
    """The place in an ASGI module of Channels that says which consumers answer websockets; None where there is none."""
    for path in python_with(repository, (b"ProtocolTypeRouter",)):
        module = repository.python(path)
        if module is None or environment_of(path) in (Environment.DEVELOPMENT, Environment.TEST):
            continue
        for node in module.nodes:
            if not isinstance(node, ast.Call) or module.qualified_name(node.func) not in _ROUTERS or not node.args:
                continue
            routes = node.args[0]
            for key, value in zip(routes.keys, routes.values, strict=True) if isinstance(routes, ast.Dict) else ():
                if isinstance(key, ast.Constant) and key.value == "websocket" and not _is_empty(value):
                    return module.span(key).to(module.span(value))
    return None


def _is_empty(value: ast.expr) -> bool:
    """Whether a router is given no routes."""
    lists = [node for node in nodes_in(value) if isinstance(node, ast.List)]
    return bool(lists) and not any(one.elts for one in lists)


def asgi_need_of(service: Service, services: Iterable[Service], repository: Repository) -> AsgiNeed | None:
    """The websockets, else the coroutine among the views, of a Django project that WSGI alone serves."""
    app, server = service.app, service.server
    if app is None or server is None or app.interface is not Interface.WSGI:
        return None
    if server.interface is not Interface.WSGI or _is_served_as_asgi(services) is not NO:
        return None
    routing = _websocket_routing(repository)
    if routing is not None and any(not root or routing.path.startswith(f"{root}/") for root in service.roots):
        return AsgiNeed(Evidence(routing, "these consumers answer websockets"), True)
    code = served_code(service, repository)
    view = next((one for one in code.coroutine_handlers("Django") if one.kind == "route"), None)
    if view is None:
        return None
    return AsgiNeed(Evidence(view.function.span, f"the view {view.function.name} is a coroutine"), False)


def _is_served_as_asgi(services: Iterable[Service]) -> Answer:
    """Whether some process that may be production's serves a project by ASGI."""
    found = NO
    for one in services:
        if one.environment in (Environment.DEVELOPMENT, Environment.TEST) or one.worker is not None:
            continue
        server = one.server
        if server is None:
            # A command that is not understood may start anything.
            is_command = one.step is not None and program_of(one.step)[0] == "django-admin"
            is_other = is_command or one.process.role in (Role.RELEASE, Role.BEAT)
            found = found if is_other else UNKNOWN
        elif server.is_development is not YES and server.interface is not Interface.WSGI:
            return YES
    return found
