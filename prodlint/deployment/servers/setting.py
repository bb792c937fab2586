"""What a server is told: every setting with all the places that had a say in it, the last of which decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from prodlint.deployment.commands.grammar import Option
from prodlint.deployment.condition import Lookup, asked, word_value
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.record import Record, replace
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.word import Expansion, Word

__all__ = [
    "Setting",
    "SettingSource",
    "Settings",
    "as_text",
    "converted",
    "default_of",
    "from_variable",
    "joined",
    "mapped",
    "text_of",
]


class SettingSource(Record):
    """One place that had a say: what it says there, and what the place is called.

    `origin` is for people: `default of gunicorn`, `gunicorn.conf.py`, `--workers on the command line`.
    `words` are the words that say it, where words of a command do.
    """

    value: Value[object]
    span: Span
    origin: str
    words: tuple[Word, ...] = ()


class Setting(Record):
    """One setting: its value, and all places that had a say in it, the weakest first."""

    name: str
    value: Value[object]
    sources: tuple[SettingSource, ...]

    @property
    def source(self) -> SettingSource:
        """The place that decided."""
        return self.sources[-1]

    @property
    def is_default(self) -> bool:
        """Whether nothing but the server's own default had a say."""
        return len(self.sources) == 1 and self.source.origin.startswith("default of ")


class Settings(Mapping[str, Setting]):
    """The settings of a server by the model's names; those that nothing mentions hold their defaults.

    `doubt` is the reason why no default can be relied on: an option that is not known, a
    configuration file that is not here.
    """

    __slots__ = ("_options", "_origin", "_said", "_span", "doubt")

    def __init__(
        self,
        product: str,
        span: Span,
        options: Iterable[Option] = (),
        said: Mapping[str, tuple[SettingSource, ...]] | None = None,
        doubt: str | None = None,
    ) -> None:
        self._origin = f"default of {product}"
        self._span = span
        self._options = {option.name: option for option in options}
        self._said = dict(said or {})
        self.doubt = doubt

    def __getitem__(self, name: str) -> Setting:
        said = self._said.get(name, ())
        option = self._options.get(name)
        if option is None and not said:
            raise KeyError(name)
        sources = said
        if option is not None and not any(source.origin == self._origin for source in said):
            sources = (SettingSource(self._default(option), self._span, self._origin), *said)
        return Setting(name, sources[-1].value, sources)

    def _default(self, option: Option) -> Value[object]:
        if self.doubt is not None:
            return Unknown(self.doubt, self._span)
        return Known(default_of(option), self._span)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._options, *self._said)))

    def __len__(self) -> int:
        return len({*self._options, *self._said})

    @property
    def mentioned(self) -> tuple[str, ...]:
        """The settings in which something but the default had a say."""
        return tuple(self._said)

    def value(self, name: str) -> Value[object]:
        """What holds for a setting; unknown where the server has none of that name."""
        setting = self.get(name)
        return Unknown(f"there is no setting {name}", self._span) if setting is None else setting.value

    def known(self, name: str) -> object:
        """The value of a setting where it is written down, None otherwise."""
        value = self.value(name)
        return value.value if isinstance(value, Known) else None

    def saying(self, name: str, *sources: SettingSource) -> Settings:
        """The same with stronger sources for one setting."""
        return self.copy({**self._said, name: (*self._said.get(name, ()), *sources)})

    def replacing(self, setting: Setting) -> Settings:
        """The same with other places for one setting."""
        return self.copy({**self._said, setting.name: setting.sources})

    def copy(self, said: Mapping[str, tuple[SettingSource, ...]] | None = None, doubt: str | None = None) -> Settings:
        """The same with other sources, or with a reason to doubt the defaults."""
        made = Settings("", self._span, self._options.values(), self._said if said is None else said)
        made._origin, made.doubt = self._origin, doubt or self.doubt
        return made


def default_of(option: Option) -> object:
    """What holds for an option that nobody mentions."""
    if option.default == "none":
        return None
    if option.default is not None:
        text = option.default
        return (text,) if option.kind == "list" else _converted(option.kind, text)
    if option.kind in ("flag", "switch", "attached"):
        return False
    return () if option.kind in ("list", "many") else None


class _Invalid(Exception):
    """A text is not what its option takes."""


_YES = frozenset("1 true t yes y on".split())
_NO = frozenset("0 false f no n off".split())
_DURATION = regex(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def _converted(kind: str, text: str) -> object:
    stripped = text.strip()
    if kind == "int":
        try:
            # Gunicorn and Click differ on `0x10` and `1_0`: neither is written in practice.
            return int(stripped)
        except ValueError:
            raise _Invalid(f"'{text}' is not a whole number") from None
    if kind == "float":
        try:
            return float(stripped)
        except ValueError:
            raise _Invalid(f"'{text}' is not a number") from None
    lowered = stripped.lower()
    if kind == "attached":
        return lowered in _YES if lowered in _YES | _NO else text
    if kind in ("flag", "switch", "bool", "off"):
        if lowered not in _YES | _NO:
            raise _Invalid(f"'{text}' is neither true nor false")
        return (lowered in _YES) != (kind == "off")
    if kind == "duration":
        parts = _DURATION.fullmatch(stripped)
        if stripped.isdigit():
            return int(stripped)
        if not stripped or parts is None:
            raise _Invalid(f"'{text}' is not a duration")
        return sum(int(part or 0) * unit for part, unit in zip(parts.groups(), (86400, 3600, 60, 1), strict=True))
    return text


def mapped(value: Value[str], convert: Callable[[str], object]) -> Value[object]:
    """A text made into something else; unknown, with the reason, where it cannot be."""
    try:
        if isinstance(value, Known):
            return Known(convert(value.value), value.span)
        if isinstance(value, EnvDriven):
            default = None if value.default is None else convert(value.default)
            return value.with_default(default)
    except _Invalid as problem:
        return Unknown(str(problem), value.span)
    return value


def as_text(value: Value[object]) -> Value[str]:
    """A value as text."""
    if isinstance(value, Known):
        return Known(str(value.value), value.span)
    if isinstance(value, EnvDriven):
        return value.with_default(None if value.default is None else str(value.default))
    return value


def converted(kind: str, value: Value[str]) -> Value[object]:
    """The value that a text stands for, by the kind of its option."""
    return mapped(value, lambda text: _converted(kind, text))


def text_of(word: Word, lookup: Lookup) -> Value[str]:
    """The text of a word once its variables are replaced; a lone `$NAME` that may be set outside stays EnvDriven."""
    part = word.parts[0] if len(word.parts) == 1 else None
    if isinstance(part, Expansion) and not part.operator:
        value = asked(part, lookup)
        if isinstance(value, EnvDriven):
            return replace(value, span=word.span)
    return word_value(word, lookup)


def from_variable(variable: str, lookup: Lookup, kind: str, default: object, span: Span) -> Value[object]:
    """What a default that reads an environment variable comes to."""
    value = lookup(variable)
    if value is None:
        return Known(default, span)
    if isinstance(value, EnvDriven) and value.default is None:
        return EnvDriven(value.name, default, span, form=value.form)
    return converted(kind, value)


def joined(values: Iterable[Value[object]], span: Span) -> Value[object]:
    """Several values as one tuple: known when all are, driven when one variable drives what is not known."""
    items: list[object] = []
    driven: set[str] = set()
    forms: list[str | None] = []
    is_open = False
    for value in values:
        if isinstance(value, Known):
            items.append(value.value)
        elif isinstance(value, EnvDriven):
            driven.add(value.name)
            forms.append(value.form)
            is_open = is_open or value.default is None
            items.append(value.default)
        else:
            return value
    if not driven:
        return Known(tuple(items), span)
    if len(driven) > 1:
        return Unknown(f"{', '.join(f'${name}' for name in sorted(driven))} decide", span)
    return EnvDriven(driven.pop(), None if is_open else tuple(items), span, form=forms[0] if len(items) == 1 else None)
