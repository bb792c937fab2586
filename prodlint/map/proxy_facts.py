"""The facts of a proxy: where it listens, for which names, and where it passes requests on to."""

from __future__ import annotations

from prodlint.deployment.network import Listen, Proxy, Upstream
from prodlint.deployment.value import EnvDriven, Known, Value
from prodlint.map.document import Fact, Source

__all__ = ["proxy_fact"]


def proxy_fact(proxy: Proxy) -> Fact:
    """One server of a proxy; its sources are its routes."""
    where = ", ".join(_listening(one) for one in proxy.listens)
    names = f" for {', '.join(proxy.names)}" if proxy.names else ""
    routes = [(f"{one.modifier} {one.path}".strip(), one) for one in proxy.routes]
    passed = "; ".join(f"{path} → {_target(one.upstreams, one.folder)}" for path, one in routes)
    text = f"{where}{names}: {passed}" if where else f"{names.strip() or 'all names'}: {passed}"
    sources = tuple(Source(path, one.span, f"goes to {_target(one.upstreams, one.folder)}") for path, one in routes)
    return Fact(proxy.product, text, span=proxy.span, sources=sources)


def _listening(listen: Listen) -> str:
    shown = f"unix:{listen.socket}" if listen.socket else f"{listen.address}:{_shown(listen.port)}".lstrip(":")
    return f"{shown} (TLS)" if listen.tls else shown


def _target(upstreams: tuple[Upstream, ...], folder: str | None) -> str:
    if folder is not None:
        return f"files of {folder}"
    return ", ".join(_upstream(one) for one in upstreams) or "nothing"


def _upstream(upstream: Upstream) -> str:
    if upstream.socket:
        return f"{upstream.protocol} unix:{upstream.socket}"
    port = f":{_shown(upstream.port)}" if upstream.port is not None else ""
    return f"{upstream.protocol}://{upstream.host or '?'}{port}"


def _shown(value: Value[int] | None) -> str:
    if isinstance(value, Known):
        return str(value.value)
    return f"${value.name}" if isinstance(value, EnvDriven) else "?"
