"""Frozen, slotted dataclasses that cost a fifth of the standard library's at start-up.

`dataclasses` writes and compiles six methods for each class: with a hundred and forty classes that was
a third of a whole run (0.16 of 0.48 s). Here the constructor alone is compiled, and the other methods
are shared; fields, `replace` and `is_dataclass` are the standard library's own.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_):
        return lambda decorator: decorator


__all__ = ["entity", "record"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def record(cls: type[T]) -> type[T]:
    """A class of values: frozen, and equal to another of its class whose compared fields are equal."""
    made = _made(cls)
    names = [one.name for one in dataclasses.fields(made) if one.compare]  # type: ignore[arg-type]
    values: Callable[[Any], Any] = operator.attrgetter(*names) if names else lambda one: ()

    def is_equal(self: object, other: object) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def hash_of(self: object) -> int:
        return hash(values(self))

    return _with_methods(made, __eq__=is_equal, __hash__=hash_of)


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(dataclasses.field,))
def entity(cls: type[T]) -> type[T]:
    """A frozen class whose objects are equal only to themselves."""
    return _made(cls)


def _made(cls: type[T]) -> type[T]:
    # Without a text of its own, dataclasses would work out a signature for it.
    cls.__doc__ = cls.__doc__ or cls.__name__
    made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    if "__repr__" not in cls.__dict__:
        _with_methods(made, __repr__=_repr)
    return _with_methods(made, __init__=_constructor(made), __setattr__=_refuse, __delattr__=_refuse)


def _with_methods(made: type[T], **methods: object) -> type[T]:
    for name, method in methods.items():
        setattr(made, name, method)
    return made


def _constructor(made: type) -> Any:
    """`__init__`, which sets each slot by its descriptor: nothing else can set one."""
    scope: dict[str, object] = {"MISSING": dataclasses.MISSING}
    parameters, body = ["self"], []
    for one in dataclasses.fields(made):
        name = one.name
        scope[f"set_{name}"] = getattr(made, name).__set__
        value = name
        if one.default is not dataclasses.MISSING:
            scope[f"default_{name}"] = one.default
            parameters.append(f"{name}=default_{name}")
        elif one.default_factory is not dataclasses.MISSING:
            scope[f"default_{name}"] = one.default_factory
            parameters.append(f"{name}=MISSING")
            value = f"default_{name}() if {name} is MISSING else {name}"
        else:
            parameters.append(name)
        body.append(f" set_{name}(self, {value})")
    if hasattr(made, "__post_init__"):
        body.append(" self.__post_init__()")
    exec(f"def __init__({', '.join(parameters)}):\n" + ("\n".join(body) or " pass"), scope)
    return scope["__init__"]


def _repr(self: Any) -> str:
    shown = (f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self) if one.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse(self: object, name: str, *value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"{self.__class__.__qualname__}.{name} cannot be changed")
