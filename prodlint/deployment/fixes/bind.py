"""Where a server listens, written anew: on every address in the place of the loopback.

What is offered was read by the model again, and listens on the same port.
"""

from __future__ import annotations

from collections.abc import Iterable

from prodlint.deployment.commands.program import python_arguments
from prodlint.deployment.commands.words import replaced_word
from prodlint.deployment.environment import Environment
from prodlint.deployment.servers.bind import Bind
from prodlint.deployment.servers.server import Server
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known
from prodlint.finding import Edit, Fix, Safety
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.word import Word

__all__ = ["listening_everywhere", "with_option"]

_HOSTS = regex(r"(?<![\w.:-])(?:127\.0\.0\.1|localhost)(?![\w.-])")
# What each server calls the option, and whether it holds the port as well.
_OPTIONS = {
    "uvicorn": "--host=0.0.0.0",
    "granian": "--host=0.0.0.0",
    "gunicorn": "--bind=0.0.0.0:8000",
    "hypercorn": "--bind=0.0.0.0:8000",
}
_FOR_DEVELOPERS = (Environment.DEVELOPMENT, Environment.TEST)


def listening_everywhere(service: Service, services: Iterable[Service]) -> Fix | None:
    """The change that lets a service listen on every address of its container; None where it is not certain."""
    server = service.server
    if server is None or len(server.binds) != 1 or server.in_code:
        return None
    bind = server.binds[0]
    if any(one.environment in _FOR_DEVELOPERS and _shares(one, bind) for one in services):
        return None
    edit = _inserted(service, server) if bind.span == server.span else _written(server, bind)
    return None if edit is None else Fix("listen on every address of the container", (edit,), Safety.SAFE)


def _shares(other: Service, bind: Bind) -> bool:
    """Whether another service reads the same line."""
    held = other.server.binds if other.server is not None else ()
    return any(one.span == bind.span for one in held)


def _written(server: Server, bind: Bind) -> Edit | None:
    """The address where it is written: the option, the variable, or the line of a configuration file."""
    host = bind.host if isinstance(bind.host, Known) else None
    settings = server.settings
    spans = [settings[name].source.span for name in ("host", "bind") if name in settings]
    for span in dict.fromkeys((bind.span, *spans)):
        if host is None or not span.path:
            continue
        end = span.source.text.find("\n", span.start)
        line = Span(span.source, span.start, max(span.end, len(span.source.text) if end < 0 else end))
        # A file of Python holds the value behind its name.
        place = line if span.path == server.configuration else span
        found = list(_HOSTS.finditer(place.text))
        if len(found) == 1 and found[0][0] == host.value:
            start = place.start + found[0].start()
            return Edit(Span(span.source, start, start + len(found[0][0])), "0.0.0.0")
    return None


def _inserted(service: Service, server: Server) -> Edit | None:
    """The option behind the program, where nothing says where it listens."""
    option = _OPTIONS.get(server.product)
    return None if option is None else with_option(service, server, option)


def with_option(service: Service, server: Server, option: str) -> Edit | None:
    """An option right behind the program of a server's command; None where not all of the command is understood."""
    step = service.step
    if step is None or server.in_code or server.parsed.loose or not server.parsed.complete:
        return None
    program = _program(service, server)
    return None if program is None else replaced_word(step, program, (program.literal or "", option))


def _program(service: Service, server: Server) -> Word | None:
    step = service.step
    if step is None or not step.argv:
        return None
    word = step.argv[0]
    if python_arguments(step) is not None:
        word = next((one for one in step.argv if one.literal == server.product), word)
    name = (word.literal or "").rpartition("/")[2]
    return word if name == server.product else None
