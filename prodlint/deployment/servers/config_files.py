"""Configuration files of servers: gunicorn's and Hypercorn's, in Python and in TOML."""

from __future__ import annotations

from collections.abc import Mapping

from prodlint.deployment.app import locate_module
from prodlint.deployment.commands.grammar import Option
from prodlint.deployment.condition import NOWHERE, Lookup
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.servers.layers import Context, Layers
from prodlint.deployment.servers.setting import converted, default_of, joined
from prodlint.deployment.value import EnvDriven, JointlyDriven, Known, OnlyWhenSet, PerCpu, Unknown, Value
from prodlint.record import Record, replace
from prodlint.source import Span
from prodlint.syntax.word import Word

__all__ = [
    "HOOKS",
    "ConfigurationFile",
    "configuration_file",
    "doubt_about",
    "module_values",
    "object_value",
    "say_toml",
    "say_values",
]

HOOKS = tuple(
    "on_starting on_reload when_ready pre_fork post_fork post_worker_init worker_int worker_abort pre_exec "
    "pre_request post_request child_exit worker_exit nworkers_changed on_exit ssl_context".split()
)


class ConfigurationFile(Record):
    """A configuration file that a server reads: as it is named, and its path where it is one of the repository."""

    written: str
    path: str | None
    span: Span


def configuration_file(context: Context, named: Value[object], word: Word | None) -> ConfigurationFile | None:
    """The file or module that an option names, as gunicorn and Hypercorn do: `path`, `file:path`, `python:module`.

    None when what the option says is not known.
    """
    if not isinstance(named, Known | EnvDriven):
        return None
    written = named.value if isinstance(named, Known) else named.default
    if not isinstance(written, str):
        return None
    span = word.span if word is not None else named.span
    if written.startswith("python:"):
        name = written.removeprefix("python:")
        return ConfigurationFile(written, locate_module(context.repository, context.roots(), name), span)
    return ConfigurationFile(written, context.locate(written.removeprefix("file:")), span)


def doubt_about(named: Value[str] | Value[object], path: str) -> str:
    """Why nothing that a file says can be relied on, empty where it can: one for developers that only a default names.

    What a command certainly names holds, whatever it is called.
    """
    if not isinstance(named, EnvDriven) or environment_of(path) not in (Environment.DEVELOPMENT, Environment.TEST):
        return ""
    return f"${named.name} may name another configuration file than {path}"


def module_values(context: Context, path: str, lookup: Lookup | None = None) -> Mapping[str, Value[object]]:
    """What the names of a Python module hold once it ran where the server starts."""
    from prodlint.deployment.evaluation.interpreter import FEW_STEPS, Interpreter

    files, names = context.place.files, context.variables
    interpreter = Interpreter(context.repository, context.roots(), lookup or context.lookup, files=files, names=names)
    return interpreter.run(path, steps=FEW_STEPS)


def object_value(option: Option, value: Value[object]) -> Value[object]:
    """A Python value made into what its option takes, by gunicorn's own rules."""
    if isinstance(value, JointlyDriven):
        return _several(option, value)
    if isinstance(value, Unknown):
        return value
    held = value.value if isinstance(value, Known) else value.default
    if held is None or (isinstance(held, PerCpu) and option.kind in ("int", "float")):
        return value
    made = _object(option, held, value.span)
    if isinstance(value, Known) or not isinstance(made, Known):
        return made
    return replace(value, default=made.value)


def _several(option: Option, value: JointlyDriven) -> Value[object]:
    """What several variables decide, with its default made into what the option takes."""
    if value.default is None or (isinstance(value.default, PerCpu) and option.kind in ("int", "float")):
        return value
    made = _object(option, value.default, value.span or NOWHERE)
    return replace(value, default=made.value) if isinstance(made, Known) else made


def _object(option: Option, held: object, span: Span) -> Value[object]:
    kind = option.kind
    if isinstance(held, str) and kind not in ("list", "text", "optional", "object"):
        return converted("flag" if kind == "off" else kind, Known(held, span))
    if kind == "int" and isinstance(held, int):
        return Known(int(held), span)
    if kind in ("float", "duration") and isinstance(held, int | float):
        return Known(held, span)
    if kind in ("flag", "switch", "off") and isinstance(held, bool):
        return Known(held, span)
    if kind == "list":
        items = [held] if isinstance(held, str) else held
        if isinstance(items, list | tuple):
            return joined([_item(item, span) for item in items], span)
    elif kind in ("text", "optional"):
        if isinstance(held, str):
            return Known(held.strip(), span)
        if isinstance(held, int | bool) and option.name in ("user", "group", "proxy_protocol"):
            return Known(held, span)
    elif kind == "object":
        return Known(held, span)
    return Unknown(f"what it holds is not what {option.own} takes", span)


def _item(held: object, span: Span) -> Value[object]:
    """A part of a list: text, or what the evaluation says of one that is not known."""
    if isinstance(held, Unknown | EnvDriven):
        return held
    if isinstance(held, str):
        return Known(held.strip(), span)
    return Unknown("a part of it is no text", span)


def say_values(layers: Layers, values: Mapping[str, Value[object]], origin: str) -> None:
    """The names of a Python configuration file that are settings."""
    for option in layers.grammar.options:
        value = values.get(option.own)
        if value is not None:
            made = _unless_set(layers, option, value) if isinstance(value, OnlyWhenSet) else object_value(option, value)
            span = made.span or layers.context.server.span
            layers.say(option.name, made, span, origin)


def _unless_set(layers: Layers, option: Option, value: OnlyWhenSet) -> Value[object]:
    """What a setting is that the file names only when a variable is set: else what held before."""
    span = value.span or layers.context.server.span
    said = layers.said.get(option.name) or layers.defaults.get(option.name)
    before = said[-1].value if said else Known(default_of(option), span)
    if isinstance(before, Known) and layers.doubt is None:
        return EnvDriven(value.name, before.value, span, form=None)
    return value


def say_toml(layers: Layers, path: str, origin: str) -> bool:
    """The keys of a TOML file that are settings; False when it cannot be read."""
    document = layers.context.repository.toml(path)
    if document is None:
        return False
    for option in layers.grammar.options:
        held = document.get(option.own)
        if held is not None:
            span = document.span(option.own) or document.source.span
            layers.say(option.name, object_value(option, Known(held, span)), span, origin)
    return True
