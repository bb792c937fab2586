"""Where an Ingress listens: with TLS for which hosts, and whether what comes without it is sent there.

Its own `tls` tells a part of it; the rest is said by annotations of the controllers that carry it out. Sources:
Kubernetes, Ingress, TLS (without hosts it is for all of them, a wildcard stands for one label); Google, "Disable HTTP"
and FrontendConfig's `redirectToHttps`; ingress-nginx, "Server-side HTTPS enforcement through redirect"; AWS Load
Balancer Controller, `listen-ports` and `ssl-redirect`; Traefik, `router.entrypoints` and `router.tls`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from prodlint.deployment.network import Listen
from prodlint.deployment.value import Known
from prodlint.readers.declared import is_placeholder, mappings_at, scalar_at, scalars_of
from prodlint.readers.kubernetes_manifest import Manifest, Scope, labels_of

__all__ = ["listens_of"]

_ALB = "alb.ingress.kubernetes.io/"
_NGINX = "nginx.ingress.kubernetes.io/"
_TRAEFIK = "traefik.ingress.kubernetes.io/router."
_GOOGLE_CERTIFICATES = ("networking.gke.io/managed-certificates", "ingress.gcp.kubernetes.io/pre-shared-cert")
_FRONTEND = "networking.gke.io/v1beta1.FrontendConfig"
_MOST_PORTS = 20


def listens_of(manifest: Manifest, scope: Scope, host: str | None) -> tuple[Listen, ...]:
    """The ports on which an Ingress answers for a host, None for any; none where they cannot be told."""
    notes = labels_of(manifest.body, "metadata", "annotations")
    controller = _class(manifest, notes)
    if controller == "alb" or any(name.startswith(_ALB) for name in notes):
        return tuple(_of_balancer(manifest, notes))
    entries = notes.get(_TRAEFIK + "entrypoints", "")
    named = _is_secured(manifest, host)
    secured = (
        named
        or any(notes.get(name) for name in _GOOGLE_CERTIFICATES)
        or notes.get(_TRAEFIK + "tls") == "true"
        or entries == "websecure"
    )
    tls = (Listen(manifest.span, Known(443, manifest.span), tls=True),) if secured else ()
    # Google's alone read this one; on the others it stands for the same wish.
    if secured and (notes.get("kubernetes.io/ingress.allow-http") == "false" or entries == "websecure"):
        return tls
    redirects = secured and (_is_redirected(manifest, scope, notes) or (named and _by_nginx(controller, notes)))
    return (Listen(manifest.span, Known(80, manifest.span), redirects=redirects), *tls)


def _class(manifest: Manifest, notes: dict[str, str]) -> str:
    named = scalar_at(manifest.body, "spec", "ingressClassName")
    return named.value if named is not None else notes.get("kubernetes.io/ingress.class", "")


def _is_secured(manifest: Manifest, host: str | None) -> bool:
    """Whether its `tls` has a certificate for a host; a rule for any host answers to those of the certificates."""
    for entry in mappings_at(manifest.body, "spec", "tls"):
        hosts = [one.value for one in scalars_of(entry.get("hosts"))]
        if host is None or not hosts or any(_covers(one, host) for one in hosts):
            return True
    return False


def _covers(certificate: str, host: str) -> bool:
    first, dot, rest = host.partition(".")
    return certificate == host or (certificate.startswith("*.") and bool(first and dot) and certificate[2:] == rest)


def _is_redirected(manifest: Manifest, scope: Scope, notes: dict[str, str]) -> bool:
    if notes.get(_NGINX + "force-ssl-redirect") == "true":
        return True
    front = scope.find(("FrontendConfig",), notes.get(_FRONTEND, ""), manifest.namespace)
    enabled = scalar_at(front.body, "spec", "redirectToHttps", "enabled") if front is not None else None
    return enabled is not None and enabled.value == "true"


def _by_nginx(controller: str, notes: dict[str, str]) -> bool:
    """Whether nginx redirects, which it does for hosts with a certificate unless it is told not to."""
    return controller == "nginx" and notes.get(_NGINX + "ssl-redirect", "true") == "true"


def _of_balancer(manifest: Manifest, notes: dict[str, str]) -> Iterator[Listen]:
    """The listeners of a load balancer of AWS: the written ones, else 443 with a certificate and 80 without."""
    written = notes.get(_ALB + "listen-ports")
    target = notes.get(_ALB + "ssl-redirect", "")
    if written is None:
        secured = bool(notes.get(_ALB + "certificate-arn"))
        yield Listen(manifest.span, Known(443 if secured else 80, manifest.span), tls=secured)
        return
    if is_placeholder(written):
        return
    try:
        read = json.loads(written)
    except (ValueError, RecursionError):
        return
    for one in read[:_MOST_PORTS] if isinstance(read, list) else ():
        for protocol, port in one.items() if isinstance(one, dict) else ():
            if isinstance(port, int) and not isinstance(port, bool) and 0 < port < 65536:
                secured = protocol == "HTTPS"
                yield Listen(
                    manifest.span, Known(port, manifest.span), tls=secured, redirects=bool(target) and not secured
                )
