"""The functions of Helm's templates on lists and mappings, as Sprig defines them.

Source: Sprig, "Lists and List Functions", "Dictionaries and Dict Functions". A mapping that is changed
while a condition is in doubt holds hidden values from then on.
"""

from __future__ import annotations

from collections.abc import Callable

from prodlint.readers.helm_data import Data, Hidden, Open, Stopped, copied, field_of, opened, unsure_keys
from prodlint.readers.helm_template import Renderer
from prodlint.readers.helm_text import has_mark, printed

__all__ = ["COLLECTIONS"]

Function = Callable[[Renderer, "list[Data]"], Data]
_MOST = 10_000


def _of_mapping(function: Callable[..., Data], least: int) -> Function:
    """A function whose first argument is a mapping; a hidden one hides what it comes to."""

    def call(renderer: Renderer, values: list[Data]) -> Data:
        if len(values) < least:
            raise Stopped("a function is given the wrong number of values")
        for value in values:
            if isinstance(value, Hidden):
                return Hidden(value.reason, "")
        if not isinstance(values[0], dict):
            raise Stopped("a function of mappings is given something else")
        renderer.tick(len(values[0]) + 1)
        return function(renderer, *values)

    return call


def _of_list(function: Callable[..., Data], place: int = -1) -> Function:
    """A function of a list, its argument at a place."""

    def call(renderer: Renderer, values: list[Data]) -> Data:
        if len(values) < (place + 1 or 1):
            raise Stopped("a function is given the wrong number of values")
        for value in values:
            if isinstance(value, Hidden):
                return Hidden(value.reason, "")
        held = values[place]
        if not isinstance(held, list):
            raise Stopped("a function of lists is given something else")
        renderer.tick(len(held) + 1)
        try:
            return function(renderer, *values)
        except (TypeError, ValueError, IndexError):
            raise Stopped("a function is given what it does not take") from None

    return call


def _dict(renderer: Renderer, values: list[Data]) -> Data:
    made: dict[str, Data] = {}
    for index in range(0, len(values), 2):
        key = values[index]
        if isinstance(key, Hidden) or (isinstance(key, str) and has_mark(key)):
            return Hidden("the key of a mapping is not told", "")
        made[printed(key, renderer.mark)] = values[index + 1] if index + 1 < len(values) else ""
    return made


def _changed(renderer: Renderer, held: dict[str, Data], key: str, value: Data) -> None:
    if renderer.doubts:
        present = key in held and not (isinstance(held[key], Hidden) and held[key].may_lack)
        value = Hidden("a condition that is not told sets it", "", may_lack=not present)
    held[key] = value


def _set(renderer: Renderer, values: list[Data]) -> Data:
    if len(values) != 3:
        raise Stopped("a function is given the wrong number of values")
    held, key, value = values
    if isinstance(held, Hidden):
        return held
    if not isinstance(held, dict) or not isinstance(key, str) or has_mark(key):
        raise Stopped("`set` of what is not told")
    _changed(renderer, held, key, value)
    return held


def _unset(renderer: Renderer, held: dict[str, Data], key: Data) -> Data:
    if renderer.doubts:
        held[str(key)] = Hidden("a condition that is not told takes it away", "", may_lack=True)
    else:
        held.pop(str(key), None)
    return held


def _has_key(renderer: Renderer, held: dict[str, Data], key: Data) -> Data:
    if key in held:
        value = held[str(key)]
        return Hidden(value.reason, "") if isinstance(value, Hidden) and value.may_lack else True
    return Hidden(held.reason, "") if isinstance(held, Open) else False


def _get(renderer: Renderer, held: dict[str, Data], key: Data) -> Data:
    found = field_of(held, str(key))
    return "" if found is None and key not in held else found


def _keys(renderer: Renderer, *mappings: Data) -> Data:
    # Sprig promises no order.
    for one in mappings:
        reason = unsure_keys(one) if isinstance(one, dict) else None
        if reason is not None:
            return Hidden(reason, "")
    found = [key for one in mappings if isinstance(one, dict) for key in sorted(one)]
    return found if len(found) < 2 else _Unordered(found)


class _Unordered(list[Data]):
    """Keys in an order that Go does not promise."""


def _values(renderer: Renderer, *mappings: Data) -> Data:
    for one in mappings:
        reason = unsure_keys(one) if isinstance(one, dict) else None
        if reason is not None:
            return Hidden(reason, "")
    return _Unordered(one[key] for one in mappings if isinstance(one, dict) for key in sorted(one))


def _pick(renderer: Renderer, held: dict[str, Data], *keys: Data) -> Data:
    return {str(key): held[str(key)] for key in keys if key in held}


def _omit(renderer: Renderer, held: dict[str, Data], *keys: Data) -> Data:
    made: dict[str, Data] = opened(held.reason) if isinstance(held, Open) else {}
    made.update((key, value) for key, value in held.items() if key not in keys)
    return made


def _merge(renderer: Renderer, values: list[Data]) -> Data:
    return _all_merged(renderer, values, False)


def _merge_over(renderer: Renderer, values: list[Data]) -> Data:
    return _all_merged(renderer, values, True)


def _all_merged(renderer: Renderer, values: list[Data], wins: bool) -> Data:
    """The first mapping, changed, with the others in it."""
    if not values:
        raise Stopped("a function is given the wrong number of values")
    target = values[0]
    if isinstance(target, Hidden):
        return Hidden(target.reason, "")
    if not isinstance(target, dict):
        raise Stopped("a function of mappings is given something else")
    for other in values[1:]:
        _merged(renderer, target, other, wins)
    return target


def _merged(renderer: Renderer, target: dict[str, Data], other: Data, wins: bool, depth: int = 0) -> None:
    if other is None:
        return
    if isinstance(other, Hidden):
        raise Stopped(f"what is merged is not told: {other.reason}")
    if not isinstance(other, dict) or depth > 30 or other is target:
        raise Stopped("`merge` of what is no mapping")
    for key, value in list(other.items()):
        renderer.tick()
        held = target.get(key)
        if isinstance(held, dict) and isinstance(value, dict):
            if held is not value:
                _merged(renderer, held, value, wins, depth + 1)
        elif (isinstance(held, dict) and isinstance(value, Hidden)) or (
            isinstance(held, Hidden) and isinstance(value, dict)
        ):
            target[key] = Hidden("a part of it is not told", "")
        elif wins or (value is not None and _is_empty(held)):
            _changed(renderer, target, key, value)


def _is_empty(value: Data) -> bool:
    return not isinstance(value, Hidden) and not value


def _deep_copy(renderer: Renderer, values: list[Data]) -> Data:
    if len(values) != 1:
        raise Stopped("a function is given the wrong number of values")
    renderer.tick(_weight(values[0], 0))
    return copied(values[0])


def _weight(data: Data, depth: int) -> int:
    if depth > 40:
        raise Stopped("its data is nested too deep")
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    count = 1 + sum(_weight(one, depth + 1) for one in inner)
    if count > _MOST:
        raise Stopped("its data is too much")
    return count


def _dig(renderer: Renderer, values: list[Data]) -> Data:
    """`dig "a" "b" default mapping`."""
    if len(values) < 3:
        raise Stopped("a function is given the wrong number of values")
    *keys, fallback, held = values
    for key in keys:
        if isinstance(held, Hidden):
            return Hidden(held.reason, "")
        if not isinstance(held, dict):
            raise Stopped("a function of mappings is given something else")
        if key not in held:
            return Hidden(held.reason, "") if isinstance(held, Open) else fallback
        held = held[str(key)]
    return held


def _index(renderer: Renderer, values: list[Data]) -> Data:
    """`index collection key …`."""
    if not values:
        raise Stopped("a function is given the wrong number of values")
    held, *keys = values
    for key in keys:
        if isinstance(key, Hidden) or isinstance(held, Hidden):
            return Hidden((key if isinstance(key, Hidden) else held).reason, "")
        if isinstance(held, dict):
            held = field_of(held, str(key))
        elif isinstance(held, list) and isinstance(key, int | float) and 0 <= int(key) < len(held):
            held = held[int(key)]
        else:
            raise Stopped("`index` finds nothing")
    return held


def _length(renderer: Renderer, values: list[Data]) -> Data:
    if len(values) != 1:
        raise Stopped("a function is given the wrong number of values")
    value = values[0]
    if isinstance(value, Hidden | Open) or (isinstance(value, str) and has_mark(value)):
        return Hidden(value.reason if not isinstance(value, str) else "it is not told", "")
    if isinstance(value, dict) and unsure_keys(value) is not None:
        return Hidden("its keys are not all told", "")
    if not isinstance(value, list | dict | str):
        raise Stopped("`len` of what has none")
    return len(value.encode()) if isinstance(value, str) else len(value)


def _join(renderer: Renderer, values: list[Data]) -> Data:
    if len(values) != 2:
        raise Stopped("a function is given the wrong number of values")
    between, held = values
    if isinstance(held, Hidden) or not isinstance(between, str) or (isinstance(held, _Unordered) and len(held) > 1):
        return Hidden(held.reason if isinstance(held, Hidden) else "the order of keys is not promised", "")
    items = held if isinstance(held, list) else [held]
    renderer.tick(len(items) * (1 + len(between) // 100))
    text = between.join(printed(item, renderer.mark) for item in items if item is not None)
    if len(text) > 1_000_000:
        raise Stopped("it writes too much")
    return text


def _has(renderer: Renderer, wanted: Data, held: list[Data]) -> Data:
    if any(type(one) is type(wanted) and one == wanted for one in held):
        return True
    hidden = next((one for one in held if isinstance(one, Hidden)), None)
    return Hidden(hidden.reason, "") if hidden is not None else False


def _unique(renderer: Renderer, held: list[Data]) -> Data:
    found: list[Data] = []
    for item in held[:_MOST]:
        renderer.tick(len(found) // 50)
        if item not in found:
            found.append(item)
    return found


def _concatenated(renderer: Renderer, values: list[Data]) -> Data:
    made: list[Data] = []
    for one in values:
        if isinstance(one, Hidden):
            return Hidden(one.reason, "")
        if not isinstance(one, list):
            raise Stopped("a function of lists is given something else")
        renderer.tick(len(one))
        made.extend(one)
    return made


def _until(renderer: Renderer, values: list[Data]) -> Data:
    if len(values) == 1 and isinstance(values[0], int | float) and 0 <= values[0] <= _MOST:
        return list(range(int(values[0])))
    raise Stopped("`until` without a number")


def _split_list(renderer: Renderer, values: list[Data]) -> Data:
    if len(values) != 2 or not all(isinstance(one, str) for one in values) or not values[0]:
        hidden = next((one for one in values if isinstance(one, Hidden)), None)
        if hidden is None:
            raise Stopped("a function is given what it does not take")
        return Hidden(hidden.reason, "")
    if has_mark(values[1]):
        return Hidden("a part of it is not told", "")
    return values[1].split(values[0])


def _split(renderer: Renderer, values: list[Data]) -> Data:
    parts = _split_list(renderer, values)
    return {f"_{index}": part for index, part in enumerate(parts)} if isinstance(parts, list) else parts


def _sorted(renderer: Renderer, held: list[Data]) -> Data:
    if any(not isinstance(one, str) or has_mark(one) for one in held):
        return Hidden("what is sorted is not told", "")
    return sorted(held)


def _list(renderer: Renderer, values: list[Data]) -> Data:
    return list(values)


def _to_strings(renderer: Renderer, held: list[Data]) -> Data:
    return [one if isinstance(one, Hidden) else printed(one, renderer.mark) for one in held]


COLLECTIONS: dict[str, Function] = {
    "dict": _dict,
    "list": _list,
    "tuple": _list,
    "set": _set,
    "unset": _of_mapping(_unset, 2),
    "hasKey": _of_mapping(_has_key, 2),
    "get": _of_mapping(_get, 2),
    "keys": _of_mapping(_keys, 1),
    "values": _of_mapping(_values, 1),
    "pick": _of_mapping(_pick, 1),
    "omit": _of_mapping(_omit, 1),
    "merge": _merge,
    "mustMerge": _merge,
    "mergeOverwrite": _merge_over,
    "mustMergeOverwrite": _merge_over,
    "deepCopy": _deep_copy,
    "mustDeepCopy": _deep_copy,
    "dig": _dig,
    "index": _index,
    "len": _length,
    "join": _join,
    "has": _of_list(_has, 1),
    "uniq": _of_list(_unique),
    "compact": _of_list(lambda renderer, held: [one for one in held if isinstance(one, Hidden) or one]),
    "without": _of_list(lambda renderer, held, *others: [one for one in held if one not in others], 0),
    "first": _of_list(lambda renderer, held: held[0] if held else None),
    "last": _of_list(lambda renderer, held: held[-1] if held else None),
    "rest": _of_list(lambda renderer, held: held[1:]),
    "initial": _of_list(lambda renderer, held: held[:-1]),
    "reverse": _of_list(lambda renderer, held: held[::-1]),
    "append": _of_list(lambda renderer, held, item: [*held, item], 0),
    "prepend": _of_list(lambda renderer, held, item: [item, *held], 0),
    "concat": _concatenated,
    "sortAlpha": _of_list(_sorted),
    "toStrings": _of_list(_to_strings),
    "until": _until,
    "splitList": _split_list,
    "split": _split,
}
"""By their names in a template."""
