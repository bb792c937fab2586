"""The image that a Dockerfile builds: what it starts, where its files come from, what it installs.

Effects of the instructions: the catalogue's container page, 2.4 to 2.7 (measured with BuildKit).
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from prodlint.deployment.command import CommandLine, Link, Step, exec_form, shell_form
from prodlint.deployment.condition import word_value
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.execution import Place, execute
from prodlint.deployment.filemap import FileMap, Placement, absolute
from prodlint.deployment.process import Build
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import NO, UNKNOWN, Answer, EnvDriven, Known, Value
from prodlint.source import Span
from prodlint.syntax.dockerfile import Dockerfile, Instruction
from prodlint.syntax.word import Word

__all__ = ["BuildStep", "Image", "base_brings_servers", "build_image"]

_OFFICIAL = re.compile(
    r"^(docker\.io/)?(library/|public\.ecr\.aws/docker/library/|mirror\.gcr\.io/(library/)?)?"
    r"(python|debian|ubuntu|alpine|buildpack-deps|pypy|amazonlinux|rockylinux|almalinux)(:|@|$)"
)
_EMPTY = re.compile(
    r"^(scratch$|ghcr\.io/astral-sh/uv|astral/uv|gcr\.io/distroless/python3|cgr\.dev/chainguard/python)"
)


@dataclass(frozen=True, slots=True)
class BuildStep:
    """A program that a RUN of the production closure starts, with the files that it sees."""

    step: Step
    files: FileMap
    stage: str


@dataclass(frozen=True, slots=True)
class Image:
    """What one build makes. `base` is the outside image below it, None when it is computed."""

    path: str
    span: Span
    stage: str
    base: str | None
    context: str | None
    entrypoint: CommandLine | None = None
    command: CommandLine | None = None
    directory: str | None = "/"
    variables: Mapping[str, Value[str]] = field(default_factory=dict)
    files: FileMap = field(default_factory=FileMap)
    steps: tuple[BuildStep, ...] = ()
    unread: tuple[Link, ...] = ()

    @property
    def place(self) -> Place:
        """Where its start command runs."""
        return Place(self.files, self.directory, self.variables)

    @property
    def environment(self) -> Environment | None:
        """What its stage or its file says of production by name."""
        return environment_of(self.stage) if self.stage and environment_of(self.stage) else environment_of(self.path)

    @property
    def base_brings_servers(self) -> Answer:
        """Whether the outside image may hold an application server already."""
        return base_brings_servers(self.base)


def base_brings_servers(base: str | None) -> Answer:
    """NO for images of which it is known that they hold no Python server, else UNKNOWN (container page, 2.8)."""
    if base is None:
        return UNKNOWN
    return NO if _OFFICIAL.match(base) or _EMPTY.match(base) else UNKNOWN


@dataclass(frozen=True, slots=True)
class _Stage:
    """The state at one point of a stage."""

    name: str
    span: Span
    base: str | None
    entrypoint: CommandLine | None = None
    command: CommandLine | None = None
    own_command: bool = False
    directory: str | None = "/"
    variables: dict[str, Value[str]] = field(default_factory=dict)
    arguments: dict[str, Value[str]] = field(default_factory=dict)
    files: FileMap = field(default_factory=FileMap)
    steps: tuple[BuildStep, ...] = ()
    unread: tuple[Link, ...] = ()


def build_image(repository: Repository, build: Build) -> Image | None:
    """The image of a build, None when there is no such Dockerfile or stage."""
    document = repository.dockerfile(build.dockerfile) if build.dockerfile is not None else None
    if document is None or build.dockerfile is None:
        return None
    context = build.context if build.context is not None else context_of(repository, document)
    reader = _Reader(repository, document, context, build)
    stage = reader.stage(build.target)
    if stage is None:
        return None
    return Image(
        path=build.dockerfile,
        span=stage.span,
        stage=stage.name,
        base=stage.base,
        context=context,
        entrypoint=stage.entrypoint,
        command=stage.command,
        directory=stage.directory,
        variables=stage.variables,
        files=stage.files,
        steps=stage.steps,
        unread=stage.unread,
    )


def context_of(repository: Repository, document: Dockerfile) -> str | None:
    """The build context of a Dockerfile that nobody names: the folder that explains its COPY sources."""
    sources = [
        word.literal
        for instruction in document.instructions
        if instruction.keyword in ("COPY", "ADD") and not any(flag.name == "from" for flag in instruction.flags)
        for word in (instruction.json or instruction.words)[:-1]
        if word.literal and not re.match(r"[a-z]+://|git@", word.literal)
    ]
    folder = posixpath.dirname(document.source.path)
    for candidate in dict.fromkeys((folder, "")):
        if all(_exists(repository, candidate, source) for source in sources):
            return candidate
    return None


def _exists(repository: Repository, folder: str, source: str) -> bool:
    path = normal_path(folder, source.lstrip("/"))
    if path in repository.paths or path in repository.folders:
        return True
    return any(character in source for character in "*?[") and bool(_globbed(repository, path))


def _globbed(repository: Repository, pattern: str) -> list[str]:
    folder = posixpath.dirname(pattern)
    names = [*repository.paths, *repository.folders]
    return [name for name in names if posixpath.dirname(name) == folder and fnmatch.fnmatchcase(name, pattern)]


class _Reader:
    """Reads the stages of one Dockerfile for one build."""

    def __init__(self, repository: Repository, document: Dockerfile, context: str | None, build: Build) -> None:
        self.repository = repository
        self.context = context
        self.globals: dict[str, Value[str]] = {}
        self.given = {one.name: one for one in build.arguments}
        self.bodies: list[tuple[Instruction, list[Instruction]]] = []
        self.states: dict[int, _Stage] = {}
        for instruction in document.instructions:
            if instruction.keyword == "FROM":
                self.bodies.append((instruction, []))
            elif self.bodies:
                self.bodies[-1][1].append(instruction)
            elif instruction.keyword == "ARG":
                self._argument(instruction, self.globals, {})

    def stage(self, target: str | None) -> _Stage | None:
        if not self.bodies:
            return None
        index = len(self.bodies) - 1 if target is None else self._index(target, len(self.bodies))
        return None if index is None else self._state(index)

    def _index(self, name: str, below: int) -> int | None:
        for index in range(below - 1, -1, -1):
            if self._name(index) and self._name(index) == name.lower():
                return index
        return None

    def _name(self, index: int) -> str:
        words = self.bodies[index][0].words
        if len(words) == 3 and (words[1].literal or "").lower() == "as":
            return (words[2].literal or "").lower()
        return ""

    def _state(self, index: int) -> _Stage:
        if index not in self.states:
            self.states[index] = self._read(index)
        return self.states[index]

    def _read(self, index: int) -> _Stage:
        opening, body = self.bodies[index]
        base = self._value(opening.words[0], self.globals) if opening.words else None
        below = self._index(base, index) if base else None
        if below is not None:
            parent = self._state(below)
            state = replace(
                parent,
                name=self._name(index) or parent.name,
                span=opening.span,
                own_command=False,
                variables=dict(parent.variables),
                arguments=dict(parent.arguments),
            )
        else:
            state = _Stage(self._name(index), opening.span, base)
        for instruction in body:
            state = self._apply(instruction, state, index)
        return state

    def _value(self, word: Word, *scopes: Mapping[str, Value[str]]) -> str | None:
        def lookup(name: str) -> Value[str] | None:
            return next((scope[name] for scope in scopes if name in scope), None)

        value = word_value(word, lookup)
        if isinstance(value, Known):
            return value.value
        return value.default if isinstance(value, EnvDriven) else None

    def _argument(
        self, instruction: Instruction, scope: dict[str, Value[str]], outer: Mapping[str, Value[str]]
    ) -> None:
        for pair in instruction.pairs:
            given = self.given.get(pair.name)
            if given is not None and given.value is not None and given.value.literal is not None:
                scope[pair.name] = Known(given.value.literal, given.span)
            elif pair.value is not None:
                value = self._value(pair.value, scope, outer)
                if value is not None:
                    scope[pair.name] = EnvDriven(pair.name, value, pair.span)
            elif pair.name in outer:
                scope[pair.name] = outer[pair.name]

    def _apply(self, instruction: Instruction, state: _Stage, index: int) -> _Stage:
        keyword = instruction.keyword
        if keyword == "ENV":
            before = dict(state.variables)
            for pair in instruction.pairs:
                if pair.value is not None:
                    value = self._value(pair.value, before, state.arguments)
                    if value is not None:
                        state.variables[pair.name] = Known(value, pair.span)
                    else:
                        state.variables[pair.name] = EnvDriven(pair.name, None, pair.span)
        elif keyword == "ARG":
            self._argument(instruction, state.arguments, self.globals)
        elif keyword == "WORKDIR" and instruction.words:
            path = self._value(instruction.words[0], state.variables, state.arguments)
            return replace(state, directory=None if path is None else absolute(path, state.directory))
        elif keyword == "ENTRYPOINT":
            line = self._command(instruction, state)
            inherited = state.command if state.own_command else None
            return replace(state, entrypoint=line, command=inherited)
        elif keyword == "CMD":
            return replace(state, command=self._command(instruction, state), own_command=True)
        elif keyword in ("COPY", "ADD"):
            return self._copy(instruction, state, index)
        elif keyword == "RUN":
            return self._run(instruction, state)
        return state

    @staticmethod
    def _command(instruction: Instruction, state: _Stage) -> CommandLine | None:
        if instruction.json is not None:
            return exec_form(instruction.json, instruction.value.span) if instruction.json else None
        return shell_form(instruction.value.strip(), instruction.value.strip().span)

    def _copy(self, instruction: Instruction, state: _Stage, index: int) -> _Stage:
        words = instruction.json or instruction.words
        origin = next((flag.value for flag in instruction.flags if flag.name == "from"), None)
        if len(words) < 2:
            return state
        values = [self._value(word, state.variables, state.arguments) for word in words]
        destination = values[-1]
        target = None if destination is None else absolute(destination, state.directory)
        if target is None or destination is None:
            return replace(state, files=replace(state.files, complete=False))
        sources = [value for value in values[:-1] if value is not None and not re.match(r"[a-z]+://|git@", value)]
        into = destination.endswith(("/", "/.")) or destination in (".", "./") or len(values) > 2
        if origin is not None:
            return self._copy_from(origin.value, sources, target, into, state, index)
        if self.context is None:
            return replace(state, files=replace(state.files, complete=False))
        placements: list[Placement] = []
        for source in sources:
            pattern = normal_path(self.context, source.lstrip("/"))
            globbed = any(character in source for character in "*?[")
            paths = _globbed(self.repository, pattern) if globbed else [pattern]
            placements.extend(self._placement(path, target, into or globbed, state) for path in paths)
        return replace(state, files=replace(state.files, placements=(*state.files.placements, *placements)))

    def _placement(self, path: str, target: str, into: bool, state: _Stage) -> Placement:
        if path in self.repository.folders and path not in self.repository.paths:
            return Placement(target, path)
        # `COPY app.py /app` puts the file into /app when that folder is there already.
        is_folder = (
            into
            or target == state.directory
            or any(
                one.target == target or one.target.startswith(target.rstrip("/") + "/")
                for one in state.files.placements
            )
        )
        return Placement(posixpath.join(target, posixpath.basename(path)) if is_folder else target, path)

    def _copy_from(self, name: str, sources: list[str], target: str, into: bool, state: _Stage, index: int) -> _Stage:
        origin = self._index(name, index)
        if origin is None and name.isdigit() and int(name) < index:
            origin = int(name)
        if origin is None:
            # An outside image: it brings a tool such as uv, or files that nobody here can know.
            outside_tool = re.match(r"(ghcr\.io/)?astral(-sh)?/uv", name)
            return state if outside_tool else replace(state, files=replace(state.files, complete=False))
        other = self._state(origin)
        placements: list[Placement] = []
        for source in sources:
            path = absolute(source, "/")
            if path is None:
                continue
            placements.extend(
                self._placement(candidate, target, into, state)
                for candidate in reversed(other.files.candidates(path))
                if candidate in self.repository.paths or candidate in self.repository.folders
            )
            prefix = path.rstrip("/") + "/"
            placements.extend(
                Placement(posixpath.join(target, one.target[len(prefix) :]), one.path)
                for one in other.files.placements
                if one.target.startswith(prefix)
            )
        return replace(
            state,
            files=replace(state.files, placements=(*state.files.placements, *placements)),
            steps=(*other.steps, *state.steps),
            unread=(*other.unread, *state.unread),
        )

    def _run(self, instruction: Instruction, state: _Stage) -> _Stage:
        files = state.files
        for flag in instruction.flags:
            if flag.name == "mount" and flag.value is not None and "type=bind" in flag.value.value:
                files = self._bound(flag.value.value, files, state)
        values = {**state.arguments, **state.variables}
        place = Place(files, state.directory, values)
        if instruction.json is not None:
            line = exec_form(instruction.json, instruction.value.span)
        elif instruction.heredocs and re.fullmatch(r"<<-?\s*[\"']?\w+[\"']?", instruction.value.value.strip()):
            line = shell_form(instruction.heredocs[0].body)
        else:
            line = shell_form(instruction.value)
        execution = execute(line, place, self.repository)
        steps = tuple(BuildStep(step, files, state.name) for step in execution.steps)
        return replace(state, steps=(*state.steps, *steps), unread=(*state.unread, *execution.unread))

    def _bound(self, mount: str, files: FileMap, state: _Stage) -> FileMap:
        options = dict(part.partition("=")[::2] for part in mount.split(","))
        target = options.get("target") or options.get("dst") or options.get("destination")
        path = absolute(target, state.directory) if target else None
        if path is None or self.context is None or "from" in options:
            return files
        source = normal_path(self.context, (options.get("source") or options.get("src") or "").lstrip("/"))
        return FileMap((*files.placements, Placement(path, source)), files.complete)
