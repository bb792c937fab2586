"""What holds whichever of several commands starts a server: what they agree on, and nothing else.

A start script may end in one of several commands (`if [ "$DEBUG" ]; then exec gunicorn --reload … else …`). What a
rule may say of the service is what is true of each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from prodlint.deployment.command import Step
from prodlint.deployment.commands.grammar import Parsed
from prodlint.deployment.servers.bind import Bind
from prodlint.deployment.servers.server import Server
from prodlint.deployment.servers.setting import Settings, SettingSource
from prodlint.deployment.value import UNKNOWN, YES, EnvDriven, Known, Unknown, Value
from prodlint.record import replace

__all__ = ["agree", "agreed_server", "agreed_step", "distinct", "told"]

T = TypeVar("T")

_REASON = "several commands may start it, and they differ in it"
_ORIGIN = "one of several commands"


def distinct(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Steps without those that are the command of an earlier one, in the same folder with the same variables."""
    kept: list[tuple[Step, object]] = []
    for step in steps:
        spelt = _spelt(step)
        if all(spelt != other for _, other in kept):
            kept.append((step, spelt))
    return tuple(step for step, _ in kept)


def _spelt(step: Step) -> object:
    environment = {name: None if word is None else str(word) for name, word in step.environment.items()}
    return [str(word) for word in step.argv], environment, step.directory, step.layers, step.opened is None


def agree(values: Iterable[T], by: Callable[[T], object] = lambda value: value) -> T | None:
    """The first of several values when they are all the same by what a function makes of them, else None."""
    first, *others = values
    return first if all(by(other) == by(first) for other in others) else None


def told(value: Value[object] | None) -> object:
    """A value without the place that says it."""
    if isinstance(value, Known):
        return "is", value.value
    if isinstance(value, EnvDriven):
        return "reads", value.name, value.default, value.form, value.is_required
    return None if value is None else ("unknown", value.reason)


def agreed_step(steps: Sequence[Step]) -> Step:
    """The first of several steps, with that alone of its surroundings that is the same for all."""
    first = steps[0]
    environment = {
        name: agree((step.environment.get(name) for step in steps), lambda word: None if word is None else str(word))
        for name in dict.fromkeys(name for step in steps for name in step.environment)
    }
    return replace(
        first,
        environment=environment,
        directory=agree(step.directory for step in steps),
        conditional=True,
        layers=tuple(dict.fromkeys(layer for step in steps for layer in step.layers)),
        opened=next((step.opened for step in steps if step.opened is not None), None),
    )


def agreed_server(servers: Sequence[Server]) -> Server:
    """A server of which that alone is known which is the same for several of one product."""
    first = servers[0]
    reload = agree(server.reload for server in servers)
    target = agree((server.target for server in servers), told)
    return replace(
        first,
        distribution=agree(server.distribution for server in servers),
        target=Unknown(_REASON, first.target.span) if target is None else target,
        reload=UNKNOWN if reload is None else reload,
        reload_span=first.reload_span if reload is YES else None,
        parsed=_parsed([server.parsed for server in servers]),
        attribute=agree(server.attribute for server in servers),
        settings=_settings([server.settings for server in servers], first),
        binds=_binds([server.binds for server in servers], first),
        configuration=agree(server.configuration for server in servers),
        hooks=agree(server.hooks for server in servers) or (),
        folders=agree(server.folders for server in servers) or (),
        target_file=agree(server.target_file for server in servers),
        interface=agree(server.interface for server in servers),
    )


def _parsed(given: Sequence[Parsed]) -> Parsed:
    """The options that all commands give; not all there are, so that none counts as absent."""
    others = [{(one.written, str(one.value)) for one in parsed.given} for parsed in given[1:]]
    same = tuple(one for one in given[0].given if all((one.written, str(one.value)) in other for other in others))
    positional = agree((parsed.positional for parsed in given), lambda words: [str(word) for word in words])
    return Parsed(same, positional or (), complete=False)


def _settings(given: Sequence[Settings], server: Server) -> Settings:
    doubt = next((settings.doubt for settings in given if settings.doubt is not None), None)
    result = given[0] if doubt is None else given[0].copy(doubt=doubt)
    for name in dict.fromkeys(name for settings in given for name in settings.mentioned):
        if agree((settings.value(name) for settings in given), told) is None:
            result = result.saying(name, SettingSource(Unknown(_REASON, server.span), server.span, _ORIGIN))
        elif name not in result.mentioned:
            # One command says what others leave to the default: somebody chose it.
            result = result.replacing(next(settings[name] for settings in given if name in settings.mentioned))
    return result


def _binds(given: Sequence[tuple[Bind, ...]], server: Server) -> tuple[Bind, ...]:
    """Where it listens in any case; one place of which nothing is known where they differ in more than a part."""
    count = agree(len(binds) for binds in given)
    if count is None:
        return (_nowhere(server),)
    return tuple(_bind(binds, server) for binds in zip(*given, strict=True))


def _bind(binds: Sequence[Bind], server: Server) -> Bind:
    kind = agree((bind.protocol, bind.socket is None) for bind in binds)
    if kind is None:
        return _nowhere(server)
    host = agree((bind.host for bind in binds), told)
    port = agree((bind.port for bind in binds), told)
    socket = agree((bind.socket for bind in binds), told)
    return replace(
        binds[0],
        host=Unknown(_REASON, server.span) if host is None else host,
        port=Unknown(_REASON, server.span) if port is None else port,
        socket=Unknown(_REASON, server.span) if socket is None and not kind[1] else socket,
    )


def _nowhere(server: Server) -> Bind:
    return Bind(Unknown(_REASON, server.span), Unknown(_REASON, server.span), server.span)
