"""Expressions of Python, evaluated as far as what they are made of is known."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from typing import Any, cast

from prodlint.deployment.evaluation.binding import bind
from prodlint.deployment.evaluation.concrete import NotConcrete, apply
from prodlint.deployment.evaluation.domain import (
    ABSENT,
    RAISES,
    ConfigValue,
    DictValue,
    Driven,
    External,
    FunctionValue,
    Gap,
    IteratorValue,
    ModuleValue,
    NamespaceValue,
    Opaque,
    PathValue,
    Raised,
    as_text,
    is_marked,
)
from prodlint.deployment.evaluation.environment import read_variable, required, variable_is_set
from prodlint.deployment.evaluation.fresh import made_of
from prodlint.deployment.evaluation.join import Decision
from prodlint.deployment.evaluation.lists import parts_of, reason_of
from prodlint.deployment.evaluation.machine import Call, Frame, Machine
from prodlint.deployment.evaluation.mappings import set_item, update
from prodlint.deployment.evaluation.operations import binary, compare, elements_of, subscript, truth, unary

__all__ = ["choose", "defaults_of", "expression", "look_up"]

_BUILTINS = frozenset(dir(builtins)) | {"__file__"}


def expression(machine: Machine, node: ast.expr) -> object:
    """What an expression is in the current frame. Raises Raised where Python certainly raises."""
    machine.charge()
    evaluate = _KINDS.get(type(node))
    if evaluate is None:
        machine.risk()
        return machine.unknown("is written in a way that is not evaluated", node)
    with machine.deeper:
        return evaluate(machine, node)


def _constant(machine: Machine, node: ast.Constant) -> object:
    value: object = node.value
    return machine.unknown("is not text of any file", node) if is_marked(value) else value


def _name(machine: Machine, node: ast.Name) -> object:
    value = look_up(machine, node.id, node)
    if value is ABSENT:
        raise Raised("NameError", node.id)
    return value


def look_up(machine: Machine, name: str, node: ast.AST) -> object:
    """What a name holds in the current frame; ABSENT when nothing binds it."""
    frame: Frame | None = machine.frame
    while frame is not None:
        is_own = frame is machine.frame or frame.kind != "class"
        if frame.kind != "module" and is_own and name in frame.cells and name not in frame.global_names:
            return _settled(machine, frame.cells[name], node)
        frame = frame.outer
    module = machine.frame.module
    if name in module.cells:
        machine.reads |= module.reads.get(name, frozenset())
        return _settled(machine, module.cells[name], node)
    if module.rest is not None:
        rest = cast("Opaque", module.rest)
        machine.risk()
        return Opaque(rest.reason, rest.span)
    if name in _BUILTINS:
        return External(f"builtins.{name}")
    return ABSENT


def _settled(machine: Machine, value: object, node: ast.AST) -> object:
    if isinstance(value, Driven) and value.default is ABSENT:
        machine.risk(value.names, "NameError")
        return Driven(value.names, RAISES, value.span, value.holds, value.is_variable, value.reading)
    return value


def _sequence(machine: Machine, node: ast.List | ast.Tuple) -> object:
    parts: list[object] = []
    for element in node.elts:
        if isinstance(element, ast.Starred):
            parts += parts_of(machine, element, machine.expression(element.value))
        else:
            parts.append(_kept(machine, element))
    return machine.list(parts) if isinstance(node, ast.List) else tuple(parts)


def _kept(machine: Machine, node: ast.expr) -> object:
    """The value of an expression that is kept: an iterator is not known any more once it was used."""
    value = machine.expression(node)
    if isinstance(value, IteratorValue):
        return machine.unknown("is an iterator", node, *value.parts)
    return value


def _set(machine: Machine, node: ast.Set) -> object:
    made = machine.set(())
    for element in node.elts:
        if isinstance(element, ast.Starred):
            update(machine, node, made, machine.expression(element.value))
        else:
            update(machine, node, made, (machine.expression(element),))
    return made


def _dict(machine: Machine, node: ast.Dict) -> object:
    made = machine.dict({})
    made.place = machine.span(node)
    for key, item in zip(node.keys, node.values, strict=True):
        if key is None:
            update(machine, item, made, machine.expression(item))
        else:
            name = machine.expression(key)
            set_item(machine, item, made, name, _kept(machine, item))
    return made


def _joined(machine: Machine, node: ast.JoinedStr) -> object:
    parts: list[object] = []
    for value in node.values:
        if isinstance(value, ast.FormattedValue):
            parts.append(_formatted(machine, value))
        else:
            parts.append(machine.expression(value))
    return made_of(*parts) or apply(machine, node, lambda *texts: "".join(texts), *parts, allow="paths")


def _formatted(machine: Machine, node: ast.FormattedValue) -> object:
    value = machine.expression(node.value)
    if node.format_spec is None and node.conversion in (-1, 115):
        return machine.call(External("builtins.str"), Call(node, (value,)))
    specification = "" if node.format_spec is None else machine.expression(node.format_spec)
    conversion = chr(node.conversion) if node.conversion > 0 else ""

    def formatted(one: Any, form: str) -> str:
        if len(form) > 20 or any(len(run) > 3 for run in "".join(c if c.isdigit() else " " for c in form).split()):
            raise NotConcrete("is too large")
        if conversion:
            one = _CONVERSIONS[conversion](one)
        return format(one, form)

    return apply(machine, node, formatted, value, specification)


_CONVERSIONS: dict[str, Callable[[object], str]] = {"s": str, "r": repr, "a": ascii}


def _unary(machine: Machine, node: ast.UnaryOp) -> object:
    return unary(machine, node, type(node.op), machine.expression(node.operand))


def _binary(machine: Machine, node: ast.BinOp) -> object:
    # `a + b + c` nests to the left: a loop unfolds it, so that a long sum is not nested too deeply.
    chain: list[ast.BinOp] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp):
        chain.append(left)
        left = left.left
    value = machine.expression(left)
    for one in reversed(chain):
        machine.charge()
        value = binary(machine, one, type(one.op), value, machine.expression(one.right))
    return value


def _boolean(machine: Machine, node: ast.BoolOp) -> object:
    return _operands(machine, node, isinstance(node.op, ast.And), 0)


def _operands(machine: Machine, node: ast.BoolOp, is_and: bool, index: int) -> object:
    value = machine.expression(node.values[index])
    if index == len(node.values) - 1:
        return value
    decided = truth(machine, node.values[index], value)

    def others() -> object:
        return _operands(machine, node, is_and, index + 1)

    if is_and:
        return choose(machine, node, decided, others, lambda: value)
    return as_text(choose(machine, node, decided, lambda: value, others), value)


def choose(
    machine: Machine, node: ast.AST, decided: object, first: Callable[[], object], second: Callable[[], object]
) -> object:
    """What either of two branches gives: the one that a truth decides, or what both have in common."""
    if isinstance(decided, bool):
        return first() if decided else second()
    if isinstance(decided, Driven):
        if isinstance(decided.default, bool):
            decision = Decision(reason_of(decided.names), machine.span(node), decided.names, decided.default)
            return machine.fork(decision, first, second)
        if decided.default is RAISES:
            # Without its variables the code raises: whichever branch, it runs with them.
            return machine.fork(Decision(reason_of(decided.names), machine.span(node)), first, second)
    reason = decided.reason if isinstance(decided, Opaque) else "depends on a condition that is not known"
    span = decided.span if isinstance(decided, Opaque) else None
    return machine.fork(Decision(reason, span or machine.span(node)), first, second)


def _conditional(machine: Machine, node: ast.IfExp) -> object:
    decided = truth(machine, node.test, machine.expression(node.test))
    value = choose(
        machine, node, decided, lambda: machine.expression(node.body), lambda: machine.expression(node.orelse)
    )
    return _sure(value, decided)


def _sure(value: object, decided: object) -> object:
    if isinstance(decided, Driven) and decided.default is RAISES and not isinstance(value, Opaque):
        return Driven(decided.names, RAISES, decided.span, ())
    return value


def _comparison(machine: Machine, node: ast.Compare) -> object:
    left = machine.expression(node.left)
    result: object = True
    for operation, comparator in zip(node.ops, node.comparators, strict=True):
        right = machine.expression(comparator)
        found = _compared(machine, node, operation, left, right)
        if found is False:
            return False
        if result is True:
            result = found
        elif found is not True:
            return machine.unknown("is compared with something that is not known", node, result, found)
        left = right
    return result


def _compared(machine: Machine, node: ast.Compare, operation: ast.cmpop, left: object, right: object) -> object:
    if isinstance(operation, (ast.In, ast.NotIn)) and isinstance(right, External) and right.name == "os.environ":
        found = variable_is_set(machine, left, node)
        return unary(machine, node, ast.Not, found) if isinstance(operation, ast.NotIn) else found
    if isinstance(operation, (ast.In, ast.NotIn)) and isinstance(right, NamespaceValue):
        inside = _is_bound(machine, node, right.module, left)
        return unary(machine, node, ast.Not, inside) if isinstance(operation, ast.NotIn) else inside
    if isinstance(operation, (ast.In, ast.NotIn)) and isinstance(right, ConfigValue):
        from prodlint.deployment.evaluation.config import config_holds

        inside = config_holds(machine, right, left, node)
        return unary(machine, node, ast.Not, inside) if isinstance(operation, ast.NotIn) else inside
    return compare(machine, node, type(operation), left, right)


def _is_bound(machine: Machine, node: ast.AST, module: ModuleValue, name: object) -> object:
    value = module.cells.get(name, ABSENT) if isinstance(name, str) else None
    if isinstance(value, (Opaque, Driven)) or not isinstance(name, str):
        return machine.unknown("may be bound", node)
    if value is ABSENT and module.rest is not None:
        return machine.unknown("may be bound", node)
    return value is not ABSENT


def _attribute(machine: Machine, node: ast.Attribute) -> object:
    return machine.attribute(machine.expression(node.value), node.attr, node)


def _subscript(machine: Machine, node: ast.Subscript) -> object:
    owner = machine.expression(node.value)
    key = _slice(machine, node.slice)
    if isinstance(owner, External) and owner.name == "os.environ":
        return required(machine, read_variable(machine, key, node), "KeyError", node)
    if isinstance(owner, External) and owner.name == "sys.modules" and key == machine.frame.module.dotted:
        return machine.frame.module
    if isinstance(owner, NamespaceValue):
        value = owner.module.cells.get(key, ABSENT) if isinstance(key, str) else None
        if value is ABSENT and owner.module.rest is None:
            raise Raised("KeyError")
        machine.risk()
        return machine.unknown("is a name that is not known", node) if value in (None, ABSENT) else value
    if isinstance(owner, ConfigValue):
        from prodlint.deployment.evaluation.config import config_item

        return _settled(machine, config_item(machine, owner, key, node), node)
    if isinstance(owner, (ModuleValue, FunctionValue, PathValue)):
        raise Raised("TypeError")
    found = subscript(machine, node, owner, key)
    return _settled(machine, found, node)


def _slice(machine: Machine, node: ast.expr) -> object:
    if not isinstance(node, ast.Slice):
        return machine.expression(node)
    bounds = [None if bound is None else machine.expression(bound) for bound in (node.lower, node.upper, node.step)]
    if any(isinstance(bound, Driven) for bound in bounds):
        return machine.unknown("is a part whose bounds are not known", node)
    if not all(bound is None or isinstance(bound, int) for bound in bounds):
        return machine.unknown("is a part whose bounds are not known", node, *bounds)
    return slice(*bounds)


def _call(machine: Machine, node: ast.Call) -> object:
    if machine.called is not None:
        machine.called.add(node)
    function = machine.expression(node.func)
    arguments: list[object] = []
    keywords: dict[str, object] = {}
    is_open = False
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            parts = parts_of(machine, argument, machine.expression(argument.value))
            is_open = is_open or any(isinstance(part, Gap) for part in parts)
            arguments += parts
        else:
            arguments.append(machine.expression(argument))
    for keyword in node.keywords:
        value = machine.expression(keyword.value)
        if keyword.arg is not None:
            keywords[keyword.arg] = value
        elif (
            isinstance(value, DictValue)
            and isinstance(value.content, dict)
            and all(isinstance(key, str) for key in value.content)
        ):
            keywords.update(value.content)
        else:
            is_open = True
            arguments.append(value)
    return machine.call(function, Call(node, tuple(arguments), keywords, is_open))


def _named(machine: Machine, node: ast.NamedExpr) -> object:
    value = machine.expression(node.value)
    frame: Frame | None = machine.frame
    while frame is not None and frame.kind == "comprehension":
        frame = frame.outer
    target = frame if frame is not None and node.target.id not in frame.global_names else machine.frame
    machine.put(target.cells, node.target.id, value)
    return value


def _lambda(machine: Machine, node: ast.Lambda) -> object:
    return FunctionValue(node, machine.frame, defaults_of(machine, node.args))


def defaults_of(machine: Machine, arguments: ast.arguments) -> dict[str, object]:
    """The defaults of parameters, evaluated where the function is defined."""
    positional = [*arguments.posonlyargs, *arguments.args]
    found: dict[str, object] = {}
    behind = positional[len(positional) - len(arguments.defaults) :]
    for parameter, default in zip(behind, arguments.defaults, strict=True):
        found[parameter.arg] = machine.expression(default)
    for parameter, given in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if given is not None:
            found[parameter.arg] = machine.expression(given)
    return found


# Comprehensions


def _comprehension(machine: Machine, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> object:
    outermost = machine.expression(node.generators[0].iter)
    if isinstance(outermost, Driven) and outermost.default is RAISES:
        return outermost
    if isinstance(outermost, Driven):
        made = _collected(machine, node, outermost.default)
        if isinstance(made, IteratorValue):
            gap = Gap(reason_of(outermost.names), machine.span(node), outermost.names, made.parts, outermost.holds)
            return IteratorValue((gap,))
        return machine.driven(outermost.names, made, node, outermost)
    return _collected(machine, node, outermost)


def _collected(
    machine: Machine, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, outermost: object
) -> object:
    frame = Frame(machine.frame.module, machine.cells(), "comprehension", machine.frame)
    found: list[object] = []
    with machine.within(frame):
        for made in _rounds(machine, node, outermost, 0):
            found.append(made)
            machine.charge(1 + len(found) // 64)
    if isinstance(node, ast.ListComp):
        return machine.list(found)
    if isinstance(node, ast.GeneratorExp):
        return IteratorValue(tuple(found))
    if isinstance(node, ast.SetComp):
        result: Any = machine.set(())
        update(machine, node, result, tuple(found))
        return result
    result = machine.dict({})
    for pair in found:
        if isinstance(pair, Gap):
            update(machine, node, result, machine.unknown(pair.reason, node, *pair.holds))
        else:
            key, value = cast("tuple[object, object]", pair)
            set_item(machine, node, result, key, value)
    return result


def _rounds(machine: Machine, node: Any, iterable: object, depth: int) -> Iterator[object]:
    """What a comprehension collects, with gaps where it is not known what."""
    generator: ast.comprehension = node.generators[depth]
    parts = elements_of(iterable) if not generator.is_async else None
    if parts is None:
        parts = parts_of(machine, node, iterable) if not generator.is_async else ()
        if generator.is_async or not parts:
            yield _gap(machine, node, iterable)
            return
    for part in parts:
        if isinstance(part, Gap):
            yield _gap(machine, node, part)
            continue
        bind(machine, generator.target, part)
        decided: object = True
        for test in generator.ifs:
            answer = truth(machine, test, machine.expression(test))
            if answer is not True:
                decided = answer
                break
        if decided is False:
            continue
        if decided is not True:
            yield _gap(machine, node, part, decided)
        elif depth + 1 < len(node.generators):
            yield from _rounds(machine, node, machine.expression(node.generators[depth + 1].iter), depth + 1)
        elif isinstance(node, ast.DictComp):
            key = machine.expression(node.key)
            yield key, machine.expression(node.value)
        else:
            yield machine.expression(node.elt)


def _gap(machine: Machine, node: ast.AST, *values: object) -> Gap:
    parts = tuple(part for value in values for part in (value.holds if isinstance(value, Gap) else (value,)))
    known = next((value for value in values if isinstance(value, Gap)), None)
    unknown = machine.unknown(known.reason if known is not None else "is not known", node, *parts)
    return Gap(unknown.reason, unknown.span, holds=unknown.holds)


_KINDS: dict[type, Callable[[Machine, Any], object]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.List: _sequence,
    ast.Tuple: _sequence,
    ast.Set: _set,
    ast.Dict: _dict,
    ast.JoinedStr: _joined,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.IfExp: _conditional,
    ast.Compare: _comparison,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Call: _call,
    ast.NamedExpr: _named,
    ast.Lambda: _lambda,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
}
