"""Traefik: the routers that labels of compose services declare, and where they lead.

Source: Traefik 3, "Docker provider" (routers, services, `traefik.enable`) and "Rules" (`Host`, `PathPrefix`, `Path`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prodlint.deployment.compose import ComposeService
from prodlint.deployment.condition import from_outside, word_value
from prodlint.deployment.environment import Environment
from prodlint.deployment.network import Listen, Proxy, ProxyRoute, Upstream, port_of
from prodlint.deployment.process import EnvDefinition
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.regex import regex

__all__ = ["PRODUCT", "traefik_proxies"]

PRODUCT = "Traefik"
_ROUTER = regex(r"traefik\.http\.routers\.(.+?)\.(rule|entrypoints|middlewares|service|tls(?:\..+)?)")
_PORT = regex(r"traefik\.http\.services\.(.+)\.loadbalancer\.server\.port")
_REDIRECT = regex(r"traefik\.http\.middlewares\.(.+)\.redirectscheme\.scheme")
_MATCHER = regex(r"(!?)\s*(Host|PathPrefix|Path|PathRegexp)\(([^()]*)\)")
_QUOTED = regex(r"`([^`]*)`|\"([^\"]*)\"|'([^']*)'")
_ENTRY = regex(r"--entry[pP]oints\.([^.=]+)\.(address|http\.tls(?:\..+)?)(?:=(.*))?")
_PATHS = {"PathPrefix": "", "Path": "=", "PathRegexp": "~"}
_MOST = 200


def traefik_proxies(services: Iterable[ComposeService], group: str, environment: Environment) -> Iterator[Proxy]:
    """A proxy for each router of a set of compose services that is called `group`."""
    services = tuple(services)
    redirects = {
        found[1] for service in services for label in service.labels if (found := _REDIRECT.fullmatch(label.name))
    }
    entries = _entry_points(services)
    for service in services:
        labels = {label.name: label for label in service.labels[:_MOST] if label.name.startswith("traefik.")}
        enabled = labels.get("traefik.enable")
        if not labels or (enabled is not None and _text(enabled).lower() == "false"):
            continue
        ports = {found[1]: label for name, label in labels.items() if (found := _PORT.fullmatch(name))}
        for name, options in _routers(labels).items():
            rule = options.get("rule")
            if rule is None:
                continue
            chosen = _text(options["service"]) if "service" in options else name
            port = ports.get(chosen) or (next(iter(ports.values())) if len(ports) == 1 else None)
            redirected = bool(redirects & set(_listed(options.get("middlewares"))))
            routes = tuple(_routes(rule, service, port, redirected))
            listens = tuple(_listens(options, entries))
            yield Proxy(PRODUCT, rule.span, _hosts(_text(rule)), listens, routes, environment, group=group)


def _routers(labels: dict[str, EnvDefinition]) -> dict[str, dict[str, EnvDefinition]]:
    """The labels of each router, by what they set."""
    found: dict[str, dict[str, EnvDefinition]] = {}
    for name, label in labels.items():
        parts = _ROUTER.fullmatch(name)
        if parts is not None:
            found.setdefault(parts[1], {})[parts[2]] = label
    return found


def _text(label: EnvDefinition) -> str:
    """What a label says; a variable with a default is taken for the default."""
    if label.value is None:
        return ""
    value = word_value(label.value, from_outside)
    text = value.value if isinstance(value, Known) else value.default if isinstance(value, EnvDriven) else None
    return text if text is not None else label.value.written


def _listed(label: EnvDefinition | None) -> list[str]:
    """The names of a list, without the provider (`https-redirect@docker`)."""
    return [one.strip().partition("@")[0] for one in _text(label).split(",")] if label is not None else []


def _matchers(rule: str) -> Iterator[tuple[str, str]]:
    """What a rule asks for, those that it denies aside."""
    for found in _MATCHER.finditer(rule):
        if not found[1]:
            for quoted in _QUOTED.finditer(found[3]):
                yield found[2], quoted[1] or quoted[2] or quoted[3] or ""


def _hosts(rule: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for kind, text in _matchers(rule) if kind == "Host" and text))


def _routes(
    rule: EnvDefinition, service: ComposeService, port: EnvDefinition | None, redirected: bool
) -> Iterator[ProxyRoute]:
    if port is not None:
        number: Value[int] = port_of(_text(port), port.span)
    else:
        number = Unknown("Traefik takes the first port that the image exposes", rule.span)
    upstream = Upstream("http", service.name.lower(), (port or rule).span, number)
    paths = [(_PATHS[kind], text) for kind, text in _matchers(_text(rule)) if kind in _PATHS]
    for modifier, path in paths or [("", "/")]:
        if redirected:
            yield ProxyRoute(path, rule.span, modifier, answer="with a redirect to https")
        else:
            yield ProxyRoute(path, rule.span, modifier, (upstream,))


def _listens(options: dict[str, EnvDefinition], entries: dict[str, tuple[Value[int] | None, bool]]) -> Iterator[Listen]:
    """Where a router listens, as far as its labels and the command of Traefik tell."""
    secured = [label for name, label in options.items() if name == "tls" or name.startswith("tls.")]
    tls = any(_text(one).lower() != "false" for one in secured)
    named = options.get("entrypoints")
    known = [entries[name] for name in _listed(named) if name in entries]
    for port, by_entry in known:
        yield Listen((named or options["rule"]).span, port, tls=tls or by_entry)
    if not known and tls:
        yield Listen(secured[0].span, tls=True)


def _entry_points(services: Iterable[ComposeService]) -> dict[str, tuple[Value[int] | None, bool]]:
    """The entry points that the command of a Traefik declares: their ports, and whether all of them is TLS."""
    found: dict[str, tuple[Value[int] | None, bool]] = {}
    for service in services:
        if "traefik" not in (service.image or "") or service.command is None:
            continue
        for word in service.command.words[:_MOST]:
            option = _ENTRY.fullmatch(word.literal or "")
            if option is None:
                continue
            port, tls = found.get(option[1], (None, False))
            if option[2] == "address":
                port = port_of((option[3] or "").rpartition(":")[2].partition("/")[0], word.span)
            else:
                tls = tls or option[3] != "false"
            found[option[1]] = (port, tls)
    return found
