"""Ingress, HTTPRoute and VirtualService objects as proxies: which host and path reach which Service.

Sources: the catalogue's platform page, 2.3; Kubernetes API reference, Ingress `networking.k8s.io/v1` (and
`v1beta1`); Gateway API, HTTPRoute; Istio, VirtualService.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.environment import Environment
from prodlint.deployment.network import Proxy, ProxyRoute, Upstream
from prodlint.deployment.value import Known, Value
from prodlint.readers.declared import declared_number, is_placeholder, mapping_at, mappings_at, scalar_at, scalars_of
from prodlint.readers.kubernetes_listen import listens_of
from prodlint.readers.kubernetes_manifest import Manifest, Scope, labels_of
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.syntax.yaml import Mapping, Scalar

__all__ = ["proxies_of"]


def proxies_of(manifest: Manifest, scope: Scope, environment: Environment | None = None) -> Iterator[Proxy]:
    """A proxy for each host of an Ingress, or for all the hosts of an HTTPRoute or a VirtualService.

    `scope` is the set of objects in which they find their Services, `environment` what its files say of production.
    """
    for proxy in _proxies(manifest, scope):
        routes = tuple(_with_known(_without_pods(route, manifest, scope), manifest, scope) for route in proxy.routes)
        said = manifest.environment_within(environment)
        yield replace(proxy, group=scope.name, routes=routes, environment=said)


def _proxies(manifest: Manifest, scope: Scope) -> Iterator[Proxy]:
    if manifest.kind == "Ingress":
        balancer, idle = _balancer(manifest)
        for proxy in _ingress(manifest, scope):
            yield replace(proxy, balancer=balancer, idle=idle)
    elif manifest.kind == "HTTPRoute":
        names = tuple(host.value for host in scalars_of(manifest.body.path("spec", "hostnames")))
        routes = tuple(_http_routes(manifest))
        yield Proxy("HTTPRoute", manifest.span, names, routes=routes)
    elif manifest.kind == "VirtualService":
        names = tuple(host.value for host in scalars_of(manifest.body.path("spec", "hosts")))
        routes = tuple(_virtual_routes(manifest))
        yield Proxy("VirtualService", manifest.span, names, routes=routes)


def _ingress(manifest: Manifest, scope: Scope) -> Iterator[Proxy]:
    default = mapping_at(manifest.body, "spec", "defaultBackend") or mapping_at(manifest.body, "spec", "backend")
    rest = () if default is None else (ProxyRoute("/", default.span, upstreams=tuple(_backend(default))),)
    for rule in mappings_at(manifest.body, "spec", "rules"):
        host = scalar_at(rule, "host")
        routes = tuple(_paths(rule))
        if host is None:
            # What fits no rule comes to the default, unless this rule takes everything.
            routes += () if any(not one.modifier and one.path in ("/", "/*") for one in routes) else rest
            rest = ()
        span = host.span if host is not None else manifest.span
        names = (host.value,) if host is not None else ()
        listens = listens_of(manifest, scope, host.value if host is not None else None)
        yield Proxy("Ingress", span, names, listens, routes)
    if rest:
        yield Proxy("Ingress", manifest.span, (), listens_of(manifest, scope, None), rest)


_BALANCERS = {"alb": ("the load balancer of AWS", 60), "gce": ("the load balancer of Google", 600)}
_ATTRIBUTES = "alb.ingress.kubernetes.io/load-balancer-attributes"
_IDLE = regex(r"(?:^|,)\s*idle_timeout\.timeout_seconds=(\d{1,6})\s*(?:,|$)")


def _balancer(manifest: Manifest) -> tuple[str, Value[int] | None]:
    """The load balancer that an Ingress makes, and for how long that keeps idle connections.

    Sources: AWS, "Application Load Balancers" (idle timeout, 60 seconds), and AWS Load Balancer Controller, "Ingress
    annotations"; Google Cloud, "Backend service timeout" (HTTP keepalive, 600 seconds, not to be changed).
    """
    written = scalar_at(manifest.body, "spec", "ingressClassName") or scalar_at(
        manifest.body, "metadata", "annotations", "kubernetes.io/ingress.class"
    )
    name, seconds = _BALANCERS.get(written.value if written is not None else "", ("", 0))
    if written is None or not name:
        return "", None
    attributes = scalar_at(manifest.body, "metadata", "annotations", _ATTRIBUTES) if seconds == 60 else None
    if attributes is None:
        return name, Known(seconds, written.span)
    found = _IDLE.search(attributes.value)
    if found is not None:
        return name, Known(int(found[1]), attributes.span)
    is_read = not is_placeholder(attributes.value) and "idle_timeout" not in attributes.value
    return name, Known(seconds, written.span) if is_read else None


def _with_known(route: ProxyRoute, manifest: Manifest, scope: Scope) -> ProxyRoute:
    """A route whose Services have names; one that only the installation knows is that of the object of the same name.

    A chart calls its objects after its release: what it fills in twice in the same way is one name.
    """
    if not any(is_placeholder(one.host or "") for one in route.upstreams):
        return route
    return replace(route, upstreams=tuple(_known(one, manifest, scope) for one in route.upstreams))


def _known(upstream: Upstream, manifest: Manifest, scope: Scope) -> Upstream:
    name = upstream.host or ""
    is_there = scope.find(("Service",), name, manifest.namespace) is not None
    if not is_placeholder(name):
        return upstream
    if is_there and _GIVEN not in name:
        return replace(upstream, host=name.lower())
    return Upstream("http", None, upstream.span, written="")


# What the command gives to a chart is written alike, whatever it is.
_GIVEN = "--set"


def _without_pods(route: ProxyRoute, manifest: Manifest, scope: Scope) -> ProxyRoute:
    """A route to a Service whose pods are elsewhere says so."""
    if len(route.upstreams) != 1:
        return route
    found = scope.find(("Service",), route.upstreams[0].host or "", manifest.namespace)
    if found is None or not labels_of(found.body, "spec", "selector") or scope.has_pods_of(found):
        return route
    told = f"the Service {found.name} ({found.span}) is for pods that are not read beside it"
    return replace(route, upstreams=(), unread=told)


def _paths(rule: Mapping) -> Iterator[ProxyRoute]:
    for entry in mappings_at(rule, "http", "paths"):
        path, kind, backend = scalar_at(entry, "path"), scalar_at(entry, "pathType"), mapping_at(entry, "backend")
        upstreams = tuple(_backend(backend)) if backend is not None else ()
        modifier = "=" if kind is not None and kind.value == "Exact" else ""
        yield ProxyRoute(path.value if path is not None else "/", (path or entry).span, modifier, upstreams)


def _backend(backend: Mapping) -> Iterator[Upstream]:
    """A Service with its port, in the words of `v1` or of `v1beta1`."""
    name = scalar_at(backend, "service", "name") or scalar_at(backend, "serviceName")
    port = (
        scalar_at(backend, "service", "port", "number")
        or scalar_at(backend, "service", "port", "name")
        or scalar_at(backend, "servicePort")
    )
    if name is not None:
        yield _upstream(name, port)


def _upstream(name: Scalar, port: Scalar | None) -> Upstream:
    written = name.value if port is None else f"{name.value}:{port.value}"
    if port is None or port.value.isdecimal() or is_placeholder(port.value):
        number = declared_number(port) if port is not None else None
        return Upstream("http", name.value, name.span, number, written=written)
    return Upstream("http", name.value, name.span, written=written, port_name=port.value)


def _http_routes(manifest: Manifest) -> Iterator[ProxyRoute]:
    for rule in mappings_at(manifest.body, "spec", "rules"):
        upstreams = tuple(
            _upstream(name, scalar_at(reference, "port"))
            for reference in mappings_at(rule, "backendRefs")
            if (name := scalar_at(reference, "name")) is not None
        )
        matches = [match for match in mappings_at(rule, "matches") if mapping_at(match, "path") is not None]
        if not matches:
            yield ProxyRoute("/", rule.span, upstreams=upstreams)
        for match in matches:
            kind, value = scalar_at(match, "path", "type"), scalar_at(match, "path", "value")
            modifier = {"Exact": "=", "RegularExpression": "~"}.get(kind.value if kind is not None else "", "")
            yield ProxyRoute(value.value if value is not None else "/", (value or match).span, modifier, upstreams)


def _virtual_routes(manifest: Manifest) -> Iterator[ProxyRoute]:
    """The `http` routes of Istio: each with its destinations, for every path that one of its matches names."""
    for rule in mappings_at(manifest.body, "spec", "http"):
        upstreams = tuple(
            _upstream(host, scalar_at(reference, "destination", "port", "number"))
            for reference in mappings_at(rule, "route")
            if (host := scalar_at(reference, "destination", "host")) is not None
        )
        matches = [match for match in mappings_at(rule, "match") if mapping_at(match, "uri") is not None]
        if not matches:
            yield ProxyRoute("/", rule.span, upstreams=upstreams)
        for match in matches:
            for kind, modifier in (("exact", "="), ("prefix", ""), ("regex", "~")):
                value = scalar_at(match, "uri", kind)
                if value is not None:
                    yield ProxyRoute(value.value, value.span, modifier, upstreams)
