"""Which compose files are merged together, and with which variables: as commands say, by themselves, by their names.

Source: the catalogue's container page, 2.10 (File sets, profiles), and Docker's "Set or change pre-defined
environment variables in Docker Compose" (COMPOSE_FILE, COMPOSE_PROFILES, COMPOSE_ENV_FILES).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping

from prodlint.deployment.command import Step
from prodlint.deployment.compose.builds import BuildArgument, build_arguments, perhaps_given
from prodlint.deployment.compose.files import ComposeFile
from prodlint.deployment.compose.interpolation import given_by
from prodlint.deployment.environment import Environment
from prodlint.deployment.filemap import absolute
from prodlint.deployment.pipeline import StepKind
from prodlint.deployment.process import EnvDefinition
from prodlint.deployment.releases.compose_start import ComposeStart
from prodlint.deployment.releases.release import PipelineStep, compose_files_of
from prodlint.deployment.releases.step_kind import plain_words
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import YES, EnvDriven, Known, Unknown
from prodlint.record import Record, replace
from prodlint.regex import regex

__all__ = ["ComposeSet", "compose_sets", "is_override"]

_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_STARTS = frozenset("up run pull create start".split())
# What makes containers, with the variables of its own shell.
_MAKES = frozenset(("up", "create", "stack deploy"))
# A command in a container of its own says nothing of what serves.
_RUNS_ONCE = frozenset("run exec config logs ps down stop".split())
# Words between `up` and the services that it names: options with a value.
_VALUED = frozenset("--scale -t --timeout --wait-timeout --pull --attach --no-attach --exit-code-from".split())

Named = Callable[[str], "Environment | None"]
"""What the settings or the name of a path say."""


class ComposeSet(Record):
    """Files that are merged, in order. `given` are the variables that compose finds in files of its own, and in the
    shell of the commands that make the containers.

    `profiles` are those that are asked for, None where nobody knows; `asked` the services that are. `arguments`
    are those that commands give to the builds, `commands` the steps of pipelines that start services of it, `touched`
    words of such steps that may name services which run, None where one of them may start any.
    """

    files: tuple[ComposeFile, ...]
    environment: Environment | None = None
    given: tuple[EnvDefinition, ...] = ()
    profiles: frozenset[str] | None = None
    asked: frozenset[str] = frozenset()
    arguments: tuple[BuildArgument, ...] = ()
    commands: tuple[ComposeStart, ...] = ()
    touched: frozenset[str] | None = None

    @property
    def group(self) -> str:
        """A name for the set."""
        return "+".join(file.path for file in self.files)

    def starts(self, name: str, profiles: tuple[str, ...]) -> bool:
        """Whether a service is started as far as its profiles are concerned."""
        if not profiles or self.profiles is None or name in self.asked or "*" in self.profiles:
            return True
        return not self.profiles.isdisjoint(profiles)


def is_override(path: str) -> bool:
    """Whether compose reads a file beside the default one without being asked."""
    return posixpath.splitext(posixpath.basename(path))[0] in ("compose.override", "docker-compose.override")


def compose_sets(
    compose: Mapping[str, ComposeFile], steps: Iterable[PipelineStep], named: Named, repository: Repository
) -> tuple[ComposeSet, ...]:
    """Files as the commands of pipelines and scripts name them, then the default set of each folder, then the rest."""
    if not compose:
        return ()
    found = _Sets(compose, named, repository)
    for step in steps:
        found.command(step)
    found.others()
    return tuple(found.as_commanded())


_REARRANGES = regex(r"\bCOMPOSE_FILE=|\b(?:cp|mv|ln|install)\b[^\n;&|]{0,300}compose\.override\.ya?ml\b")
_COPIES_ENV = regex(r"\b(?:cp|mv|ln|install)\b[^\n;&|]{0,300}\.env\b")
_LISTS = regex(rb"(?m)^(?:export )?COMPOSE_FILE=")


class _Sets:
    """The sets by the paths of their files."""

    def __init__(self, compose: Mapping[str, ComposeFile], named: Named, repository: Repository) -> None:
        self.compose = compose
        self.named = named
        self.repository = repository
        self.sets: dict[tuple[str, ...], ComposeSet] = {}
        self.started: set[tuple[str, ...]] = set()
        self.shells: dict[tuple[str, ...], dict[str, EnvDefinition]] = {}
        self.arguments: dict[tuple[str, ...], tuple[BuildArgument, ...]] = {}
        self.perhaps: tuple[BuildArgument, ...] = ()
        self.commands: dict[tuple[str, ...], list[ComposeStart]] = {}
        self.computed: list[PipelineStep] = []
        self.touched: dict[tuple[str, ...], list[Step]] = {}
        self.is_open = False
        self.included = {path for file in compose.values() for one in file.includes for path in one.paths}

    def command(self, found: PipelineStep) -> None:
        """The set that a step of a pipeline or script starts or builds."""
        step = found.step
        if "compose" not in found.written or found.environment is Environment.TEST:
            return
        if step is None:
            self.is_open = True
            return
        if "docker" not in step.program and "podman" not in step.program:
            return  # `ssh host "docker compose …"`: what it carries is a step of its own
        names = compose_files_of(step)
        verb = plain_words(step).partition("compose ")[2].partition(" ")[0]
        starts = verb in _STARTS
        built = build_arguments(found) if verb == "build" and found.environment is not Environment.DEVELOPMENT else ()
        if names is None:
            self.perhaps += tuple(perhaps_given(one, step.span) for one in built)
            self.computed.append(found)
            return
        if not names:
            names = tuple(name for name in _known(found, "COMPOSE_FILE").split(":") if name)
        if not names and self._is_rearranged(step):
            self.is_open = True
            return
        paths = tuple(path for path in (self._path(name, step) for name in names) if path is not None)
        if not names and (starts or built):
            paths = self._default_of(step)
        if found.environment is not Environment.DEVELOPMENT:
            self.touched.setdefault(paths or (() if names else self._default_of(step)), []).append(step)
        self.arguments[paths] = (*self.arguments.get(paths, ()), *built)
        if paths and (names or starts):
            self.commands.setdefault(paths, []).extend(self._start(found, paths))
            self._said(found, step, paths, verb)

    def _is_rearranged(self, step: Step) -> bool:
        """Whether the file in which a command stands chooses the default files of compose in a way that is not read.

        It writes COMPOSE_FILE for later, puts an override file beside the first one, or an `.env` that may list them.
        """
        written = step.span.source.text
        chooses = "COMPOSE_FILE=" in written or "compose.override" in written
        if chooses and _REARRANGES.search(written) is not None:
            return True
        if ".env" not in written or _COPIES_ENV.search(written) is None:
            return False
        names = [path for path in self.repository.paths if "env" in posixpath.basename(path)]
        return any(_LISTS.search(self.repository.data(path) or b"") is not None for path in names)

    def _said(self, found: PipelineStep, step: Step, paths: tuple[str, ...], verb: str) -> None:
        """What a command says of the set of some files: its environment, its variables, what it starts of it."""
        starts = verb in _STARTS
        before = self.sets.get(paths)
        is_production = found.environment is Environment.PRODUCTION and verb not in _RUNS_ONCE
        if before is not None and before.environment is Environment.PRODUCTION and not (is_production and starts):
            return
        made = self._set(paths, Environment.PRODUCTION if is_production else None)
        listed = _known(found, "COMPOSE_ENV_FILES").split(",")
        files = [name for name in (*_option(step, "--env-file"), *listed) if name]
        if files:
            held = tuple(path for path in (self._file(name, step) for name in files) if path is not None)
            made = replace(made, given=given_by(held, self.repository))
        if is_production and (verb in _MAKES or "stack deploy" in plain_words(step)):
            shell = {one.name: one for one in _of_shell(found)}
            self.shells[paths] = _shared(self.shells[paths], shell) if paths in self.shells else shell
        if not starts or not is_production:
            self.sets[paths] = made
            return
        profiles, asked = _profiles(found, step, made.given), _asked(step)
        if before is not None and before.environment is Environment.PRODUCTION and paths in self.started:
            profiles = None if profiles is None or before.profiles is None else profiles | before.profiles
            asked |= before.asked
        self.started.add(paths)
        self.sets[paths] = replace(made, profiles=profiles, asked=asked)

    def _start(self, found: PipelineStep, paths: tuple[str, ...]) -> Iterator[ComposeStart]:
        """What a step starts of the set of some files, if it is one that starts services where they serve."""
        from prodlint.deployment.compose.starts import started_by

        said = started_by(found.step) if found.step is not None and found.kind is StepKind.DEPLOY else None
        if found.step is not None and said is not None:
            profiles = _profiles(found, found.step, self.compose[paths[0]].given)
            yield ComposeStart(found, "+".join(paths), said[0], profiles, said[1])

    def as_commanded(self) -> Iterator[ComposeSet]:
        """The sets, each with what the shells of its commands set, what they give to builds and what they start."""
        from prodlint.deployment.compose.starts import may_name

        for paths, one in self.sets.items():
            commands = [*self.commands.get(paths, ())]
            for found in self.computed:
                if found.step is not None and may_name(found.step, paths):
                    commands += self._start(found, paths)
            one = replace(one, commands=tuple(commands), touched=self._touched(paths)) if commands else one
            shell = self.shells.get(paths)
            is_for_desks = any(self.named(path) in (Environment.DEVELOPMENT, Environment.TEST) for path in paths)
            given = (*(() if is_for_desks else self.perhaps), *self.arguments.get(paths, ()))
            one = replace(one, arguments=given) if given else one
            yield one if not shell else replace(one, given=(*one.given, *shell.values()))

    def _touched(self, paths: tuple[str, ...]) -> frozenset[str] | None:
        """Words that may name services of a set which run; None where a command may start any of them."""
        from prodlint.deployment.compose.starts import may_name, touched_by

        computed = [one.step for one in self.computed if one.step is not None and may_name(one.step, paths)]
        found = [touched_by(step) for step in (*self.touched.get(paths, ()), *computed)]
        return None if self.is_open or None in found else frozenset(name for names in found for name in names or ())

    def others(self) -> None:
        """The sets that no command names."""
        in_production = {
            path for paths, one in self.sets.items() for path in paths if one.environment is Environment.PRODUCTION
        }
        folders = {folder: self._default(folder) for folder in dict.fromkeys(map(posixpath.dirname, self.compose))}
        folders.setdefault("", self._default(""))
        root = folders.pop("")
        if root and root not in self.sets:
            self.sets[root] = self._set(root, None)
        for paths in folders.values():
            if len(paths) > 1 and paths not in self.sets:
                self.sets[paths] = self._set(paths, self.named(paths[-1]))
        defaults = {path for paths in (root, *(one for one in folders.values() if len(one) > 1)) for path in paths}
        extended = {path for file in self.compose.values() for one in file.services for path in one.bases}
        for path, file in self.compose.items():
            if path in in_production or (path,) in self.sets:
                continue
            if path in extended and path not in defaults and file.is_layer:
                # Compose refuses to start a service without an image: the file is there to be extended.
                continue
            if path in self.included and self.named(path) is not Environment.PRODUCTION:
                continue
            base = self._base_of(path)
            if file.is_layer and base is not None:
                self.sets[base, path] = self._set((base, path), self.named(path))
            elif path not in defaults:
                self.sets[path,] = self._set((path,), self.named(path))

    def _set(self, paths: tuple[str, ...], environment: Environment | None) -> ComposeSet:
        files = tuple(self.compose[path] for path in paths)
        return ComposeSet(files, environment, files[0].given)

    def _path(self, name: str, step: Step) -> str | None:
        path = absolute(name, step.directory or "/")
        candidate = path.lstrip("/") if path else None
        if candidate in self.compose:
            return candidate
        base = posixpath.basename(name)
        found = [one for one in self.compose if posixpath.basename(one) == base]
        if len(found) > 1:
            # On a machine where the checkout lies anywhere, what is written is the end of a path.
            found = [one for one in found if f"/{one}".endswith(f"/{normal_path(name)}")]
        return found[0] if len(found) == 1 else None

    def _file(self, name: str, step: Step) -> str | None:
        """A file of variables that a command names, where it is one of the repository."""
        path = absolute(name, step.directory or "/")
        candidate = path.lstrip("/") if path else None
        return candidate if candidate in self.repository.paths else None

    def _default_of(self, step: Step) -> tuple[str, ...]:
        """What compose reads by itself: in the folder where it is started, else in the first above that has any."""
        folder = (step.directory or "/").strip("/")
        while folder:
            found = self._default(folder)
            if found:
                return found
            folder = posixpath.dirname(folder)
        return self._default("")

    def _default(self, folder: str) -> tuple[str, ...]:
        """The files that COMPOSE_FILE in the `.env` of a folder lists, else the first of the default names."""
        given = given_by((normal_path(folder, ".env"),), self.repository)
        separator = "".join(_values(given, "COMPOSE_PATH_SEPARATOR")) or ":"
        for listed in _values(given, "COMPOSE_FILE"):
            paths = tuple(normal_path(folder, name) for name in listed.split(separator) if name)
            if paths and all(path in self.compose for path in paths):
                return paths
        for name in _NAMES:
            if (path := normal_path(folder, name)) in self.compose:
                return (path,)
        return ()

    def _base_of(self, path: str) -> str | None:
        folder = posixpath.dirname(path)
        candidates = (normal_path(folder, name) for name in _NAMES)
        return next((one for one in candidates if one in self.compose and one != path), None)


def _values(given: Iterable[EnvDefinition], name: str) -> Iterator[str]:
    for one in given:
        if one.name == name and one.value is not None and one.value.literal:
            yield one.value.literal


def _listed(given: Iterable[EnvDefinition], name: str) -> frozenset[str]:
    return frozenset(part.strip() for value in _values(given, name) for part in value.split(",") if part.strip())


def _known(found: PipelineStep, name: str) -> str:
    value = found.variables.get(name)
    return value.value if isinstance(value, Known) else ""


def _of_shell(found: PipelineStep) -> Iterator[EnvDefinition]:
    """The variables that a command certainly finds set: those of its pipeline, its script and its own line."""
    for name, held in found.variables.by_name.items():
        last = held[-1]
        passed_on = isinstance(last.value, EnvDriven) and last.value.name == name and last.value.default is None
        if last.sets is YES and not passed_on:
            yield EnvDefinition(name, None, last.span, given=last.value)


def _shared(one: Mapping[str, EnvDefinition], other: Mapping[str, EnvDefinition]) -> dict[str, EnvDefinition]:
    """What two shells set, as far as both do; not known where they disagree."""
    both = {name: (found, other[name]) for name, found in one.items() if name in other}
    return {
        name: left
        if _said(left) == _said(right)
        else replace(left, given=Unknown("several commands set it to different values", left.span))
        for name, (left, right) in both.items()
    }


def _said(one: EnvDefinition) -> object:
    value = one.given
    return value.value if isinstance(value, Known) else value.reason if isinstance(value, Unknown) else value


def _option(step: Step, name: str) -> Iterator[str]:
    words = step.argv[1:]
    for index, word in enumerate(words):
        value = word.literal or ""
        if value == name and index + 1 < len(words):
            yield words[index + 1].literal or ""
        elif value.startswith(f"{name}="):
            yield value.partition("=")[2]


def _profiles(found: PipelineStep, step: Step, given: Iterable[EnvDefinition]) -> frozenset[str] | None:
    """The profiles that a command asks for, None where a word of it or a variable is computed."""
    held = found.variables.get("COMPOSE_PROFILES") if "COMPOSE_PROFILES" in found.variables.by_name else None
    if any(word.literal is None for word in step.argv[1:]) or not (held is None or isinstance(held, Known)):
        return None
    listed = held.value.split(",") if held is not None else ()
    asked = (*_option(step, "--profile"), *(name.strip() for name in listed))
    return frozenset(name for name in asked if name) | _listed(given, "COMPOSE_PROFILES")


def _asked(step: Step) -> frozenset[str]:
    """The services that stand behind the verb."""
    words = [word.literal or "" for word in step.argv[1:]]
    at = next((index for index, word in enumerate(words) if word in _STARTS), len(words))
    found = set()
    skip = False
    for word in words[at + 1 :]:
        if not skip and not word.startswith("-"):
            found.add(word)
        skip = word in _VALUED
    return frozenset(found)
