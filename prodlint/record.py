"""Frozen, slotted dataclasses that cost a tenth of the standard library's at start-up.

`dataclasses` looks at each field of each class, and writes and compiles six methods for each: with a
hundred and forty classes that was a third of a whole run (0.16 of 0.48 s). Here the constructor alone is
compiled, when the first object is made, and the other methods are shared. The fields are the standard
library's own, worked out for those who ask: `replace`, `fields` and `is_dataclass` work as ever.
"""

from __future__ import annotations

import dataclasses
import inspect
import operator
from collections.abc import Callable
from dataclasses import MISSING, Field
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_):
        return lambda decorator: decorator


__all__ = ["entity", "record", "state"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def record(cls: type[T]) -> type[T]:
    """A class of values: frozen, and equal to another of its class whose compared fields are equal.

    Every annotation of the class is a field: there are no class variables.
    """
    made: type[T] = _made(cls)
    names = [name for name, default in _defaults(made).items() if not isinstance(default, Field) or default.compare]
    values: Callable[[Any], Any] = operator.attrgetter(*names) if names else lambda one: ()

    def is_equal(self: object, other: object) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def hash_of(self: object) -> int:
        return hash(values(self))

    return cast("type[T]", _with_methods(made, __eq__=is_equal, __hash__=hash_of))


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(dataclasses.field,))
def entity(cls: type[T]) -> type[T]:
    """A frozen class whose objects are equal only to themselves."""
    return cast("type[T]", _made(cls))


@dataclass_transform(eq_default=False, field_specifiers=(dataclasses.field,))
def state(cls: type[T]) -> type[T]:
    """A class whose objects change while work goes on, and are equal only to themselves."""
    return cast("type[T]", _slotted(cls))


class _Fields:
    """`__dataclass_fields__` of a class, until somebody asks for it."""

    def __init__(self, written: type) -> None:
        self.written = written

    def __get__(self, one: object, owner: Any) -> dict[str, Field[Any]]:
        plain: Any = dataclasses.dataclass(init=False, repr=False, eq=False)(self.written)
        owner.__dataclass_params__ = plain.__dataclass_params__
        owner.__dataclass_fields__ = plain.__dataclass_fields__
        return plain.__dataclass_fields__  # type: ignore[no-any-return]


def _made(written: Any) -> Any:
    return _with_methods(_slotted(written), __setattr__=_refuse, __delattr__=_refuse)


def _slotted(written: Any) -> Any:
    """The class as it was written, with slots in place of its annotations."""
    # Without a text of its own, dataclasses would work out a signature for it.
    written.__doc__ = written.__doc__ or written.__name__
    own = inspect.get_annotations(written)
    given = vars(written)
    members = {name: value for name, value in given.items() if name not in (*own, "__dict__", "__weakref__")}
    defaults: dict[str, object] = {}
    for base in reversed(written.__bases__):
        defaults.update(getattr(base, "__defaults__", {}))
    defaults.update({name: given.get(name, MISSING) for name in own})
    members.update(
        __slots__=tuple(own),
        __match_args__=tuple(defaults),
        __defaults__=defaults,
        __dataclass_fields__=_Fields(written),
        __qualname__=written.__qualname__,
    )
    members.setdefault("__repr__", _repr)
    made = type(written)(written.__name__, written.__bases__, members)
    return _with_methods(made, __init__=_first_constructor(made))


def _defaults(cls: Any) -> dict[str, object]:
    """The fields of a made class, those of its bases first: a default, what `field()` gave, or MISSING."""
    return cls.__defaults__  # type: ignore[no-any-return]


def _with_methods(made: Any, **methods: object) -> Any:
    for name, method in methods.items():
        setattr(made, name, method)
    return made


def _first_constructor(made: Any) -> Any:
    """`__init__` until the first object is made: a run needs a half of the classes that it loads."""

    def construct(self: object, *values: object, **named: object) -> None:
        made.__init__ = _constructor(made)
        made.__init__(self, *values, **named)

    return construct


def _constructor(made: type) -> Any:
    """`__init__`, which sets each slot by its descriptor: nothing else can set one."""
    scope: dict[str, object] = {"MISSING": MISSING}
    parameters, body = ["self"], []
    for name, default in _defaults(made).items():
        factory: object = default.default_factory if isinstance(default, Field) else MISSING
        default = default.default if isinstance(default, Field) else default
        scope[f"set_{name}"] = getattr(made, name).__set__
        value = name
        if default is not MISSING:
            scope[f"default_{name}"] = default
            parameters.append(f"{name}=default_{name}")
        elif factory is not MISSING:
            scope[f"default_{name}"] = factory
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
    names = [name for name, default in _defaults(self).items() if not isinstance(default, Field) or default.repr]
    return f"{self.__class__.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"


def _refuse(self: object, name: str, *value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"{self.__class__.__qualname__}.{name} cannot be changed")
