"""What an app does with the address of a client and with the scheme of a request: what it gets wrong behind a proxy."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.deployment.app import App
from prodlint.deployment.route import Routes
from prodlint.deployment.served.code import ServedCode
from prodlint.record import Entity
from prodlint.source import Span
from prodlint.syntax.python import PythonModule

__all__ = ["ProxyNeed", "handles_headers_itself", "proxy_needs"]

_STARLETTE = ("FastAPI", "Starlette")
_OWN = (
    b"ProxyFix",
    b"ProxyHeadersMiddleware",
    b"X-Forwarded",
    b"x-forwarded",
    b"X_FORWARDED",
    b"X-Real-IP",
    b"x-real-ip",
    b"X_REAL_IP",
    b"CF-Connecting-IP",
    b"cf-connecting-ip",
)
_NEEDLES = (b".client.host", b"remote_addr", b"get_remote_address", b"url_for", b"base_url", b"HTTPSRedirectMiddleware")
_MOST = 300


class ProxyNeed(Entity):
    """One use of what a proxy alone knows: where it is, what the app does there, and what comes of it."""

    span: Span
    note: str
    effect: str
    of_client: bool = False


def handles_headers_itself(code: ServedCode) -> bool:
    """Whether some file that the process may import speaks of the headers of proxies."""
    return bool(code.graph.holding(*_OWN))


def proxy_needs(app: App, code: ServedCode, routes: Routes) -> Iterator[ProxyNeed]:
    """The uses, those of the client's address first."""
    if app.framework not in (*_STARLETTE, "Flask"):
        return
    is_flask = app.framework == "Flask"
    found = [need for path in code.holding(*_NEEDLES)[:_MOST] for need in _in_file(path, code, is_flask)]
    yield from sorted(found, key=lambda one: not one.of_client)
    if not is_flask and not code.graph.holding(b"redirect_slashes"):
        yield from _redirects(routes)


def _redirects(routes: Routes) -> Iterator[ProxyNeed]:
    """The first path to which a request without the slash at its end is redirected."""
    paths = {one.path for one in routes.routes}
    for one in sorted(routes.routes, key=lambda one: bool(one.methods) and "GET" not in one.methods):
        bare = one.path.rstrip("/")
        if bare and one.path != bare and not one.prefix and bare not in paths and "{" not in bare:
            effect = f"the redirect from {bare} to {one.path} leads to http://"
            yield ProxyNeed(one.span, f"{bare} is redirected to {one.path}", effect)
            return


def _in_file(path: str, code: ServedCode, is_flask: bool) -> Iterator[ProxyNeed]:
    module = code.repository.python(path)
    for node in module.nodes if module is not None else ():
        need = _need(node, module, is_flask) if module is not None else None
        if need is not None:
            yield need


def _need(node: ast.AST, module: PythonModule, is_flask: bool) -> ProxyNeed | None:
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        return _attribute(node, module, is_flask)
    if isinstance(node, ast.Call) and _name(node.func) == "url_for":
        given = {one.arg: one.value for one in node.keywords}
        external = given.get("_external")
        is_absolute = isinstance(external, ast.Constant) and external.value is True and "_scheme" not in given
        is_method = isinstance(node.func, ast.Attribute) and _name(node.func.value) == "request"
        if is_absolute if is_flask else is_method:
            return ProxyNeed(
                module.span(node), "makes a whole address", "the addresses that it makes begin with http://"
            )
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id == "get_remote_address":
        effect = "all clients share one limit, that of the proxy"
        return ProxyNeed(module.span(node), "limits requests by the address of the client", effect, True)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id == "HTTPSRedirectMiddleware":
        effect = "every request is redirected to https for ever"
        return ProxyNeed(module.span(node), "redirects what it takes for http", effect)
    return None


def _attribute(node: ast.Attribute, module: PythonModule, is_flask: bool) -> ProxyNeed | None:
    of_client = ProxyNeed(module.span(node), "reads the client's address", "every client has the proxy's address", True)
    if is_flask:
        return of_client if node.attr == "remote_addr" and _name(node.value) == "request" else None
    if node.attr == "host" and isinstance(node.value, ast.Attribute) and node.value.attr == "client":
        return of_client
    if node.attr == "base_url" and _name(node.value) == "request":
        effect = "the addresses that it makes begin with http://"
        return ProxyNeed(module.span(node), "makes a whole address", effect)
    return None


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
