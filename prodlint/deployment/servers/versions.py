"""Defaults that a server changed from one version to the next: the installed version decides which holds.

Measured with the packages of PyPI on 2026-11-26: gunicorn 19.9.0, 20.1.0, 21.2.0, 22.0.0, 23.0.0, 24.0.0, 25.0.0,
25.1.0, 25.3.0, 26.0.0, 26.2.0 and 27.0.1; uvicorn 0.13.4, 0.18.3, 0.19.0, 0.20.0, 0.21.1, 0.22.0, 0.30.6, 0.34.3,
0.40.0, 0.46.0, 0.49.0, 0.51.0, 0.52.4, 0.53.0 and 0.54.0. Hypercorn 0.14.4 to 0.18.0 and waitress 2.1.2 to 3.0.2 keep
theirs. The newest ones stand in `servers.tables`.
"""

from __future__ import annotations

from collections.abc import Iterable

from prodlint.deployment.dependency import Install
from prodlint.deployment.packages.installed_version import version_of
from prodlint.deployment.servers.server import Server
from prodlint.deployment.servers.setting import Setting, SettingSource
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Known, Unknown, Value, answer
from prodlint.record import Record, replace
from prodlint.regex import regex

__all__ = ["is_since", "serving_distribution", "with_defaults_of_its_version"]


class _Change(Record):
    """A default that is new since a version, and what it was before."""

    setting: str
    since: str
    before: object


_CHANGES = {
    "gunicorn": (
        _Change("forwarded_allow_ips", "23.0.0", "127.0.0.1"),
        _Change("proxy_allow_ips", "23.0.0", "127.0.0.1"),
        _Change("proxy_protocol", "25.0.0", False),
    ),
    "uvicorn": (
        _Change("forwarded_allow_ips", "0.53.0", "127.0.0.1"),
        # 0.20.0 has it, 0.21.1 has not.
        _Change("h11_max_incomplete_event_size", "0.21.0", 16384),
    ),
}
# Commands that start the server of another distribution.
_SERVED_BY = {"fastapi run": "uvicorn", "fastapi dev": "uvicorn"}
_CLAUSE = regex(r"(?P<operator>~=|===?|>=|<=|>|<)\s*(?P<version>\d+(?:\.\d+)*)(?P<any>\.\*)?(?P<rest>[^,\s]*)")


def serving_distribution(server: Server) -> str | None:
    """The distribution whose version decides what a server does; None where nobody installs one for it."""
    return _SERVED_BY.get(server.product, server.distribution or (server.product.lower() if server.in_code else None))


def with_defaults_of_its_version(server: Server, installs: Iterable[Install]) -> Server:
    """A server with the defaults of the version that is installed; those that versions disagree on are unknown."""
    distribution = serving_distribution(server)
    settings = server.settings
    installs = tuple(installs)
    for change in _CHANGES.get(distribution or "", ()):
        setting = settings.get(change.setting)
        is_new = is_since(installs, distribution or "", change.since) if setting is not None else YES
        if setting is None or is_new is YES or settings.doubt is not None:
            continue
        newest = setting.sources[0].value
        if not isinstance(newest, Known) or not setting.sources[0].origin.startswith("default of "):
            continue
        reason = f"{change.before} before {distribution} {change.since}, {newest.value} since"
        default: Value[object] = Known(change.before, newest.span) if is_new is NO else Unknown(reason, newest.span)
        sources = tuple(_with_default(source, newest.value, default) for source in setting.sources)
        settings = settings.replacing(Setting(change.setting, sources[-1].value, sources))
    return server if settings is server.settings else replace(server, settings=settings)


def _with_default(source: SettingSource, newest: object, default: Value[object]) -> SettingSource:
    """A place that says the default, or what holds without a variable, with the right one."""
    value = source.value
    if source.origin.startswith("default of ") and isinstance(value, Known):
        return replace(source, value=default)
    if not isinstance(value, EnvDriven) or value.default != newest or source.origin != value.name:
        return source
    if isinstance(default, Known):
        return replace(source, value=value.with_default(default.value))
    return replace(source, value=default)


def is_since(installs: tuple[Install, ...], distribution: str, since: str) -> Answer:
    """Whether the installed version is that one or a later one."""
    wanted = _release(since)
    exact = version_of(installs, distribution)
    if exact is not None:
        found = _release(exact.value)
        return answer(found >= wanted) if found else UNKNOWN
    for install in installs:
        for dependency in install.dependencies:
            if dependency.name == distribution and dependency.specifier:
                said = _of_range(dependency.specifier, wanted)
                if said is not UNKNOWN:
                    return said
    return UNKNOWN


def _of_range(specifier: str, wanted: tuple[int, ...]) -> Answer:
    """Whether all versions that a specifier allows are that one or later: NO when none is."""
    for clause in _CLAUSE.finditer(specifier[:1_000]):
        operator, version = clause["operator"], _release(clause["version"])
        is_series = bool(clause["any"])
        is_lowest = operator in (">=", ">", "~=") or (operator == "==" and is_series)
        if is_lowest and version >= wanted:
            return YES
        if operator == "~=" or (operator == "==" and is_series):
            written = tuple(int(part[:9]) for part in clause["version"].split("."))
            series = written if is_series else written[:-1]
            if series and (*series[:-1], series[-1] + 1) <= wanted:
                return NO
        if (operator == "<" and version <= wanted) or (operator == "<=" and version < wanted):
            return NO
    return UNKNOWN


def _release(version: str) -> tuple[int, ...]:
    """The numbers of a version without zeros at the end: `23.0.0rc1` is (23,)."""
    found = _NUMBERS.match(version)
    numbers = [int(part[:9]) for part in found[0].split(".")] if found is not None else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


_NUMBERS = regex(r"\d+(?:\.\d+)*")
