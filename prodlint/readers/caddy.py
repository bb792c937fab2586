"""Caddy: the sites of a Caddyfile, and where each of their directives leads.

Sources: Caddy 2, "Caddyfile Concepts", "Request matchers", "Automatic HTTPS" and the pages of the directives
`reverse_proxy`, `handle_path`, `file_server`, `root`, `respond` and `redir`.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Callable, Iterator

from prodlint.deployment.environment import environment_of
from prodlint.deployment.network import Listen, Proxy, ProxyRoute, Upstream, port_of, upstream_of
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import Known
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Source, Text
from prodlint.syntax.caddy import CaddyDirective, CaddyProblem, parse_caddy, parse_caddy_lines

_TEMPLATED = regex(r"\{\{|\{%|<%")
_DEFAULT = regex(r"\{\$\w+:([^{}]*)\}")
_ADDRESS = regex(r"(?:(https?)://)?(\[[^\]]*\]|[^:/\s]*)(?::(\d+|\S+?))?(/\S*)?")
_CODE = regex(r"\d{3}")
_CODES = {"permanent": "301", "temporary": "302"}
_EXPANDED = 5_000
_IMPORTS = 5


def read(path: str, repository: Repository) -> Iterator[Proxy]:
    """A proxy for each site of the file."""
    source = repository.source(path)
    if source is None or "{{" in path or _TEMPLATED.search(source.text):
        return
    directives = _parsed(repository, path)
    options = [one for site in directives if not site.words for one in site.block or ()]
    automatic = not any(one.name == "auto_https" and _values(one)[:1] == ["off"] for one in options)
    reader = _Reader(path, repository, directives)
    environment = environment_of(path.removesuffix(".template"))
    for site in directives:
        if not site.words or site.block is None or site.name.startswith(("(", "&")):
            continue
        block = tuple(reader.expanded(site.block))
        addresses = [_plain(one).strip(",") for one in site.words]
        secured = any(one.name == "tls" for one in block)
        names = tuple(name for address in addresses if (name := _host(address)))
        listens = tuple(_listens(site.words, secured, automatic))
        routes = tuple(reader.routes(block, _Scope()))
        yield Proxy("Caddy", site.words[0].span, names, listens, routes, environment)


def _parsed(
    repository: Repository, path: str, parse: Callable[[Source], tuple[CaddyDirective, ...]] = parse_caddy
) -> tuple[CaddyDirective, ...]:
    """What a file holds, what stands in front of a fault included."""
    source = repository.source(path)
    try:
        return parse(source) if source is not None else ()
    except CaddyProblem as problem:
        return problem.directives


def _values(directive: CaddyDirective) -> list[str]:
    return [_plain(one) for one in directive.arguments]


def _plain(word: Text) -> str:
    """A word with the defaults of its variables in their place."""
    return _DEFAULT.sub(r"\1", word.value)


def _host(address: str) -> str:
    found = _ADDRESS.fullmatch(address)
    return address if found is None or "{$" in address else found[2]


def _listens(words: tuple[Text, ...], secured: bool, automatic: bool) -> Iterator[Listen]:
    """Where a site listens: a name of a host means HTTPS, unless it is asked for HTTP."""
    for word in words:
        found = _ADDRESS.fullmatch(_plain(word).strip(","))
        if found is None or "$" in found[0]:
            continue
        scheme, host, port = found[1], found[2], found[3]
        plain = scheme == "http" or port == "80" or (not host and port != "443" and scheme != "https")
        tls = secured or (automatic and not plain)
        number = port_of(port, word.span) if port else Known(443 if tls else 80, word.span)
        yield Listen(word.span, number, tls=tls)


class _Scope(Record):
    """What the blocks around a directive say: which paths come here, whether they are cut off, and the folder."""

    paths: tuple[tuple[str, str], ...] = ()
    stripped: bool = False
    root: str | None = None


class _Reader:
    """The snippets of one file, and the routes of its sites."""

    def __init__(self, path: str, repository: Repository, directives: tuple[CaddyDirective, ...]) -> None:
        self.path = path
        self.repository = repository
        self.snippets = {one.name.strip("()"): one.block or () for one in directives if one.name.startswith("(")}
        self.left = _EXPANDED

    def expanded(self, directives: tuple[CaddyDirective, ...], depth: int = 0) -> Iterator[CaddyDirective]:
        """The directives of a block with those that it imports."""
        for one in directives:
            self.left -= 1
            if self.left < 0:
                return
            if one.name == "import" and one.arguments and depth < _IMPORTS:
                yield from self.expanded(self._imported(one.arguments[0].value), depth + 1)
            else:
                yield one

    def _imported(self, name: str) -> tuple[CaddyDirective, ...]:
        """A snippet, or the files of the repository that a path names."""
        if name in self.snippets:
            return self.snippets[name]
        folder = posixpath.dirname(self.path)
        wanted = normal_path(folder, name.removeprefix("/etc/caddy/").lstrip("/"))
        found = [one for one in self.repository.files_in(posixpath.dirname(wanted)) if fnmatch.fnmatchcase(one, wanted)]
        return tuple(
            line for one in found[:20] if one != self.path for line in _parsed(self.repository, one, parse_caddy_lines)
        )

    def routes(self, block: tuple[CaddyDirective, ...], scope: _Scope, depth: int = 0) -> Iterator[ProxyRoute]:
        """The routes of a block, nested ones in the place of the block around them."""
        named = {one.name: tuple(_named_paths(one)) for one in block if one.name.startswith("@")}
        root = next((_values(one)[-1] for one in block if one.name == "root" and one.arguments), scope.root)
        scope = _Scope(scope.paths, scope.stripped, root)
        for one in block:
            paths, rest = _matched(one, named, scope)
            if one.name in ("handle", "handle_path", "route") and one.block is not None and depth < _IMPORTS * 2:
                inner = _Scope(paths, scope.stripped or one.name == "handle_path", root)
                yield from self.routes(tuple(self.expanded(one.block)), inner, depth + 1)
                continue
            upstreams, folder, answer = self._told(one, rest, scope)
            if upstreams or folder is not None or answer:
                for modifier, path in paths or (("", "/"),):
                    yield ProxyRoute(path, one.span, modifier, upstreams, folder, answer)

    def _told(
        self, directive: CaddyDirective, rest: tuple[Text, ...], scope: _Scope
    ) -> tuple[tuple[Upstream, ...], str | None, str]:
        """What a directive does with its requests: upstreams, a folder or an answer."""
        name = directive.name
        if name in ("reverse_proxy", "php_fastcgi"):
            protocol = "fastcgi" if name == "php_fastcgi" else "http"
            inside = [word for one in directive.block or () if one.name == "to" for word in one.arguments]
            path = "/" if scope.stripped else None
            return tuple(_upstream(word, protocol, path) for word in (*rest, *inside)), None, ""
        if name == "file_server":
            own = [_values(one)[-1] for one in directive.block or () if one.name == "root" and one.arguments]
            return (), own[-1] if own else scope.root, ""
        if name in ("respond", "redir") and rest:
            words = [_plain(one) for one in rest]
            words = [_CODES.get(one, one) if index else one for index, one in enumerate(words)]
            codes = [one for one in words if _CODE.fullmatch(one)]
            code = codes[-1] if codes else "302" if name == "redir" else "200"
            return (), None, " ".join([code, *(one for one in words if one != code)])
        return (), None, ""


def _matched(
    directive: CaddyDirective, named: dict[str, tuple[tuple[str, str], ...]], scope: _Scope
) -> tuple[tuple[tuple[str, str], ...], tuple[Text, ...]]:
    """The paths that a directive is for, and its words behind the matcher."""
    words = directive.arguments
    first = words[0].value if words else ""
    if first.startswith("@"):
        # A matcher that speaks of something else than paths leaves them as they are.
        return named.get(first) or scope.paths, words[1:]
    if first == "*":
        return scope.paths, words[1:]
    if first.startswith("/"):
        before = scope.paths[0][1].rstrip("/") if scope.stripped and scope.paths else ""
        modifier, path = _path(first)
        return ((modifier, before + path),), words[1:]
    return scope.paths, words


def _named_paths(matcher: CaddyDirective) -> Iterator[tuple[str, str]]:
    """The paths of a named matcher, in a line or in a block."""
    lines = [matcher.arguments, *(one.words for one in matcher.block or ())]
    for words in lines:
        if words and words[0].value == "path":
            yield from (_path(word.value) for word in words[1:])


def _path(written: str) -> tuple[str, str]:
    """A path with a star at its end is a prefix, any other is exact."""
    if written.endswith("*"):
        return "", written.rstrip("*") or "/"
    return "=", written


def _upstream(word: Text, protocol: str, path: str | None) -> Upstream:
    """`host:port`, `https://host`, `unix//path`, `:port` of the machine itself; `{env.NAME}` is a variable, too."""
    written = re.sub(r"\{env\.(\w+)\}", r"{$\1}", _plain(word))
    if written.startswith("unix/"):
        return Upstream(protocol, None, word.span, socket="/" + written[len("unix/") :].lstrip("/"), written=written)
    written = f"localhost{written}" if written.startswith(":") else written
    found = upstream_of(written.replace("h2c://", "http://"), protocol, word.span)
    return Upstream(found.protocol, found.host, word.span, found.port, path=path, written=written)
