"""Frozen, slotted dataclasses that cost a tenth of the standard library's at start-up.

`dataclasses` looks at each field of each class, and writes and compiles six methods for each: with a
hundred and forty classes that was a third of a whole run (0.16 of 0.48 s). Here the constructor alone is
compiled, for classes of which many objects are made, and the other methods are shared. The fields are the
standard library's own, worked out for those who ask: `fields` and `is_dataclass` work as ever, and so does the
library's `replace`; the one here need not ask.
"""

from __future__ import annotations

import dataclasses
import inspect
import operator
from collections.abc import Callable
from dataclasses import MISSING, Field
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    # The type checker knows the parameters of this one.
    from dataclasses import replace

    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_):
        return lambda decorator: decorator

    def replace(one, /, **changes):
        """Another object of the same class with some fields changed. Raises TypeError for a name that is no field."""
        kind = one.__class__
        return kind(**dict(zip(kind.__defaults__, kind.__values__(one), strict=True)) | changes)


__all__ = ["entity", "lazy_entity", "record", "replace", "state"]

# Compiling a constructor takes as long as making a hundred objects without: few classes of a run have so many.
_FEW = 60

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def record(cls: type[T]) -> type[T]:
    """A class of values: frozen, and equal to another of its class whose compared fields are equal.

    Every annotation of the class is a field: there are no class variables.
    """
    made: type[T] = _made(cls)
    values = _values_of(
        [name for name, default in _defaults(made).items() if not isinstance(default, Field) or default.compare]
    )

    def is_equal(self: object, other: object) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def hash_of(self: object) -> int:
        return hash(values(self))

    return cast("type[T]", _with_methods(made, __eq__=is_equal, __hash__=hash_of))


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(dataclasses.field,))
def entity(cls: type[T]) -> type[T]:
    """A frozen class whose objects are equal only to themselves."""
    return cast("type[T]", _made(cls))


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(dataclasses.field,))
def lazy_entity(cls: type[T]) -> type[T]:
    """An entity with room for what its `cached_property`s keep."""
    made = _classed(cls, inspect.get_annotations(cls), {})
    return cast("type[T]", _with_methods(made, __setattr__=_refuse, __delattr__=_refuse))


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
    own = inspect.get_annotations(written)
    return _classed(written, own, {"__slots__": tuple(own)})


def _classed(written: Any, own: dict[str, object], further: dict[str, object]) -> Any:
    """The class as it was written, with a constructor and a text of its `own` fields and those of its bases."""
    # Without a text of its own, dataclasses would work out a signature for it.
    written.__doc__ = written.__doc__ or written.__name__
    given = vars(written)
    members = {name: value for name, value in given.items() if name not in (*own, "__dict__", "__weakref__")}
    defaults: dict[str, object] = {}
    for base in reversed(written.__bases__):
        defaults.update(getattr(base, "__defaults__", {}))
    defaults.update({name: given.get(name, MISSING) for name in own})
    members.update(
        **further,
        __match_args__=tuple(defaults),
        __defaults__=defaults,
        __values__=_values_of(list(defaults)),
        __dataclass_fields__=_Fields(written),
        __qualname__=written.__qualname__,
    )
    members.setdefault("__repr__", _repr)
    made = type(written)(written.__name__, written.__bases__, members)
    return _with_methods(made, __init__=_first_constructor(made))


def _values_of(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What reads these fields of an object, all at once."""
    if len(names) > 1:
        return operator.attrgetter(*names)
    return (lambda one: (getattr(one, names[0]),)) if names else (lambda one: ())


def _defaults(cls: Any) -> dict[str, object]:
    """The fields of a made class, those of its bases first: a default, what `field()` gave, or MISSING."""
    return cls.__defaults__  # type: ignore[no-any-return]


def _with_methods(made: Any, **methods: object) -> Any:
    for name, method in methods.items():
        setattr(made, name, method)
    return made


def _first_constructor(made: Any) -> Any:
    """`__init__` of the first objects of a class; what it cannot make is left to the compiled one, to raise as well."""
    defaults = _defaults(made)
    plain: dict[str, object] = {}
    factories: dict[str, Callable[[], object]] = {}
    for name, default in defaults.items():
        if isinstance(default, Field) and default.default_factory is not MISSING:
            factories[name] = default.default_factory
        elif (value := default.default if isinstance(default, Field) else default) is not MISSING:
            plain[name] = value
    is_finished = hasattr(made, "__post_init__")
    keep = object.__setattr__
    count = 0

    def construct(self: Any, *values: object, **named: object) -> None:
        nonlocal count
        count += 1
        given = dict(zip(defaults, values, strict=False)) | named
        is_known = len(given) == len(values) + len(named)
        given = plain | given
        for name, make in factories.items():
            if name not in given:
                given[name] = make()
        if count > _FEW or not is_known or given.keys() != defaults.keys():
            made.__init__ = _constructor(made)
            made.__init__(self, *values, **named)
            return
        for name, value in given.items():
            keep(self, name, value)
        if is_finished:
            self.__post_init__()

    return construct


def _constructor(made: type) -> Any:
    """`__init__`, which sets each slot by its descriptor: nothing else can set one."""
    scope: dict[str, object] = {"MISSING": MISSING, "keep": object.__setattr__}
    parameters, body = ["self"], []
    for name, default in _defaults(made).items():
        factory: object = default.default_factory if isinstance(default, Field) else MISSING
        default = default.default if isinstance(default, Field) else default
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
        if hasattr(made, name):
            scope[f"set_{name}"] = getattr(made, name).__set__
            body.append(f" set_{name}(self, {value})")
        else:
            body.append(f" keep(self, {name!r}, {value})")
    if hasattr(made, "__post_init__"):
        body.append(" self.__post_init__()")
    exec(f"def __init__({', '.join(parameters)}):\n" + ("\n".join(body) or " pass"), scope)
    return scope["__init__"]


def _repr(self: Any) -> str:
    names = [name for name, default in _defaults(self).items() if not isinstance(default, Field) or default.repr]
    return f"{self.__class__.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"


def _refuse(self: object, name: str, *value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"{self.__class__.__qualname__}.{name} cannot be changed")
