"""What a location of nginx inherits: time limits from the nearest block, headers from the nearest block that sets any.

Source: nginx.org, "Module ngx_http_proxy_module" (`proxy_read_timeout`, `proxy_set_header`) and "Configuration file
measurement units".
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.value import Known, Unknown, Value
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.nginx import Directive

__all__ = ["Scopes", "headers_set", "is_of_nginx", "passed_on", "read_timeout"]

Scopes = tuple[tuple[Directive, ...] | None, ...]
"""What the blocks around a directive pass on to it, the innermost first; None for one that lies in another file."""

# Files of nginx's own packages, which say nothing of where requests go or how long they may take.
_OF_NGINX = frozenset(
    "mime.types fastcgi_params fastcgi.conf uwsgi_params scgi_params proxy_params options-ssl-nginx.conf".split()
)
_DEFAULT = 60
_TIMEOUT = "_read_timeout"
_TIME = regex(r"(\d{1,9})(ms|s|m|h|d|w|M|y)?")
_SECONDS = {"ms": 0.001, "s": 1, "": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2592000, "y": 31536000}


def is_of_nginx(included: str) -> bool:
    """Whether a file that a directive includes is one that the packages of nginx bring."""
    return included.rpartition("/")[2] in _OF_NGINX


def passed_on(block: tuple[Directive, ...] | None) -> tuple[Directive, ...] | None:
    """The directives of a block that those in it inherit: a server with thousands of locations has few of them."""
    if block is None:
        return None
    return tuple(one for one in block if one.name in ("proxy_set_header", "include") or one.name.endswith(_TIMEOUT))


def read_timeout(prefix: str, scopes: Scopes, place: Span) -> Value[int]:
    """The seconds that nginx waits between two reads of an answer; `place` stands for the default."""
    for scope in scopes:
        if scope is None:
            return Unknown("the file that includes this one may say how long it waits", place)
        for one in scope:
            if one.name == prefix + _TIMEOUT and len(one.arguments) == 1:
                found = seconds_of(one.values[0])
                span = one.arguments[0].span
                return Unknown("a variable decides it", span) if found is None else Known(found, span)
        included = next((name for name in _included(scope) if not is_of_nginx(name)), None)
        if included is not None:
            return Unknown(f"{included} may say how long it waits", place)
    return Known(_DEFAULT, place)


def seconds_of(written: str) -> int | None:
    """A time of nginx (`90`, `2m`, `1h30m`) in whole seconds; None for anything else."""
    parts = list(_TIME.finditer(written))
    if not parts or "".join(part[0] for part in parts) != written:
        return None
    return int(sum(int(part[1]) * _SECONDS[part[2] or ""] for part in parts))


def headers_set(scopes: Scopes) -> tuple[str, ...] | None:
    """The names of the headers that it sets for the server behind it, in small letters; None where they are unknown.

    A block that sets one inherits none.
    """
    for scope in scopes:
        if scope is None:
            return None
        named = [one.values[0].lower() for one in scope if one.name == "proxy_set_header" and one.values]
        for name in _included(scope):
            if name.rpartition("/")[2] == "proxy_params":
                # Of Debian: Host, X-Real-IP and the two headers that tell of the client.
                named += ["host", "x-real-ip", "x-forwarded-for", "x-forwarded-proto"]
            elif not is_of_nginx(name):
                return None
        if named:
            return tuple(dict.fromkeys(named))
    return ()


def _included(scope: tuple[Directive, ...]) -> Iterator[str]:
    return (one.values[0] for one in scope if one.name == "include" and one.values)
