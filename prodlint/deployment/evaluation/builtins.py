"""What Python's builtins return: `int`, `list`, `getattr`, `map` and the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from prodlint.deployment.evaluation.concrete import MOST_ELEMENTS, NotConcrete, apply, on_defaults
from prodlint.deployment.evaluation.cpus import cpus_in, whole, with_limit
from prodlint.deployment.evaluation.domain import (
    ABSENT,
    DictValue,
    Driven,
    External,
    Fresh,
    Gap,
    IteratorValue,
    ListValue,
    ModuleValue,
    NamespaceValue,
    Opaque,
    PathValue,
    Raised,
    SetValue,
    as_text,
    as_truth,
    as_variable,
    is_plain,
)
from prodlint.deployment.evaluation.lists import parts_of
from prodlint.deployment.evaluation.machine import Call, Machine
from prodlint.deployment.evaluation.mappings import update
from prodlint.deployment.evaluation.operations import elements_of, truth

__all__ = ["BUILTINS", "Function", "on_first", "pure", "stopped"]

Function = Callable[[Machine, Call], object]


def pure(function: Callable[..., Any], allow: str = "") -> Function:
    """A function of Python's own that has no side effects and is cheap."""

    def called(machine: Machine, call: Call) -> object:
        return apply(machine, call.node, function, *call.arguments, keywords=dict(call.keywords), allow=allow)

    return called


def on_first(function: Callable[[Machine, Call, object], object]) -> Function:
    """A function of one argument, which may be driven."""

    def called(machine: Machine, call: Call) -> object:
        if len(call.arguments) != 1:
            machine.risk()
            return machine.unknown("is called in a way that is not followed", call.node, *call.values)
        return on_defaults(machine, call.node, lambda value: function(machine, call, value), call.arguments[0])

    return called


def _reading(function: Function) -> Function:
    """A function that takes a text for what it stands for: `int` of a variable says what the variable says."""

    def called(machine: Machine, call: Call) -> object:
        made = function(machine, call)
        return as_variable(made, call.arguments[0]) if len(call.arguments) == 1 else made

    return called


def _text(machine: Machine, call: Call, value: object) -> object:
    if isinstance(value, Fresh):
        return value
    if isinstance(value, (str, PathValue)):
        return value if isinstance(value, str) else value.text
    return apply(machine, call.node, str, value)


def _truth(machine: Machine, call: Call) -> object:
    made = on_first(lambda machine, call, value: truth(machine, call.node, value))(machine, call)
    return as_truth(made, call.arguments[0]) if call.arguments else made


def _integer(value: Any, *base: Any) -> int:
    if isinstance(value, (str, bytes)) and len(value) > 4_000:
        raise NotConcrete("is too large a number")
    return int(value, *base)


def _list(machine: Machine, call: Call) -> object:
    if not call.arguments:
        return machine.list(())
    return on_defaults(machine, call.node, lambda value: _listed(machine, call, value), call.arguments[0])


def _listed(machine: Machine, call: Call, value: object) -> object:
    return machine.list(parts_of(machine, call.node, value))


def _tuple(machine: Machine, call: Call) -> object:
    if not call.arguments:
        return ()
    return on_defaults(machine, call.node, lambda value: parts_of(machine, call.node, value), call.arguments[0])


def _set(machine: Machine, call: Call) -> object:
    made = machine.set(())
    if call.arguments:
        value = call.arguments[0]
        if isinstance(value, Driven):
            return on_defaults(machine, call.node, lambda one: _set(machine, Call(call.node, (one,))), value)
        update(machine, call.node, made, value)
    return made


def _frozenset(machine: Machine, call: Call) -> object:
    return apply(machine, call.node, frozenset, *call.arguments, allow="sets")


def _dict(machine: Machine, call: Call) -> object:
    made = machine.dict({})
    if call.arguments:
        value = call.arguments[0]
        if isinstance(value, Driven):
            rest = call.keywords
            return on_defaults(machine, call.node, lambda one: _dict(machine, Call(call.node, (one,), rest)), value)
        update(machine, call.node, made, value)
    if call.keywords:
        update(machine, call.node, made, machine.dict(dict(call.keywords)))
    return made


def _length(machine: Machine, call: Call, value: object) -> object:
    cpus = cpus_in(machine, call, value)
    if cpus is not None:
        return cpus
    parts: Any = value.content if isinstance(value, (ListValue, DictValue, SetValue)) else value
    if isinstance(parts, (tuple, dict, frozenset)):
        # Two unknown members of a set may be one; two unknown elements of a list are two.
        unsure = (Gap,) if isinstance(parts, (tuple, dict)) else (Gap, Opaque)
        if not any(isinstance(part, unsure) for part in parts):
            return len(parts)
    return apply(machine, call.node, len, value, allow="sets")


def _any_or_all(wanted: bool) -> Callable[[Machine, Call, object], object]:
    def decided(machine: Machine, call: Call, value: object) -> object:
        parts = parts_of(machine, call.node, value)
        answers = [machine.unknown(part.reason, call.node) if isinstance(part, Gap) else part for part in parts]
        truths = [truth(machine, call.node, answer) for answer in answers]
        if any(answer is wanted for answer in truths):
            return wanted
        if all(isinstance(answer, bool) for answer in truths):
            return not wanted
        return apply(machine, call.node, any if wanted else all, tuple(truths))

    return decided


def _each(machine: Machine, call: Call) -> object:
    """`map(function, values)`."""
    if len(call.arguments) != 2:
        return machine.unknown("is called in a way that is not followed", call.node, *call.values)
    function, values = call.arguments
    return on_defaults(machine, call.node, lambda one: _mapped(machine, call, function, one), values)


def _mapped(machine: Machine, call: Call, function: object, values: object) -> object:
    def mapped(part: object) -> object:
        if isinstance(part, Gap):
            return Gap(part.reason, part.span, holds=part.holds)
        return machine.call(function, Call(call.node, (part,)))

    return IteratorValue(tuple(mapped(part) for part in parts_of(machine, call.node, values)))


def _filter(machine: Machine, call: Call) -> object:
    if len(call.arguments) != 2:
        return machine.unknown("is called in a way that is not followed", call.node, *call.values)
    function, values = call.arguments
    return on_defaults(machine, call.node, lambda one: _filtered(machine, call, function, one), values)


def _filtered(machine: Machine, call: Call, function: object, values: object) -> object:
    made: list[object] = []
    for part in parts_of(machine, call.node, values):
        if isinstance(part, Gap):
            made.append(Gap(part.reason, part.span, holds=part.holds))
            continue
        answer = part if function is None else machine.call(function, Call(call.node, (part,)))
        decided = truth(machine, call.node, answer)
        if decided is True:
            made.append(part)
        elif decided is not False:
            unknown = machine.unknown("may be left out", call.node, part)
            if isinstance(decided, Driven) and isinstance(decided.default, bool):
                default = (part,) if decided.default else ()
                made.append(Gap(unknown.reason, unknown.span, decided.names, default, unknown.holds))
            else:
                made.append(Gap(unknown.reason, unknown.span, holds=unknown.holds))
    return IteratorValue(tuple(made))


def _pairs(make: Callable[..., Any]) -> Function:
    """`zip` and `enumerate` of what is known in full."""

    def called(machine: Machine, call: Call) -> object:
        lists = [elements_of(value) for value in call.arguments]
        numbers = [value for value in call.arguments[1:] if isinstance(value, int)] if make is enumerate else []
        known = [one for one in lists if one is not None]
        if len(known) + len(numbers) < len(call.arguments) or call.keywords:
            machine.risk()
            return machine.unknown("is not known", call.node, *call.values)
        return IteratorValue(tuple(make(*known, *numbers)))

    return called


def _reversed(machine: Machine, call: Call, value: object) -> object:
    return IteratorValue(parts_of(machine, call.node, value)[::-1])


def _range(*bounds: int) -> range:
    made = range(*bounds)
    if len(made) > MOST_ELEMENTS:
        raise NotConcrete("is too large")
    return made


_TYPES: dict[str, tuple[type, ...]] = {
    "builtins.str": (str,),
    "builtins.int": (int,),
    "builtins.float": (float,),
    "builtins.bool": (bool,),
    "builtins.bytes": (bytes,),
    "builtins.list": (ListValue,),
    "builtins.dict": (DictValue,),
    "builtins.set": (SetValue,),
    "builtins.tuple": (tuple,),
    "pathlib.Path": (PathValue,),
    "pathlib.PurePath": (PathValue,),
}


def _is_instance(machine: Machine, call: Call) -> object:
    if len(call.arguments) != 2:
        raise Raised("TypeError")
    value, kinds = call.arguments
    return on_defaults(machine, call.node, lambda one: _instance(machine, call, one, kinds), value)


def _instance(machine: Machine, call: Call, value: object, kinds: object) -> object:
    wanted = cast("tuple[object, ...]", kinds) if isinstance(kinds, tuple) else (kinds,)
    types: list[type] = []
    for kind in wanted:
        found = _TYPES.get(kind.name) if isinstance(kind, External) else None
        if found is None:
            machine.risk()
            return machine.unknown("is compared with a type that is not known", call.node)
        types += found
    if is_plain(value) or isinstance(value, (tuple, ListValue, DictValue, SetValue, PathValue)):
        return isinstance(value, tuple(types))
    return machine.unknown("has a type that is not known", call.node, value)


def _getattr(machine: Machine, call: Call) -> object:
    owner, name = call.get(0, "object"), call.get(1, "name")
    if not isinstance(name, str):
        machine.risk()
        return machine.unknown("is an attribute whose name is not known", call.node, owner, name)
    try:
        return machine.attribute(owner, name, call.node)
    except Raised as error:
        default = call.get(2, "default")
        if error.kind != "AttributeError" or default is ABSENT:
            raise
        return default


def _hasattr(machine: Machine, call: Call) -> object:
    try:
        found = _getattr(machine, call)
    except Raised:
        return False
    if isinstance(found, (Opaque, Driven, External)):
        return machine.unknown("is not known to be there", call.node)
    return True


def _namespace(machine: Machine, call: Call) -> object:
    if call.arguments and isinstance(call.arguments[0], ModuleValue):
        return NamespaceValue(call.arguments[0])
    if call.arguments or machine.frame.kind in ("function", "class"):
        return machine.unknown("are the names of something else", call.node, *call.values)
    return NamespaceValue(machine.frame.module)


def _globals(machine: Machine, call: Call) -> object:
    return NamespaceValue(machine.frame.module)


def _exec(machine: Machine, call: Call) -> object:
    machine.risk()
    machine.open_module(machine.frame.module, "may be bound by exec()", machine.span(call.node))
    return None


def _nothing(machine: Machine, call: Call) -> object:
    return None


def stopped(machine: Machine, call: Call) -> object:
    raise Raised("SystemExit")


BUILTINS: dict[str, Function] = {
    "builtins.str": lambda machine, call: (
        as_text(on_first(_text)(machine, call), call.arguments[0] if call.arguments else None) if call.values else ""
    ),
    "builtins.int": _reading(whole(lambda machine, call: pure(_integer)(machine, call) if call.values else 0)),
    "builtins.float": _reading(pure(float)),
    "builtins.bool": lambda machine, call: _truth(machine, call) if call.values else False,
    "builtins.list": _list,
    "builtins.tuple": _tuple,
    "builtins.set": _set,
    "builtins.frozenset": _frozenset,
    "builtins.dict": _dict,
    "builtins.len": on_first(_length),
    "builtins.any": on_first(_any_or_all(True)),
    "builtins.all": on_first(_any_or_all(False)),
    "builtins.map": _each,
    "builtins.filter": _filter,
    "builtins.zip": _pairs(zip),
    "builtins.enumerate": _pairs(enumerate),
    "builtins.reversed": on_first(_reversed),
    "builtins.sorted": pure(sorted, "sets"),
    "builtins.min": with_limit(pure(min, "sets"), is_most=True),
    "builtins.max": with_limit(pure(max, "sets"), is_most=False),
    "builtins.sum": pure(sum),
    "builtins.abs": pure(abs),
    "builtins.round": whole(pure(round)),
    "builtins.divmod": pure(divmod),
    "builtins.ord": pure(ord),
    "builtins.chr": pure(chr),
    "builtins.hex": pure(hex),
    "builtins.oct": pure(oct),
    "builtins.bin": pure(bin),
    "builtins.repr": pure(repr),
    "builtins.range": pure(_range),
    "builtins.isinstance": _is_instance,
    "builtins.getattr": _getattr,
    "builtins.hasattr": _hasattr,
    "builtins.globals": _globals,
    "builtins.locals": _namespace,
    "builtins.vars": _namespace,
    "builtins.exec": _exec,
    "builtins.print": _nothing,
    "builtins.exit": stopped,
    "builtins.quit": stopped,
}
