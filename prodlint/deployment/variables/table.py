"""The variables that a program finds: every place that sets one, laid over one another, and whether more may be set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prodlint.deployment.command import Link, Step
from prodlint.deployment.commands.wrappers import Unwrapped
from prodlint.deployment.condition import from_outside, word_value
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Formed, Known, Unknown, Value
from prodlint.deployment.variables.secret import MASK, is_secret_name, masked, masked_form, names_a_place
from prodlint.record import Record, field, replace
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["Definition", "Variables", "placed"]

# What an engine, a shell, or the Python of an official image sets without being asked.
_AROUND = frozenset(
    "PATH HOME HOSTNAME PWD OLDPWD SHLVL USER LOGNAME SHELL TERM LANG TZ _ UID EUID PPID IFS RANDOM SECONDS LINENO "
    "BASH BASHOPTS BASHPID BASH_ENV BASH_SOURCE BASH_VERSION BASH_VERSINFO BASH_LINENO BASH_COMMAND BASH_SUBSHELL "
    "FUNCNAME REPLY OPTARG OPTIND OPTERR PIPESTATUS SHELLOPTS HOSTTYPE MACHTYPE OSTYPE COLUMNS LINES GROUPS PS1 "
    "PS2 PS4 EPOCHSECONDS EPOCHREALTIME SRANDOM DIRSTACK "
    "GPG_KEY PYTHON_VERSION PYTHON_SHA256 PYTHON_PIP_VERSION PYTHON_SETUPTOOLS_VERSION PYTHON_GET_PIP_URL "
    "PYTHON_GET_PIP_SHA256 container".split()
)
# What Kubernetes sets for each Service beside a pod, unless the pod forbids it.
_SERVICE_LINK = regex(r"[A-Z][A-Z0-9_]*_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\w+)?)")


class Definition(Record):
    """One place that sets a variable: `origin` is how a user calls it (`ENV in Dockerfile`).

    An EnvDriven value speaks of variables outside of the service: of the shell that runs compose, of a
    platform's panel. `sets` is UNKNOWN where the variable may be left unset: a name that is handed on.
    """

    name: str
    value: Value[str]
    span: Span
    origin: str
    sets: Answer = YES
    is_secret: bool = False
    by_platform: bool = False
    is_given: bool = False


class Variables(Record):
    """What a service finds in its environment.

    `by_name` holds the definitions of each variable, the weakest first: the last decides. `is_open` tells
    whether more may be set from outside of the repository, and `openings` where.
    """

    by_name: Mapping[str, tuple[Definition, ...]] = field(default_factory=dict)
    is_open: Answer = YES
    openings: tuple[Link, ...] = ()
    has_service_links: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The variables that something sets, in the order of their names."""
        return tuple(sorted(self.by_name))

    def definitions(self, name: str) -> tuple[Definition, ...]:
        """Every place that sets a variable, the weakest first."""
        return self.by_name.get(name, ())

    def get(self, name: str) -> Value[str] | None:
        """The value of a variable: None when it is certainly not set."""
        found = self.by_name.get(name)
        if found:
            return found[-1].value
        return None if self.lacks(name) is YES else from_outside(name)

    @property
    def values(self) -> dict[str, Value[str]]:
        """The value of each variable that something sets."""
        return {name: found[-1].value for name, found in self.by_name.items()}

    def is_set(self, name: str) -> Answer:
        """Whether a variable is set to anything."""
        found = self.by_name.get(name)
        return found[-1].sets if found else ~self.lacks(name)

    def lacks(self, name: str) -> Answer:
        """Whether nothing sets a variable: YES only when the whole environment is known."""
        found = self.by_name.get(name)
        if found:
            return ~found[-1].sets
        if self.comes_by_itself(name):
            return UNKNOWN
        return YES if self.is_open is NO else UNKNOWN

    def comes_by_itself(self, name: str) -> bool:
        """Whether an engine, a shell or Kubernetes may set a variable without being asked."""
        return name in _AROUND or (self.has_service_links and _SERVICE_LINK.fullmatch(name) is not None)

    def is_secret(self, name: str) -> bool:
        """Whether a value must not be shown: by the name of its variable, or because its file keeps it as a secret."""
        if is_secret_name(name):
            return True
        return any(one.is_secret for one in self.definitions(name)) and not names_a_place(name)

    def shown(self, name: str) -> Value[str] | None:
        """The value as it may be printed."""
        value = self.get(name)
        return None if value is None else self.masked_value(name, value)

    def masked_value(self, name: str, value: Value[str]) -> Value[str]:
        """A value of a variable as it may be printed."""
        shown = "SECRET" if self.is_secret(name) else name
        if isinstance(value, Known):
            return replace(value, value=masked(shown, value.value))
        if isinstance(value, EnvDriven) and value.default is not None:
            form = masked_form(shown, value.form, value.name) if value.form else value.form
            return replace(value, default=masked(shown, value.default), form=None if form == MASK else form)
        if isinstance(value, Formed):
            form = value.form
            for one in value.names:
                form = masked_form(shown, form, one)
            return Unknown(value.reason, value.span) if MASK in form else replace(value, form=form)
        return value

    def over(self, definitions: Iterable[Definition]) -> Variables:
        """These variables with stronger definitions laid over them."""
        added: dict[str, list[Definition]] = {}
        for one in definitions:
            added.setdefault(one.name, []).append(one)
        changed = {name: (*self.by_name.get(name, ()), *found) for name, found in added.items()}
        return replace(self, by_name={**self.by_name, **changed})

    def opened(self, how: Answer, *links: Link) -> Variables:
        """These variables where more may be set."""
        return replace(self, is_open=self.is_open | how, openings=(*self.openings, *links))

    def seen_by(self, step: Step) -> Variables:
        """The variables of one program: what the command in front of it and the script around it export, too."""
        result = self.over(_assigned(step, self))
        if step.opened is not None:
            result = result.opened(UNKNOWN, step.opened)
        if Unwrapped((), step.layers).open_environment:
            return result.opened(YES, Link(step.span, "takes variables from a keeper of secrets"))
        return result


def placed(value: Value[str], span: Span) -> Value[str]:
    """A value that points at its definition where it came from nowhere."""
    return replace(value, span=span) if value.span is None or not value.span.path else value


def _assigned(step: Step, below: Variables) -> Iterator[Definition]:
    def lookup(name: str) -> Value[str] | None:
        # A name that nothing sets may be one of the script's own.
        return below.get(name) if name in below.by_name else from_outside(name)

    for name, word in step.environment.items():
        if word is None:
            value: Value[str] = Unknown("it is computed when it runs", step.span)
            yield Definition(name, value, step.span, _exported(step.span), UNKNOWN)
        else:
            value = placed(word_value(word, lookup), word.span)
            yield Definition(name, value, word.span, _exported(word.span))


def _exported(span: Span) -> str:
    return f"the command in {span.path}"
