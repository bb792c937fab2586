"""Which program runs a proxy's configuration: the one whose files hold it, and what its environment fills in.

Sources: the catalogue's configuration page, 2.9, Files; the official nginx image, "Using environment variables
in nginx configuration" (`/etc/nginx/templates/*.template`, only variables that are set are filled in).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from prodlint.deployment.backing_service import BackingService
from prodlint.deployment.environment import Environment
from prodlint.deployment.filemap import FileMap
from prodlint.deployment.network import Proxy, Upstream, upstream_of
from prodlint.deployment.process import Platform, Process, Role
from prodlint.deployment.proxies.dialling import is_of_proxy, names_proxy
from prodlint.deployment.proxies.passage import Holder
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.value import EnvDriven, Known, Unknown
from prodlint.deployment.variable import Variables, variables_of
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["holders_of", "with_variables"]

_FOLDERS = (
    "/etc/nginx/",
    "/usr/local/nginx/",
    "/usr/local/openresty/nginx/",
    "/etc/openresty/",
    "/opt/bitnami/nginx/",
    "/etc/caddy/",
)
# What lies there is sent to clients: a checkout that is served holds the configuration of other programs.
_SITES = regex(r"/(?:html|www|htdocs|static|media|public)/")
_MOST = 500
# Of envsubst, and of a Caddyfile: `${NAME}`, `$NAME`, `{$NAME}`.
_VARIABLE = regex(r"\{\$(\w+)\}|\$(?:\{(\w+)\}|([A-Za-z_]\w*))")


def holders_of(proxy: Proxy, services: Sequence[Service], backing: Sequence[BackingService]) -> tuple[Holder, ...]:
    """The programs that read a proxy's file as their own configuration; none for the objects of a cluster."""
    if proxy.configuration:
        return _with_volume(proxy, services, backing)
    if proxy.group:
        # What its labels are for: the Traefik of the same compose project.
        return tuple(
            Holder(one.name, one.process, one.environment, one.span, backing=one)
            for one in backing
            if one.process is not None and one.product == proxy.product and one.process.reach.group == proxy.group
        )
    found: list[Holder] = []
    for service in services[:_MOST]:
        if service.role in (Role.RELEASE, Role.WORKER, Role.BEAT) or _starts_another(service):
            continue
        # A heredoc of a Dockerfile lies in the image that is built of it.
        is_written_there = service.image is not None and service.image.path == proxy.path
        if is_written_there or _place(proxy.path, service.place.files, service) is not None:
            span = _brought(proxy.path, service.process) or _span_of(service)
            found.append(Holder(service.name, service.process, service.environment, span, service=service))
    for one in backing[:_MOST]:
        if one.process is None:
            continue
        files = FileMap()
        for mount in one.process.mounts:
            files = files.with_mount(mount.target, mount.source)
        places = [place for place in files.places(proxy.path) if not _SITES.search(place)]
        if any(place.startswith(_FOLDERS) for place in places) or (places and names_proxy(one.image)):
            span = _brought(proxy.path, one.process) or one.span
            found.append(Holder(one.name, one.process, one.environment, span, backing=one))
    return _without_twins(found)


def _with_volume(proxy: Proxy, services: Sequence[Service], backing: Sequence[BackingService]) -> tuple[Holder, ...]:
    """The containers that mount the ConfigMap in which the proxy is written."""
    found: list[Holder] = []
    for service in services:
        span = _mount(service.process, proxy)
        if span is not None:
            found.append(Holder(service.name, service.process, service.environment, span, service=service))
    for one in backing:
        span = _mount(one.process, proxy) if one.process is not None else None
        if span is not None and one.process is not None:
            found.append(Holder(one.name, one.process, one.environment, span, backing=one))
    return tuple(found)


def _mount(process: Process, proxy: Proxy) -> Span | None:
    if process.reach.group != proxy.group:
        return None
    return next((one.span for one in process.reach.volumes if one.name == proxy.configuration), None)


def _without_twins(found: list[Holder]) -> tuple[Holder, ...]:
    """The programs of one container are one holder; the image of a compose service is no further one."""
    seen: dict[tuple[str, str, str], Holder] = {}
    for one in found:
        image = one.service.image if one.service is not None else None
        machine = one.process.reach.machine if one.service is None else one.service.machine
        key = (one.process.reach.group, machine, image.path if image is not None else one.name)
        seen.setdefault(key, one)
    held = list(seen.values())
    grouped = [one for one in held if one.process.reach.group]
    production = [one for one in grouped if one.environment is not Environment.DEVELOPMENT]
    return tuple(grouped if production else held)


def _place(path: str, files: FileMap, service: Service) -> str | None:
    """Where the file lies for a program that reads it as its configuration, None for any other program."""
    for place in files.places(path):
        if place.startswith(_FOLDERS) or (is_of_proxy(service.image) and not _SITES.search(place)):
            return place
        if any(place in written for written in _commands(service)):
            return place
    return None


def _starts_another(service: Service) -> bool:
    """Whether a command stands in the place of the image's own, and starts no proxy."""
    process = service.process
    replaced = process.command is not None or process.entrypoint is not None
    if not replaced or is_of_proxy(service.image) or service.execution.unread:
        return False
    return not any(names_proxy(step.written) for step in service.execution.steps)


def _commands(service: Service) -> Iterator[str]:
    """The commands that speak of nginx while the image is built or when it starts."""
    for built in service.image.steps if service.image is not None else ():
        if "nginx" in built.step.written:
            yield built.step.written
    for step in service.execution.steps:
        if "nginx" in step.written:
            yield step.written


def _brought(path: str, process: Process) -> Span | None:
    """The mount that brings a file."""
    for mount in reversed(process.mounts):
        if path == mount.source or not mount.source or path.startswith(f"{mount.source}/"):
            return mount.span
    return None


def _span_of(service: Service) -> Span:
    return service.image.span if service.process.platform is Platform.DOCKER and service.image else service.span


def with_variables(upstream: Upstream, holder: Holder | None, repository: Repository) -> Upstream | Unknown:
    """An upstream with what the environment of its program fills in; Unknown when that does not say it all."""
    if not upstream.written:
        return Unknown("a variable decides it", upstream.span)
    if holder is None:
        first = _VARIABLE.search(upstream.written)
        name = (first[1] or first[2] or first[3]) if first is not None else "a variable"
        return Unknown(f"${name} decides it", upstream.span)
    variables = _variables(holder, repository)
    missing: list[str] = []

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2] or found[3]
        held = variables.get(name) if name in variables.by_name else None
        text = held.value if isinstance(held, Known) else held.default if isinstance(held, EnvDriven) else None
        if text is None:
            missing.append(name)
        return text or ""

    filled = _VARIABLE.sub(value, upstream.written)
    if missing:
        return Unknown(f"${missing[0]} decides it", upstream.span)
    found = upstream_of(filled, upstream.protocol, upstream.span)
    return replace(found, via=upstream.via, path=upstream.path if found.path is None else found.path)


def _variables(holder: Holder, repository: Repository) -> Variables:
    if holder.service is not None:
        return holder.service.variables
    return variables_of(holder.process, None, repository)
