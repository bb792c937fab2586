"""Where a server of nginx listens, and what it sends away before it looks at a location.

Sources: nginx.org, "Module ngx_http_core_module" (`listen`), "Module ngx_http_ssl_module" (`ssl`, until 1.25) and
"Module ngx_http_rewrite_module": a `return` in a server's own `if` ends every request that meets its condition.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.network import Listen, ProxyRoute, listened_port
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.nginx import Directive

__all__ = ["head", "listening", "redirects_of_hosts"]

_OF_A_HOST = regex(r"""\(\s*\$host\s+=\s+["']?([\w.-]+)["']?\s*\)""")
_OF_PLAIN_REQUESTS = regex(r"""\(\s*\$scheme\s+(?:=\s+["']?http["']?|!=\s+["']?https["']?)\s*\)""")


def head(directive: Directive) -> Span:
    """A directive without its block."""
    last = directive.arguments[-1].span if directive.arguments else directive.name_span
    return directive.name_span.to(last)


def listening(body: tuple[Directive, ...]) -> Iterator[Listen]:
    """Where a server listens; a port without TLS whose requests are all sent to the other one `redirects`."""
    switch = next((one.values for one in body if one.name == "ssl"), ())
    redirects = any(_OF_PLAIN_REQUESTS.fullmatch(" ".join(one.values)) for one, _ in _redirects(body))
    for one in body:
        if one.name == "listen" and one.arguments:
            found = _listen(one)
            found = replace(found, tls=True) if switch == ("on",) else found
            yield replace(found, redirects=True) if redirects and not found.tls else found


def redirects_of_hosts(body: tuple[Directive, ...], names: tuple[str, ...]) -> tuple[ProxyRoute, ...]:
    """The answers of a server that sends every name of its own elsewhere (`if ($host = shop.example) { return … }`).

    Certbot writes it so. Empty where a name is served.
    """
    found: dict[str, tuple[Directive, str]] = {}
    for one, answer in _redirects(body):
        host = _OF_A_HOST.fullmatch(" ".join(one.values))
        if host is not None:
            found.setdefault(host[1], (one, answer))
    if not names or any(name not in found for name in names):
        return ()
    answers = {answer: one for one, answer in (found[name] for name in names)}
    return tuple(ProxyRoute("/", head(one), answer=answer) for answer, one in answers.items())


def _redirects(body: tuple[Directive, ...]) -> Iterator[tuple[Directive, str]]:
    """The conditions of a server that answer with a redirect, each with what it answers."""
    for one in body:
        returned = one.get("return") if one.name == "if" else None
        if returned is not None and returned.values and (returned.values[0].startswith(("30", "http", "$"))):
            yield one, " ".join(returned.values)


def _listen(directive: Directive) -> Listen:
    """`listen [address:]port [ssl] [default_server]`, or `unix:path`."""
    written, *options = directive.values
    place = directive.arguments[0].span
    is_default = "default_server" in options or "default" in options
    if written.startswith("unix:"):
        return Listen(place, socket=written[len("unix:") :], is_default=is_default)
    address, _, port = written.rpartition(":") if not written.endswith("]") else (written, "", "")
    if not address and not port.isdigit() and "$" not in port:
        # `listen localhost;` and `listen 1.2.3.4;` mean port 80.
        address, port = written, "80"
    number = listened_port(port or "80", place)
    return Listen(place, number, address, tls="ssl" in options or "quic" in options, is_default=is_default)
