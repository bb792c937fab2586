"""nginx: the servers of its configuration files, and where each of their locations leads.

Sources: the catalogue's configuration page, 2.9 (measured with nginx 1.22); nginx.org, "Module
ngx_http_proxy_module" and "Module ngx_http_core_module".
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterable, Iterator

from prodlint.deployment.command import Link
from prodlint.deployment.environment import environment_of
from prodlint.deployment.memo import per_repository
from prodlint.deployment.network import Proxy, ProxyRoute, Upstream, upstream_of
from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers.nginx_listen import head, listening, redirects_of_hosts
from prodlint.readers.nginx_scope import Scopes, headers_set, is_of_nginx, passed_on, read_timeout
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.source import Text
from prodlint.syntax.nginx import Directive, NginxProblem, parse_nginx, parse_nginx_text

_SERVER = regex(r"(?m)(?:^|[;{}])\s*(?:server|upstream\s+\S+)\s*(?:\{|$)")
_PASSES = {
    "proxy_pass": "http",
    "uwsgi_pass": "uwsgi",
    "fastcgi_pass": "fastcgi",
    "grpc_pass": "grpc",
    "scgi_pass": "scgi",
}
_PREFIXES = {"uwsgi": "uwsgi", "fastcgi": "fastcgi", "grpc": "grpc", "scgi": "scgi"}
_TEMPLATED = regex(r"\{\{|\{%|<%")
_VARIABLE = regex(r"\$(?:\{(\w+)\}|(\w+))")
_FILES = 200
_EXPANDED = 20_000
_INCLUDES = 3


def read(path: str, repository: Repository) -> Iterator[Proxy]:
    """A proxy for each `server` of the file."""
    directives = _directives(repository, path)
    if directives is None:
        return
    # Files beside it may be of another environment: a name that the file itself gives is its own.
    upstreams = {**_upstreams(repository, posixpath.dirname(path)), **dict(_upstreams_of(directives))}
    # The official image fills in what lies in `templates` when it starts: a template there is no example.
    environment = environment_of(path.replace("/templates/", "/").removesuffix(".template"))
    includes = _Includes(path, repository)
    for server, around in _servers(directives):
        body = tuple(includes.expanded(server.block or ()))
        complete = not _opens(server, path, repository)
        outer = _usual_http(repository) if around is None else around
        yield replace(_proxy(server, body, upstreams, outer), environment=environment, complete=complete)


def proxies_in(text: Text) -> Iterator[Proxy]:
    """A proxy for each `server` of a configuration that stands inside of another file."""
    if _TEMPLATED.search(text.value) or not _SERVER.search(text.value):
        return
    directives = parse_nginx_text(text)
    upstreams = dict(_upstreams_of(directives))
    for server, around in _servers(directives):
        yield _proxy(server, server.block or (), upstreams, around)


def _proxy(
    server: Directive,
    body: tuple[Directive, ...],
    upstreams: dict[str, tuple[Upstream, ...]],
    around: tuple[Directive, ...] | None,
) -> Proxy:
    names = tuple(name for one in server.all("server_name") for name in one.values if name != "_")
    listens = tuple(listening(body))
    sent_on = redirects_of_hosts(body, names)
    routes = sent_on or tuple(_routes(body, upstreams, around))
    return Proxy("nginx", server.name_span, names, listens, routes)


def _directives(repository: Repository, path: str) -> tuple[Directive, ...] | None:
    """The directives of a file with a server or an upstream; None for any other."""
    source = repository.source(path)
    if source is None or "{{" in path or not _SERVER.search(source.text):
        return None
    return _parsed(repository, path)


@per_repository
def _parsed(repository: Repository, path: str) -> tuple[Directive, ...] | None:
    """The directives of a file, those in front of a fault included; None for what a template engine writes."""
    source = repository.source(path)
    if source is None or _TEMPLATED.search(source.text):
        return None
    try:
        return parse_nginx(source).directives
    except NginxProblem as problem:
        return problem.directives


@per_repository
def _usual_http(repository: Repository) -> tuple[Directive, ...] | None:
    """What stands around a server in a file of its own: nothing that matters here in the files of nginx's packages.

    None where a configuration of the repository says more.
    """
    for path in repository.named("nginx.conf"):
        for one in _parsed(repository, path) or ():
            if one.name == "http" and any(
                inner.name.endswith("_read_timeout") or inner.name == "proxy_set_header" for inner in one.block or ()
            ):
                return None
    return ()


def _servers(directives: tuple[Directive, ...]) -> Iterator[tuple[Directive, tuple[Directive, ...] | None]]:
    """The servers of a whole configuration, each with the `http` around it, or of a file that is included there."""
    for one in directives:
        if one.name == "server" and one.block is not None:
            # What stands beside it stands in the `http` of another file as well, with more that is not here.
            yield one, None
        elif one.name == "http" and one.block is not None:
            block = one.block
            yield from ((server, block) for server in block if server.name == "server" and server.block is not None)


@per_repository
def _upstreams(repository: Repository, folder: str) -> dict[str, tuple[Upstream, ...]]:
    """The `upstream` blocks of the files in a folder and in the folders beside it, by their name."""
    found: dict[str, tuple[Upstream, ...]] = {}
    parent = posixpath.dirname(folder)
    folders = {folder, parent, *(path for path in repository.inside(folder) if path in repository.folders)}
    near = sorted(path for one in folders for path in repository.files_in(one))
    for path in near[:_FILES]:
        data = repository.data(path) if "nginx" in path or ".conf" in path else None
        if data is None or b"upstream" not in data:
            continue
        for name, servers in _upstreams_of(_directives(repository, path) or ()):
            found.setdefault(name, servers)
    return found


def _upstreams_of(directives: tuple[Directive, ...]) -> Iterator[tuple[str, tuple[Upstream, ...]]]:
    """The `upstream` blocks of a file, each with its name."""
    for one in _top(directives):
        if one.name == "upstream" and one.arguments and one.block is not None:
            yield (
                one.values[0],
                tuple(
                    upstream_of(server.values[0], "http", server.arguments[0].span)
                    for server in one.all("server")
                    if server.arguments
                ),
            )


def _top(directives: tuple[Directive, ...]) -> Iterator[Directive]:
    for one in directives:
        yield from one.block or () if one.name == "http" else (one,)


def _opens(server: Directive, path: str, repository: Repository) -> bool:
    """Whether a file is included that the repository does not hold, and that may hold anything."""
    waiting = [server]
    while waiting:
        one = waiting.pop()
        for inner in one.block or ():
            if inner.name == "include" and inner.arguments:
                written = inner.values[0]
                if not is_of_nginx(written) and not _included(written, path, repository):
                    return True
            waiting.append(inner)
    return False


def _included(written: str, path: str, repository: Repository) -> tuple[str, ...]:
    """The files that an `include` names: by the end of its path, as seen from the folder of the file and above it."""
    tail = written.removeprefix("/etc/nginx/").lstrip("/")
    parts = tail.split("/")[-5:]
    folder = posixpath.dirname(path)
    for base in (folder, posixpath.dirname(folder)):
        for index in range(len(parts)):
            pattern = normal_path(base, "/".join(parts[index:]))
            if pattern in repository.paths:
                return (pattern,)
            if any(mark in pattern for mark in "*?[") and (found := _fitting(pattern, repository)):
                return found
    return ()


def _fitting(pattern: str, repository: Repository) -> tuple[str, ...]:
    folder, name = posixpath.split(pattern)
    fitting = (one for one in repository.files_in(folder) if fnmatch.fnmatchcase(posixpath.basename(one), name))
    return tuple(fitting)[:20]


class _Includes:
    """The includes of one file, followed as far as a number of directives allows."""

    def __init__(self, path: str, repository: Repository) -> None:
        self.path = path
        self.repository = repository
        self.left = _EXPANDED

    def expanded(self, directives: tuple[Directive, ...], path: str = "", depth: int = 0) -> Iterator[Directive]:
        """The directives of a block with those of the files that it includes, at any level."""
        for one in directives:
            self.left -= 1
            if self.left < 0:
                return
            if one.name == "include" and one.arguments and depth <= _INCLUDES:
                others = _included(one.values[0], path or self.path, self.repository)
                if not others:
                    yield one
                for other in others:
                    if other != path:
                        yield from self.expanded(_parsed(self.repository, other) or (), other, depth + 1)
            elif one.name == "location" and one.block is not None:
                yield replace(one, block=tuple(self.expanded(one.block, path, depth)))
            else:
                yield one


def _routes(
    body: tuple[Directive, ...], upstreams: dict[str, tuple[Upstream, ...]], around: tuple[Directive, ...] | None
) -> Iterator[ProxyRoute]:
    """The locations of a server, nested ones behind those around them, and the files of the server itself."""
    named = {
        one.values[0]: one for one in body if one.name == "location" and one.values[:1] and one.values[0][:1] == "@"
    }
    root = next((one.values[0] for one in reversed(body) if one.name == "root" and one.values), None)
    targets = _Targets(upstreams, body)
    scopes: Scopes = (passed_on(body), passed_on(around))
    waiting: list[tuple[Directive, str | None, Scopes, str]] = [
        (one, root, scopes, "") for one in reversed(body) if one.name == "location" and one.block is not None
    ]
    while waiting:
        one, above, outer, inside = waiting.pop()
        own = one.get("root")
        folder = own.values[0] if own is not None and own.values else above
        scopes = (passed_on(one.block), *outer)
        route = _route(one, folder, named, targets, scopes)
        # A pattern is only tried for the paths of the location around it.
        is_pattern = route.modifier.startswith("~")
        yield replace(route, inside=inside) if is_pattern else route
        around_it = inside if is_pattern else route.path
        waiting.extend(
            (inner, folder, scopes, around_it)
            for inner in reversed(one.block or ())
            if inner.name == "location" and inner.block is not None
        )
    served = next((one for one in reversed(body) if one.name in ("root", "return", "proxy_pass")), None)
    if (
        root is not None
        and served is not None
        and not any(one.values[-1:] == ("/",) for one in body if one.name == "location")
    ):
        yield ProxyRoute("/", served.span, folder=root)
    elif root is None and served is not None and served.name == "return":
        yield ProxyRoute("/", head(served), answer=" ".join(served.values))
    elif root is None and served is None and not any(one.name == "location" for one in body):
        # All that it serves stands in files that are not here; those about logs and certificates serve nothing.
        included = (one for one in body if one.name == "include" and _may_pass(one))
        yield from (_elsewhere(one) for one in included if _ABOUT_ROUTES.search(one.values[0]))


_ABOUT_ROUTES = regex(r"(?i)location|route|redirect|rewrite|proxy|upstream|\*")


def _elsewhere(include: Directive) -> ProxyRoute:
    unread = f"it includes {include.values[0]}, which is not in this repository"
    return ProxyRoute("/", head(include), unread=unread)


def _route(
    location: Directive, root: str | None, named: dict[str, Directive], passed: _Targets, scopes: Scopes
) -> ProxyRoute:
    *modifier, path = location.values or ("/",)
    alias = location.get("alias")
    targets = passed.of(location)
    returned = location.get("return")
    tried = location.get("try_files")
    if tried is not None and tried.values and tried.values[-1] in named:
        # What is no file goes to the named location.
        if not targets:
            targets, scopes = (
                passed.of(named[tried.values[-1]]),
                (passed_on(named[tried.values[-1]].block), *scopes[1:][-2:]),
            )
        folder = alias.values[0] if alias is not None and alias.values else root
    elif targets or returned is not None:
        folder = None
    else:
        folder = alias.values[0] if alias is not None and alias.values else root
    answer = " ".join(returned.values) if returned is not None and not targets else ""
    # What is included and is not here may say where requests go.
    included = next((one.values[0] for one in location.all("include") if _may_pass(one)), None)
    nothing = not targets and not answer and alias is None and location.get("root") is None
    unread = f"it includes {included}, which is not in this repository" if included and nothing else ""
    folder = None if unread else folder
    prefix = _PREFIXES.get(targets[0].protocol, "proxy") if targets else ""
    return ProxyRoute(
        path,
        head(location),
        modifier[0] if modifier else "",
        targets,
        folder,
        answer,
        unread,
        read_timeout=read_timeout(prefix, scopes, head(location)) if prefix else None,
        headers=headers_set(scopes) if prefix == "proxy" else None,
    )


def _may_pass(include: Directive) -> bool:
    """Whether an include that could not be followed may say where requests go."""
    return bool(include.values) and not is_of_nginx(include.values[0])


class _Targets:
    """Where the locations of one server pass requests on to, by its `upstream` blocks and what it `set`s."""

    def __init__(self, upstreams: dict[str, tuple[Upstream, ...]], body: tuple[Directive, ...]) -> None:
        self.upstreams = upstreams
        self.around = _set_values(body)

    def of(self, location: Directive) -> tuple[Upstream, ...]:
        """The upstreams of a location; an `if` inside of it may send some requests elsewhere."""
        found: list[Upstream] = []
        block = location.block or ()
        branches = [one for branch in location.all("if", "limit_except") for one in branch.block or ()]
        set_here = _set_variables(self.around, _set_values((*block, *branches)))
        for one in (*block, *branches):
            protocol = _PASSES.get(one.name)
            if protocol is None or not one.arguments:
                continue
            written, place = one.values[0], one.arguments[0].span
            upstream = upstream_of(_with_variables(written, set_here), protocol, place)
            members = self.upstreams.get(upstream.host or "") if upstream.port is None else None
            if members is None:
                found.append(upstream)
                continue
            via = (Link(place, f"passes requests on to the upstream {upstream.host}"),)
            found.extend(replace(each, protocol=upstream.protocol, path=upstream.path, via=via) for each in members)
        return tuple(found)


def _set_values(directives: Iterable[Directive]) -> dict[str, set[str]]:
    """The values that each variable is `set` to."""
    held: dict[str, set[str]] = {}
    for one in directives:
        if one.name == "set" and len(one.values) == 2:
            held.setdefault(one.values[0], set()).add(one.values[1])
        elif one.name == "if":
            for inner in one.all("set"):
                held.setdefault(inner.values[0] if inner.values else "", set()).update(("", *inner.values[1:]))
    return held


def _set_variables(around: dict[str, set[str]], here: dict[str, set[str]]) -> dict[str, str]:
    """The variables that hold one value in a location and around it."""
    values = {name: around.get(name, set()) | here.get(name, set()) for name in (*around, *here)}
    return {name: min(held) for name, held in values.items() if len(held) == 1}


def _with_variables(written: str, variables: dict[str, str]) -> str:
    """An address with the values of the variables that are known."""

    def value(found: re.Match[str]) -> str:
        return variables.get(f"${found[1] or found[2]}", found[0])

    return _VARIABLE.sub(value, written) if variables else written
