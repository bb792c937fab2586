"""Traefik: the routers that labels of compose services declare, and where they lead.

Source: Traefik 3, "Docker provider" (routers, services, `traefik.enable`), "Rules" (`Host`, `PathPrefix`, `Path`) and
"EntryPoints" (`http.redirections`: its router comes before all others).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from prodlint.deployment.compose.files import ComposeService
from prodlint.deployment.condition import from_outside, word_value
from prodlint.deployment.environment import Environment
from prodlint.deployment.network import Listen, Proxy, ProxyRoute, Upstream, port_of
from prodlint.deployment.process import EnvDefinition
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.record import Record, replace
from prodlint.regex import regex
from prodlint.syntax.word import Expansion, Literal, Word

__all__ = ["PRODUCT", "traefik_proxies"]

PRODUCT = "Traefik"
_ROUTER = regex(r"traefik\.http\.routers\.(.+?)\.(rule|entrypoints|middlewares|service|tls(?:\..+)?)")
_PORT = regex(r"traefik\.http\.services\.(.+)\.loadbalancer\.server\.port")
_REDIRECT = regex(r"traefik\.http\.middlewares\.(.+)\.redirectscheme\.scheme")
_MATCHER = regex(r"(!?)\s*(Host|PathPrefix|Path|PathRegexp)\(([^()]*)\)")
_QUOTED = regex(r"`([^`]*)`|\"([^\"]*)\"|'([^']*)'")
_ENTRY = regex(
    r"--entrypoints\.([^.=]+)\.(address|http\.tls(?:\.[^=]+)?|http\.redirections\.entrypoint\.to)(?:=(.*))?",
    re.IGNORECASE,
)
_PATHS = {"PathPrefix": "", "Path": "=", "PathRegexp": "~"}
_MOST = 200


class _EntryPoint(Record):
    """Where Traefik listens; `redirects` says that whoever asks there is sent to another entry point."""

    port: Value[int] | None = None
    tls: bool = False
    redirects: bool = False


def traefik_proxies(services: Iterable[ComposeService], group: str, environment: Environment) -> Iterator[Proxy]:
    """A proxy for each router of a set of compose services that is called `group`."""
    services = tuple(services)
    redirects = {
        found[1] for service in services for label in service.labels if (found := _REDIRECT.fullmatch(label.name))
    }
    entries = _entry_points(services)
    required = _required(services)
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
            port = ports.get(chosen, next(iter(ports.values())) if len(ports) == 1 else None)
            met = [entries[one] for one in _listed(options.get("entrypoints")) if one in entries]
            redirected = bool(redirects & set(_listed(options.get("middlewares")))) or (
                bool(met) and all(one.redirects for one in met)
            )
            routes = tuple(_routes(rule, service, port, redirected))
            listens = tuple(_listens(options, entries))
            yield Proxy(PRODUCT, rule.span, _hosts(rule, required), listens, routes, environment, group=group)


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


def _hosts(rule: EnvDefinition, required: frozenset[str]) -> tuple[str, ...]:
    """The hosts of a rule: `$DOMAIN` where a variable decides, with what holds when it is not set."""
    if rule.value is None:
        return ()
    unset, driven = _spelt(rule.value, required)
    hosts = [[text for kind, text in _matchers(one) if kind == "Host" and text] for one in (unset, driven)]
    if len(hosts[0]) != len(hosts[1]):
        return tuple(dict.fromkeys(hosts[0]))
    pairs = dict.fromkeys(zip(*hosts, strict=True))
    return tuple(default if default == form else f"{form}, else {default}" for default, form in pairs)


def _spelt(word: Word, required: frozenset[str]) -> tuple[str, str]:
    """A text as it is when no variable is set, and with `$NAME` for each of them; a required one is always set."""
    unset: list[str] = []
    driven: list[str] = []
    for part in word.parts:
        told = f"${part.name}" if isinstance(part, Expansion) else ""
        default = None
        if isinstance(part, Literal):
            told = default = part.text.value
        elif isinstance(part, Expansion) and part.operator in (":-", "-") and part.name not in required:
            operand = word_value(part.operand, from_outside) if part.operand is not None else None
            default = operand.value if isinstance(operand, Known) else getattr(operand, "default", None)
        unset.append(told if default is None else default)
        driven.append(told)
    return "".join(unset), "".join(driven)


def _required(services: Iterable[ComposeService]) -> frozenset[str]:
    """The variables without which compose starts none of the services (`${NAME:?…}`)."""
    words = [
        one.value
        for service in services
        for one in (*service.labels[:_MOST], *service.variables[:_MOST])
        if one.value is not None
    ]
    return frozenset(
        part.name
        for word in words
        for part in word.parts
        if isinstance(part, Expansion) and part.operator in (":?", "?")
    )


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


def _listens(options: dict[str, EnvDefinition], entries: dict[str, _EntryPoint]) -> Iterator[Listen]:
    """Where a router listens, as far as its labels and the command of Traefik tell."""
    secured = [label for name, label in options.items() if name == "tls" or name.startswith("tls.")]
    tls = any(_text(one).lower() != "false" for one in secured)
    named = options.get("entrypoints")
    known = [entries[name] for name in _listed(named) if name in entries]
    # Nobody reaches a router through an entry point that redirects, when there is another.
    for entry in [one for one in known if not one.redirects] or known:
        yield Listen((named or options["rule"]).span, entry.port, tls=tls or entry.tls)
    if not known and tls:
        yield Listen(secured[0].span, tls=True)


def _entry_points(services: Iterable[ComposeService]) -> dict[str, _EntryPoint]:
    """The entry points that the command of a Traefik declares."""
    found: dict[str, _EntryPoint] = {}
    for service in services:
        if "traefik" not in (service.image or "") or service.command is None:
            continue
        for word in service.command.words[:_MOST]:
            option = _ENTRY.fullmatch(word.literal or "")
            if option is None:
                continue
            entry, said = found.get(option[1], _EntryPoint()), option[3] or ""
            if option[2].lower() == "address":
                port = port_of(said.rpartition(":")[2].partition("/")[0], word.span)
                entry = replace(entry, port=port)
            elif option[2].lower().startswith("http.tls"):
                entry = replace(entry, tls=entry.tls or said.lower() != "false")
            else:
                entry = replace(entry, redirects=bool(said))
            found[option[1]] = entry
    return found
