"""Three values, never a guess: what is written, what the environment decides, what nobody here can know."""

from __future__ import annotations

from enum import Enum
from typing import Generic, TypeVar

from prodlint.record import Record
from prodlint.source import Span

__all__ = [
    "NO",
    "UNKNOWN",
    "YES",
    "Answer",
    "Bounded",
    "EnvDriven",
    "Formed",
    "JointlyDriven",
    "Known",
    "OnlyWhenSet",
    "PerCpu",
    "PerProcess",
    "Proposed",
    "Reading",
    "Unknown",
    "Value",
    "answer",
    "is_several",
    "per_cpu",
    "unless",
]

T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")


class Answer(Enum):
    """The answer to a question about the model. Compare with `is`; an unknown one has no truth value."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        if self is Answer.UNKNOWN:
            raise TypeError("the answer is UNKNOWN: compare it with `is YES` or `is NO`")
        return self is Answer.YES

    def __and__(self, other: Answer) -> Answer:
        if Answer.NO in (self, other):
            return Answer.NO
        return Answer.UNKNOWN if Answer.UNKNOWN in (self, other) else Answer.YES

    def __or__(self, other: Answer) -> Answer:
        if Answer.YES in (self, other):
            return Answer.YES
        return Answer.UNKNOWN if Answer.UNKNOWN in (self, other) else Answer.NO

    def __invert__(self) -> Answer:
        return {Answer.YES: Answer.NO, Answer.NO: Answer.YES, Answer.UNKNOWN: Answer.UNKNOWN}[self]


YES = Answer.YES
NO = Answer.NO
UNKNOWN = Answer.UNKNOWN


def answer(truth: bool) -> Answer:
    """YES or NO for something that is known."""
    return YES if truth else NO


class Known(Record, Generic[T_co]):
    """A value that is written down, and where."""

    value: T_co
    span: Span


class Reading(Enum):
    """What is taken of a variable without being cast: its text, or whether that is empty (`bool()` of it).

    Either is true for every text but the empty one.
    """

    TEXT = "text"
    TRUTH = "truth"


class EnvDriven(Record, Generic[T_co]):
    """A value that an environment variable decides; `default` holds when the variable is not set.

    `is_required` says that the code which reads it fails then. `form` is what holds when it is set, with
    `$NAME` where its value goes (`http://$NAME/`): empty where that is the variable and nothing else, None
    where the variable only has a say in it. `reading` tells what code takes of it as it is, None where it makes
    something of it or nobody knows, and `read_at` where.
    """

    name: str
    default: T_co | None
    span: Span
    is_required: bool = False
    form: str | None = ""
    reading: Reading | None = None
    read_at: Span | None = None

    @property
    def is_variable(self) -> bool:
        """Whether it is what the variable says, as a text or as what the text stands for."""
        return self.form == ""

    def with_default(self, default: U | None) -> EnvDriven[U]:
        """The same where the variable stands for something else: its text as a number."""
        return EnvDriven(self.name, default, self.span, self.is_required, self.form)


class Unknown(Record):
    """A value that the repository does not tell, and why it does not."""

    reason: str
    span: Span | None = None

    def __bool__(self) -> bool:
        raise TypeError(f"the value is unknown ({self.reason}): ask isinstance(value, Known)")


class Bounded(Unknown):
    """A number that something outside decides, but not without limits.

    `least` is what it is never below, `most` what it is never above, None where nothing says so.
    """

    least: float = 0
    most: float | None = None


class PerCpu(Bounded):
    """A number that is computed from the CPUs of the machine.

    `formula` is for people: `CPUs × 2 + 1`. `least` is what it comes to on one CPU.
    """

    formula: str = "CPUs"

    def __str__(self) -> str:
        return self.formula


class PerProcess(Unknown):
    """A value that each process makes for itself, another one every time.

    `maker` is what makes it (`secrets.token_hex`), `made` where that is called.
    """

    maker: str = ""
    made: Span | None = None

    def __str__(self) -> str:
        return f"a new one by {self.maker}()"


class Formed(Unknown):
    """A text that is known but for variables: `form` has `$NAME` where the value of each goes (`https://$DOMAIN`)."""

    form: str = ""
    names: tuple[str, ...] = ()


class OnlyWhenSet(Unknown):
    """Something that is not there at all unless a variable is set."""

    name: str = ""


class Proposed(Unknown):
    """The value of a variable that a file only proposes: it may be another one, or not set at all."""


class JointlyDriven(Unknown):
    """Something that several variables decide; `default` holds when none of `names` is set."""

    names: tuple[str, ...] = ()
    default: object = None


def is_several(number: Value[int]) -> Answer:
    """Whether a number is more than one; UNKNOWN where that depends on what is not known."""
    if isinstance(number, Known):
        return answer(number.value > 1)
    if not isinstance(number, Bounded):
        return UNKNOWN
    if number.least >= 2:
        return YES
    return NO if number.most is not None and number.most < 2 else UNKNOWN


def per_cpu(formula: str = "CPUs", least: float = 1, most: float | None = None, span: Span | None = None) -> PerCpu:
    """A number that is computed from the CPUs of the machine."""
    return PerCpu(f"{formula}, which the machine decides", span, least, most, formula)


def unless(text: str, names: tuple[str, ...]) -> str:
    """A value, and the variables that may make another one of it."""
    shown = [f"${name}" for name in names]
    return f"{text}, unless {' or '.join([', '.join(shown[:-1]), *shown[-1:]]).removeprefix(' or ')} changes it"


Value = Known[T_co] | EnvDriven[T_co] | Unknown
