"""The environment variables of one service: every place that sets one, laid over one another as its platform does.

Precedence: the catalogue's configuration page, 2.1 and 2.2, and container page, 2.10 (measured with compose-go).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from prodlint.deployment.command import Link
from prodlint.deployment.condition import OUTSIDE, from_outside, word_value
from prodlint.deployment.image import Image
from prodlint.deployment.images.base import base_brings_servers
from prodlint.deployment.memo import per_repository
from prodlint.deployment.process import EnvDefinition, EnvFile, Platform, Process
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Known, Proposed, Unknown, Value
from prodlint.deployment.variables.platform import HAS_A_PANEL, IS_CLOSED, injected
from prodlint.deployment.variables.secret import is_secret_name, masked
from prodlint.deployment.variables.table import Definition, Variables, placed
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.source import Span, SyntaxProblem
from prodlint.syntax.env_dialect import Dialect
from prodlint.syntax.word import Expansion

__all__ = [
    "OUTSIDE",
    "Definition",
    "Variables",
    "is_secret_name",
    "masked",
    "reads_in",
    "variables_of",
]

if TYPE_CHECKING:
    from prodlint.deployment.variables.env_read import EnvRead
    from prodlint.syntax.dotenv_dialects import EnvLine

# In compose and docker a name without a value is handed on from the shell, and may not be set there.
_PASSES_ON = (Platform.COMPOSE, Platform.DOCKER, Platform.SYSTEMD, Platform.SUPERVISOR)
# A line that the author of a sample leaves to others to switch on.
_COMMENTED = regex(r"(?m)^[ \t]*#[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=")
_ORIGINS = {
    Platform.COMPOSE: "environment of {name} in {path}",
    Platform.KUBERNETES: "env of {name} in {path}",
    Platform.RENDER: "envVars of {name} in {path}",
    Platform.SYSTEMD: "Environment in {path}",
    Platform.APP_ENGINE: "env_variables in {path}",
    Platform.FLY: "[env] in {path}",
    Platform.SUPERVISOR: "environment of {name} in {path}",
    Platform.CLOUD_FOUNDRY: "env of {name} in {path}",
}


def reads_in(repository: Repository, path: str) -> tuple[EnvRead, ...]:
    """The variables that a Python file reads (`variables.reads`, which most runs have no need to load)."""
    from prodlint.deployment.variables.reads import reads_in as found_in

    return found_in(repository, path)


def variables_of(process: Process, image: Image | None, repository: Repository) -> Variables:
    """The merged environment of a process, in the precedence of its platform."""
    found = Variables(is_open=NO).over(_of_image(process, image))
    found = found.over(
        Definition(name, value, process.span, f"set by {process.platform.value}", by_platform=True)
        for name, value in injected(process)
    )
    is_service = process.platform is Platform.SYSTEMD
    # systemd lays its files over what the unit says, everyone else the other way round.
    found = found if is_service else _with_files(found, process, repository)
    found = found.over(_declared(process, found))
    found = _with_files(found, process, repository) if is_service else found
    links = process.setting("enableServiceLinks")
    forbidden = isinstance(links, Known) and links.value == "false"
    found = replace(found, has_service_links=process.platform is Platform.KUBERNETES and not forbidden)
    return _with_openings(found, process, image)


def _of_image(process: Process, image: Image | None) -> Iterator[Definition]:
    """ENV of the image; a default of ARG holds where the build is given no other, as compose files tell."""
    build = process.build
    words = [one.value for one in (build.arguments if build is not None else ()) if one.value is not None]
    given = {part.name for word in words for part in word.parts if isinstance(part, Expansion)}
    for name, value in image.variables.items() if image is not None else ():
        certain = process.platform is Platform.COMPOSE and isinstance(value, EnvDriven) and value.name not in given
        if certain and isinstance(value, EnvDriven) and value.default is not None:
            value = Known(value.default, value.span)
        span = value.span or process.span
        yield Definition(name, value, span, f"ENV in {span.path}")


def _declared(process: Process, below: Variables) -> Iterator[Definition]:
    pattern = _ORIGINS.get(process.platform, "variables of {name} in {path}")
    earlier: dict[str, Value[str]] = {}
    for one in process.variables:
        value, sets = _value_of(one, process, below, earlier)
        earlier[one.name] = value
        origin = pattern.format(name=process.name, path=one.span.path)
        is_given = one.value is None
        yield Definition(one.name, value, one.span, origin, sets, one.is_secret, is_given=is_given)


def _value_of(
    one: EnvDefinition, process: Process, below: Variables, earlier: Mapping[str, Value[str]]
) -> tuple[Value[str], Answer]:
    if one.given is not None:
        return placed(one.given, one.span), UNKNOWN if isinstance(one.given, Proposed) else YES
    if one.value is None:
        if process.platform in _PASSES_ON:
            return EnvDriven(one.name, None, one.span), UNKNOWN
        return Unknown(OUTSIDE, one.span), YES

    def lookup(name: str) -> Value[str] | None:
        if process.platform is not Platform.KUBERNETES:
            return from_outside(name)
        if name in earlier:
            return earlier[name]
        return below.get(name) if name in below.by_name else from_outside(name)

    return placed(word_value(one.value, lookup), one.span), YES


def _with_files(below: Variables, process: Process, repository: Repository) -> Variables:
    found = below
    for file in process.env_files:
        try:
            read = _of_sample if file.stands_for else _of_file
            definitions = tuple(read(file, process, found, repository))
        except SyntaxProblem as problem:
            found = found.opened(UNKNOWN, Link(problem.span, f"{file.path} cannot be read: {problem.message}"))
            continue
        found = found.over(definitions)
        if not file.certain:
            found = found.opened(YES, Link(file.span, f"takes variables from {file.path} or another file"))
    return found


@per_repository
def _lines_of(repository: Repository, path: str, dialect: Dialect) -> tuple[EnvLine, ...] | None:
    """What stands in a file, which several services may share; None where it is not a text."""
    from prodlint.syntax.dotenv_dialects import read_env_file

    source = repository.source(path)
    return None if source is None else read_env_file(source, dialect)


def _of_file(file: EnvFile, process: Process, below: Variables, repository: Repository) -> Iterator[Definition]:
    lines = _lines_of(repository, file.path, file.dialect)
    if lines is None:
        raise SyntaxProblem("it is not a text", file.span)
    shell = {one.name: one.given for one in file.given if one.given is not None}
    given = {one.name: one.value for one in file.given if one.value is not None}
    own = {one.name: one.value for one in process.variables if one.value is not None}
    earlier: dict[str, Value[str]] = {}

    def lookup(name: str) -> Value[str] | None:
        """The shell first, then compose's `.env`, then what the service sets, then earlier lines of its files."""
        if name in shell:
            return shell[name]
        for words in (given, own):
            if name in words:
                return _or_outside(name, word_value(words[name], from_outside))
        if name in earlier:
            return _or_outside(name, earlier[name])
        return _or_outside(name, below.get(name)) if name in below.by_name else from_outside(name)

    origin = {Dialect.SYSTEMD: "EnvironmentFile"}.get(file.dialect, "env_file")
    for line in lines:
        if line.value is not None:
            value, sets = placed(word_value(line.value, lookup), line.span), YES
        else:
            # Left as it was where the shell does not set it.
            found = lookup(line.name)
            kept = found if line.name in shell else _or_outside(line.name, found)
            value = from_outside(line.name) if kept is None else kept
            sets = YES if line.name in (*shell, *earlier) or below.is_set(line.name) is YES else UNKNOWN
        value = value if file.certain else _uncertain(line.name, value, line.span)
        earlier[line.name] = value
        yield Definition(line.name, value, line.span, f"{origin} {file.path}", sets if file.certain else UNKNOWN)


def _of_sample(file: EnvFile, process: Process, below: Variables, repository: Repository) -> Iterator[Definition]:
    """The variables that a file of the host sets, by the sample of it that is committed."""
    origin = f"env_file {file.stands_for}, as {file.path} shows"
    for one in _of_file(file, process, below, repository):
        yield Definition(one.name, Unknown(OUTSIDE, one.span), one.span, origin)
    source = repository.source(file.path)
    for name in _COMMENTED.finditer(source.text) if source is not None else ():
        yield Definition(name[1], Unknown(OUTSIDE, file.span), file.span, origin, UNKNOWN)


def _or_outside(name: str, value: Value[str] | None) -> Value[str] | None:
    """A value unless the shell outside sets the variable itself."""
    return EnvDriven(name, value.value, value.span) if isinstance(value, Known) else value


def _uncertain(name: str, value: Value[str], span: Span) -> Value[str]:
    return EnvDriven(name, value.value, span) if isinstance(value, Known) else value


def _with_openings(found: Variables, process: Process, image: Image | None) -> Variables:
    """Where more may be set: a panel, files that are not in the repository, an outside image."""
    platform = process.platform
    if process.variables_from:
        found = found.opened(YES, *process.variables_from)
    if platform in HAS_A_PANEL:
        return found.opened(YES, Link(process.span, f"{platform.value} may set more variables"))
    if platform is Platform.DOCKER:
        return found.opened(YES, Link(process.span, "whoever runs the image may set more variables"))
    if platform not in IS_CLOSED or not process.complete:
        found = found.opened(UNKNOWN, Link(process.span, "may be given more variables than the file says"))
    base = image.base if image is not None else process.image
    if platform in (Platform.SYSTEMD, Platform.APP_ENGINE, Platform.LAMBDA) and image is None and base is None:
        return found
    if base != "scratch" and base_brings_servers(base) is not NO:
        named = base or (image.path if image is not None else process.name)
        found = found.opened(UNKNOWN, Link(process.span, f"the image {named} may set more variables"))
    return found
