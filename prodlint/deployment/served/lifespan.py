"""What an ASGI app does at its start and end, and why the server never does it.

Starlette runs one lifespan for an app: `lifespan=` takes the place of the handlers of `on_event`, and a mounted app's
own lifespan is nobody's business (measured with Starlette 1.10 and FastAPI 0.165).
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCall, ServedCode, served_code
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["IgnoredStart", "ignored_starts"]

_APPS = ("fastapi.FastAPI", "fastapi.applications.FastAPI", "starlette.applications.Starlette")
_EVENTS = frozenset(f"{app}.{method}" for app in _APPS for method in ("on_event", "add_event_handler"))
_MOUNTS = frozenset(f"{app}.mount" for app in _APPS)
# Whoever calls one of these runs another app's start by hand.
_BY_HAND = (b"lifespan_context", b"router.startup", b"router._startup", b"LifespanManager", b"router.on_startup")


class IgnoredStart(Record):
    """A handler or lifespan that never runs: its place, what it is for people, and the place that keeps it from it."""

    span: Span
    handler: str
    reason: str
    because: Span
    note: str


def ignored_starts(service: Service, repository: Repository) -> tuple[IgnoredStart, ...]:
    """The handlers of start and end of a served ASGI app that nothing runs."""
    if service.app is None or service.app.others:
        return ()
    code = served_code(service, repository)
    events = [*code.calls_on_import((b"on_event", b"add_event_handler"), _EVENTS)]
    apps = [*code.calls_on_import((b"lifespan",), frozenset(_APPS))]
    lifespans = [one for one in apps if code.given(one.call.node, one.path, "lifespan") is not None]
    if not (events or lifespans) or code.graph.holding(*_BY_HAND):
        return ()
    switched_off = _switched_off(service, events, lifespans)
    if switched_off:
        return switched_off
    return (*_replaced(events), *_mounted(code, service.app.span, events, lifespans))


def _replaced(events: list[ServedCall]) -> Iterator[IgnoredStart]:
    for event in events:
        lifespan = event.made_with("lifespan")
        if lifespan is not None:
            yield IgnoredStart(event.span, _named(event), "its app has a lifespan", lifespan, "the lifespan that runs")


def _mounted(
    code: ServedCode, served: Span, events: list[ServedCall], lifespans: list[ServedCall]
) -> Iterator[IgnoredStart]:
    mounts: dict[Span, Span] = {}
    for mount in code.calls_on_import((b".mount(",), _MOUNTS):
        made = mount.made_by("app", 1)
        if made is not None and made != served and mount.made == served:
            mounts[made] = mount.span
    reason = "its app is mounted in another one"
    for event in events:
        if event.made in mounts and event.made_with("lifespan") is None:
            yield IgnoredStart(event.span, _named(event), reason, mounts[event.made], "mounts the app")
    for app in lifespans:
        if app.span in mounts:
            span = code.given(app.call.node, app.path, "lifespan") or app.span
            yield IgnoredStart(span, "this lifespan", reason, mounts[app.span], "mounts the app")


def _switched_off(service: Service, events: list[ServedCall], lifespans: list[ServedCall]) -> tuple[IgnoredStart, ...]:
    """`uvicorn --lifespan off`."""
    server = service.server
    if server is None or server.product != "uvicorn" or service.app is None:
        return ()
    setting = server.settings.get("lifespan")
    if setting is None or not isinstance(setting.value, Known) or setting.value.value != "off":
        return ()
    source = setting.source
    found = [(one.span, _named(one)) for one in events if one.made == service.app.span]
    found += [(one.span, "the lifespan of this app") for one in lifespans if one.span == service.app.span]
    return tuple(
        IgnoredStart(span, handler, "uvicorn is told to leave it out", source.span, f"says so ({source.origin})")
        for span, handler in found
    )


def _named(event: ServedCall) -> str:
    """`@app.on_event("startup")`."""
    kind = event.argument("event_type", 0)
    held = f'"{kind.value}"' if isinstance(kind, Known) else "…"
    sign = "@" if event.name.endswith(".on_event") else ""
    return f"`{sign}{event.written}({held})`"
