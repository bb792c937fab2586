"""What uWSGI does on SIGTERM: it reloads, unless it is told to die.

Source: uWSGI's "Things to know" and "Managing the uWSGI server"; measured with uWSGI 2.0.31 (serving page, 3.1).
"""

from __future__ import annotations

from prodlint.deployment.processes.stopping import stop_signal
from prodlint.deployment.servers.setting import Setting
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known
from prodlint.finding import Edit, Fix, Safety
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["reloading_master", "with_die_on_term"]

# Hooks of the master may give the signal another meaning, and an emperor stops its vassals in a way of its own.
_OTHERWISE = ("hook-master", "emperor", "exit-on-reload")
_TERM = frozenset({"SIGTERM", "TERM", "15"})
_ENTRY = regex(r"[ \t]*master([ \t]*=[ \t]*)[^\n]*")


def reloading_master(service: Service) -> Setting | None:
    """The setting that makes a master which reloads on SIGTERM; None where it stops, or that is not known."""
    server = service.server
    if server is None or server.in_code:
        return None
    settings = server.settings
    signal = stop_signal(service)
    if settings.doubt is not None or not isinstance(signal, Known) or signal.value.upper() not in _TERM:
        return None
    master = settings.get("master")
    if master is None or settings.known("master") is not True or settings.known("die_on_term") is not False:
        return None
    written = master.source.span.source.text if master.source.span.path.endswith(".ini") else service.written
    return None if any(name in written for name in _OTHERWISE) else master


def with_die_on_term(master: Setting) -> Fix | None:
    """`die-on-term` behind the line of an ini file that makes the master."""
    span = master.source.span
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    found = _ENTRY.match(text, start)
    if not span.path.endswith(".ini") or found is None:
        return None
    end = found.end() - (1 if text[found.end() - 1] == "\r" else 0)
    place = Span(span.source, end, end)
    return Fix("stop on SIGTERM", (Edit(place, f"\ndie-on-term{found[1]}true"),), Safety.SAFE)
