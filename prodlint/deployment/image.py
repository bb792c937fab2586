"""The image that a Dockerfile builds: what it starts, where its files come from, what it installs.

Effects of the instructions: the catalogue's container page, 2.4 to 2.7 (measured with BuildKit).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from prodlint.deployment.command import CommandLine, Link, Step, exec_form, shell_form, unversioned
from prodlint.deployment.condition import Lookup, from_outside, word_value
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.execution.place import PROGRAM_FOLDERS, Place
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import FileMap, absolute
from prodlint.deployment.images.base import (
    base_brings_servers,
    base_command,
    base_entrypoint,
    leaves_unset,
    task_folder,
)
from prodlint.deployment.images.files import ImageFiles, context_of, is_remote, read_context
from prodlint.deployment.process import Build, Port
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import Answer, EnvDriven, Known, Unknown, Value
from prodlint.record import Record, field, replace
from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.dockerfile import Dockerfile, Instruction
from prodlint.syntax.dockerfile_lines import Heredoc
from prodlint.syntax.word import Expansion, Literal, Word

__all__ = ["BuildStep", "Image", "build_image"]

# Far above what real files hold: a hostile one shall not take long.
_MAX_INSTRUCTIONS = 3_000
_MAX_SOURCES = 200
_MAX_INSTALLS = 40
# What may copy packages of the repository to where Python looks for packages.
_INSTALLERS = frozenset(("pip", "python", "pypy"))


class BuildStep(Record):
    """A program that a RUN of the production closure starts, with the files and variables that it sees.

    `base` is the outside image below its stage, None when it is computed.
    """

    step: Step
    files: FileMap
    stage: str
    base: str | None = None
    variables: Mapping[str, Value[str]] = field(default_factory=dict)


class Image(Record):
    """What one build makes.

    `base` is the outside image below it, None when it is computed; `programs` are the folders of its PATH.
    `shell` is the program that reads its commands of the shell form (None: /bin/sh), `stop_signal` the word of
    STOPSIGNAL. `exposed` are the ports of EXPOSE, which open nothing.
    """

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
    programs: tuple[str, ...] = PROGRAM_FOLDERS
    steps: tuple[BuildStep, ...] = ()
    unread: tuple[Link, ...] = ()
    shell: str | None = None
    stop_signal: Word | None = None
    exposed: tuple[Port, ...] = ()

    @property
    def place(self) -> Place:
        """Where its start command runs."""
        return Place(self.files, self.directory, self.variables, programs=self.programs)

    @property
    def environment(self) -> Environment | None:
        """What its stage or its file says of production by name."""
        return environment_of(self.stage) if self.stage and environment_of(self.stage) else environment_of(self.path)

    @property
    def base_brings_servers(self) -> Answer:
        """Whether the outside image may hold an application server already."""
        return base_brings_servers(self.base)


class _Stage(Record):
    """The state at one point of a stage: `scope` is ENV and ARG, the later one wins; a base that is given may vary."""

    name: str
    span: Span
    base: str | None
    files: ImageFiles
    entrypoint: CommandLine | None = None
    command: CommandLine | None = None
    own_command: bool = False
    own_entrypoint: bool = False
    directory: str | None = "/"
    variables: dict[str, Value[str]] = field(default_factory=dict)
    scope: dict[str, Value[str]] = field(default_factory=dict)
    programs: tuple[str, ...] = PROGRAM_FOLDERS
    shell: str | None = None
    stop_signal: Word | None = None
    exposed: tuple[Port, ...] = ()
    base_given: bool = False


def build_image(repository: Repository, build: Build) -> Image | None:
    """The image of a build, None when there is no such Dockerfile or stage."""
    document = repository.dockerfile(build.dockerfile) if build.dockerfile is not None else None
    if document is None or build.dockerfile is None or len(document.instructions) > _MAX_INSTRUCTIONS:
        return None
    context = build.context if build.context is not None else context_of(repository, document)
    reader = _Reader(repository, document, context, build)
    index = reader.target(build.target)
    if index is None:
        return None
    stages = reader.closure(index)
    for one in stages:
        reader.read(one)
    stage = reader.states[index]
    nameless = stage.command is None and not stage.own_entrypoint
    # `ENTRYPOINT []` takes away what the base starts.
    entrypoint = stage.entrypoint
    if not stage.own_entrypoint:
        entrypoint = base_entrypoint(stage.base, stage.command, stage.span)
    return Image(
        path=build.dockerfile,
        span=stage.span,
        stage=stage.name,
        base=stage.base,
        context=context,
        entrypoint=entrypoint,
        command=base_command(stage.base, stage.span) if nameless else stage.command,
        directory=stage.directory,
        variables=stage.variables,
        files=stage.files.files,
        programs=stage.programs,
        steps=tuple(step for one in stages for step in reader.steps[one]),
        unread=tuple(link for one in stages for link in reader.unread[one]),
        shell=stage.shell,
        stop_signal=stage.stop_signal,
        exposed=stage.exposed,
    )


class _Reader:
    """Reads the stages of one Dockerfile for one build."""

    def __init__(self, repository: Repository, document: Dockerfile, context: str | None, build: Build) -> None:
        self.repository = repository
        self.context = read_context(repository, document.source.path, context)
        self.globals: dict[str, Value[str]] = {}
        self.given = {one.name: one for one in build.arguments}
        self.bodies: list[tuple[Instruction, list[Instruction]]] = []
        self.states: dict[int, _Stage] = {}
        self.steps: dict[int, list[BuildStep]] = {}
        self.unread: dict[int, list[Link]] = {}
        self.installs = 0
        for instruction in document.instructions:
            if instruction.keyword == "FROM":
                self.bodies.append((instruction, []))
            elif self.bodies:
                self.bodies[-1][1].append(instruction)
            elif instruction.keyword == "ARG":
                self._argument(instruction, self.globals, {})

    def target(self, name: str | None) -> int | None:
        """The number of the stage that is built."""
        if name is None:
            return len(self.bodies) - 1 if self.bodies else None
        return self._index(name, len(self.bodies))

    def closure(self, index: int) -> list[int]:
        """The stages that building one needs, in the order of the file."""
        found: set[int] = set()
        waiting = [index]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting.extend(self._needed(one))
        return sorted(found)

    def _needed(self, index: int) -> Iterator[int]:
        opening, body = self.bodies[index]
        base = self._base(opening)
        below = self._index(base, index) if base else None
        if below is not None:
            yield below
        for instruction in body:
            for flag in instruction.flags:
                name = flag.value.value if flag.value is not None else ""
                if flag.name == "mount":
                    name = _options(name).get("from", "")
                elif flag.name != "from":
                    continue
                other = self._origin(name, index)
                if other is not None:
                    yield other

    def _index(self, name: str, below: int) -> int | None:
        for index in range(below - 1, -1, -1):
            if self._name(index) and self._name(index) == name.lower():
                return index
        return None

    def _origin(self, name: str, below: int) -> int | None:
        """The stage that COPY takes files from: by its name, or by its number."""
        found = self._index(name, below)
        if found is None and name.isascii() and name.isdigit() and int(name[:9]) < below:
            return int(name)
        return found

    def _name(self, index: int) -> str:
        words = self.bodies[index][0].words
        if len(words) == 3 and (words[1].literal or "").lower() == "as":
            return (words[2].literal or "").lower()
        return ""

    def _base(self, opening: Instruction) -> str | None:
        def lookup(name: str) -> Value[str] | None:
            return from_outside(name) if name.startswith(("TARGET", "BUILD")) else self.globals.get(name)

        return _text(opening.words[0], lookup) if opening.words else None

    def read(self, index: int) -> None:
        """Work out the state at the end of a stage; those that it needs were read before."""
        opening, body = self.bodies[index]
        self.steps[index], self.unread[index] = [], []
        base = self._base(opening)
        below = self._index(base, index) if base else None
        if below is not None:
            parent = self.states[below]
            state = replace(
                parent,
                name=self._name(index),
                span=opening.span,
                own_command=False,
                variables=dict(parent.variables),
                scope=dict(parent.scope),
            )
        else:
            is_given = bool(opening.words) and not isinstance(opening.words[0].parts[0], Literal)
            state = _Stage(self._name(index), opening.span, base, ImageFiles(self.context), base_given=is_given)
            if (task := task_folder(base)) is not None:
                root = {"LAMBDA_TASK_ROOT": Known(task, opening.span)}
                state = replace(state, directory=task, scope=dict[str, Value[str]](root))
        for instruction in body:
            state = self._apply(instruction, state, index)
        self.states[index] = state

    def _value(self, word: Word, state: _Stage) -> str | None:
        """What a word of an instruction comes to."""
        return _text(word, self._lookup(state))

    @staticmethod
    def _lookup(state: _Stage) -> Lookup:
        """The variables of a stage; an outside image may set any."""

        def lookup(name: str) -> Value[str] | None:
            if name in state.scope:
                return state.scope[name]
            is_known = not state.base_given and leaves_unset(state.base, name)
            return None if is_known or state.base == "scratch" else from_outside(name)

        return lookup

    def _argument(
        self, instruction: Instruction, scope: dict[str, Value[str]], outer: Mapping[str, Value[str]]
    ) -> None:
        for pair in instruction.pairs:
            given = self.given.get(pair.name)
            if given is not None and given.value is not None and given.value.literal is not None:
                scope[pair.name] = Known(given.value.literal, given.span)
            elif given is not None and given.value is not None:
                scope[pair.name] = word_value(given.value, from_outside)
            elif pair.value is not None:
                value = _text(pair.value, lambda name: scope.get(name, outer.get(name)))
                scope[pair.name] = EnvDriven(pair.name, value, pair.span)
            elif pair.name in outer:
                scope[pair.name] = outer[pair.name]
            elif pair.name not in scope:
                scope[pair.name] = EnvDriven(pair.name, None, pair.span)

    def _apply(self, instruction: Instruction, state: _Stage, index: int) -> _Stage:
        keyword = instruction.keyword
        if keyword == "ENV":
            # All values of one instruction see what was set before it.
            values = [
                (pair, _by_arguments(word_value(pair.value, self._lookup(state)), pair.value, state))
                for pair in instruction.pairs
                if pair.value is not None
            ]
            for pair, value in values:
                # A default of ARG is what the variable holds unless the build is given another.
                state.variables[pair.name] = state.scope[pair.name] = replace(value, span=pair.span)
            named = [pair.value for pair in instruction.pairs if pair.name == "PATH" and pair.value is not None]
            return replace(state, programs=_folders_of(named[-1], state.programs)) if named else state
        if keyword == "ARG":
            self._argument(instruction, state.scope, self.globals)
        elif keyword == "WORKDIR" and instruction.words:
            path = self._value(instruction.words[0], state)
            directory = None if path is None else absolute(path, state.directory)
            files = state.files if directory is None else state.files.with_folder(directory)
            return replace(state, directory=directory, files=files)
        elif keyword == "ENTRYPOINT":
            line = _command(instruction)
            inherited = state.command if state.own_command else None
            return replace(state, entrypoint=line, command=inherited, own_entrypoint=True)
        elif keyword == "CMD":
            return replace(state, command=_command(instruction), own_command=True)
        elif keyword == "SHELL" and instruction.json:
            return replace(state, shell=(instruction.json[0].literal or "").rpartition("/")[2])
        elif keyword == "STOPSIGNAL" and instruction.words:
            return replace(state, stop_signal=instruction.words[0])
        elif keyword == "EXPOSE":
            ports = [self._port(word, state) for word in instruction.words[:_MAX_SOURCES]]
            return replace(state, exposed=(*state.exposed, *(port for port in ports if port is not None)))
        elif keyword in ("COPY", "ADD"):
            return replace(state, files=self._copy(instruction, state, index))
        elif keyword == "RUN":
            return replace(state, files=self._run(instruction, state, index))
        return state

    def _port(self, word: Word, state: _Stage) -> Port | None:
        """One entry of EXPOSE, None for one of UDP."""
        number, _, protocol = (self._value(word, state) or "").partition("/")
        if protocol not in ("", "tcp"):
            return None
        found = int(number) if number.isdecimal() and len(number) < 6 else None
        return Port(
            Unknown("it is no single number", word.span) if found is None else Known(found, word.span), word.span
        )

    def _copy(self, instruction: Instruction, state: _Stage, index: int) -> ImageFiles:
        words = (instruction.json or instruction.words)[:_MAX_SOURCES]
        origin = instruction.flag("from")
        if len(words) < 2:
            return state.files
        values = [self._value(word, state) for word in words]
        destination = values[-1]
        target = None if destination is None else absolute(destination, state.directory)
        if target is None or destination is None:
            return state.files.incomplete()
        heredocs = {heredoc.name: heredoc for heredoc in instruction.heredocs}
        sources = [value for value in values[:-1] if value is not None and not value.startswith("<<")]
        into = destination.endswith(("/", "/.")) or destination == "." or len(values) > 2
        files = state.files
        for name in sorted(heredocs):
            files = files.written(target, into, name, _text_of(heredocs[name]))
        if origin is not None and origin.value is not None:
            name = origin.value.value
            stage = self._origin(name, index)
            if stage is not None:
                return files.copied_from(self.states[stage].files, sources, target, into)
            # An outside image brings a tool such as uv, or files that nobody here can know.
            return files if re.match(r"(ghcr\.io/)?astral(-sh)?/uv", name) else files.incomplete()
        local = [source for source in sources if not is_remote(source)]
        return files.copied(local, target, into, instruction.flag("parents") is not None)

    def _run(self, instruction: Instruction, state: _Stage, index: int) -> ImageFiles:
        seen = state.files.files
        for flag in instruction.flags:
            if flag.name == "mount" and flag.value is not None:
                seen = self._bound(flag.value.value, replace(state.files, files=seen), state, index)
        line = _script(instruction)
        if line is None:
            return state.files
        scope = dict(state.scope)
        place = Place(seen, state.directory, scope, programs=state.programs)
        execution = execute(line, place, self.repository)
        # What a line writes lies there for its later commands; the order of the two is not looked at.
        files = state.files.overwritten(execution.written, line.span)
        seen = replace(files, files=seen).overwritten(execution.written, line.span).files
        for step in execution.steps:
            self.steps[index].append(BuildStep(step, seen, state.name, state.base, scope))
            files = files.after(step)
            installs = step.program == "uv" or unversioned(step.program) in _INSTALLERS
            if installs and not step.conditional and self.installs < _MAX_INSTALLS:
                from prodlint.deployment.images.packages import with_packages

                self.installs += 1
                found = replace(state.files, files=seen)
                files = with_packages(files, found, step, state.programs, state.base, scope)
        self.unread[index].extend(execution.unread)
        written = instruction.value.value.strip() if len(instruction.heredocs) == 1 else ""
        made = _WRITES_DOCUMENT.fullmatch(written) if 0 < len(written) < _LONGEST_LINE else None
        target = absolute(next(filter(None, made.groups())), state.directory) if made is not None else None
        text = _text_of(instruction.heredocs[0]) if target is not None else None
        if target is not None and text is not None:
            return files.written(target, False, target, text)
        return files if instruction.heredocs else self._with_printed(instruction.value, files, state)

    def _with_printed(self, value: Text, files: ImageFiles, state: _Stage) -> ImageFiles:
        """The same with the files that the RUN prints and does nothing else."""
        if ">" not in value.value or not _PRINTS.search(value.value):
            return files
        from prodlint.deployment.images.base import shell_of
        from prodlint.deployment.images.printed_files import printed_files

        shell = state.shell or shell_of(state.base)
        held = state.files.files.text
        for path, text in printed_files(self.repository.commands(value), state.directory, shell, held).items():
            files = files.written(path, False, path, text)
        return files

    def _bound(self, mount: str, files: ImageFiles, state: _Stage, index: int) -> FileMap:
        """The files with a bind mount over them; other types of mount hold none of the repository's."""
        options = _options(mount)
        target = options.get("target") or options.get("dst") or options.get("destination")
        path = absolute(target, state.directory) if target else None
        if options.get("type", "bind") != "bind" or path is None:
            return files.files
        source = options.get("source") or options.get("src") or "/"
        origin = options.get("from")
        stage = self._origin(origin, index) if origin else None
        if origin and stage is None:
            return files.files
        return files.mounted(None if stage is None else self.states[stage].files, source, path)


def _options(mount: str) -> dict[str, str]:
    return dict(part.partition("=")[::2] for part in mount.split(","))


def _text(word: Word, lookup: Callable[[str], Value[str] | None]) -> str | None:
    value = word_value(word, lookup)
    if isinstance(value, Known):
        return value.value
    return value.default if isinstance(value, EnvDriven) else None


def _by_arguments(value: Value[str], word: Word, state: _Stage) -> Value[str]:
    """A value of ENV that is not known for an argument of the build, which nothing sets where the image runs."""
    held = [(part.name, state.scope.get(part.name)) for part in word.parts if isinstance(part, Expansion)]
    names = [name for name, one in held if isinstance(one, EnvDriven) and one.default is None]
    if not isinstance(value, Unknown) or not names:
        return value
    return replace(value, reason=f"the build argument {names[0]} decides it")


def _folders_of(path: Word, before: tuple[str, ...]) -> tuple[str, ...]:
    """The folders that a value of PATH names by themselves, with those of the PATH that it goes on with."""
    parts = path.written.strip("\"'").split(":")
    named = tuple(part for part in parts if part.startswith("/") and "$" not in part)
    return (*named, *before) if "$" in path.written else named


def _command(instruction: Instruction) -> CommandLine | None:
    if instruction.json is not None:
        return exec_form(instruction.json, instruction.value.span) if instruction.json else None
    return shell_form(instruction.value.strip(), instruction.value.strip().span)


_LONGEST_LINE = 1_000
_PRINTS = regex(r"\b(?:echo|printf)\b[^|]*>")
# `tee FILE <<EOF`, `cat <<EOF > FILE` and `cat > FILE <<EOF`, and that it may be run.
_DOCUMENT = r"<<-?[ ]?[\"']?\w+[\"']?"
_WRITES_DOCUMENT = regex(
    rf"(?:tee\s+([^\s<>|&;$-][^\s<>|&;$]*)\s+{_DOCUMENT}|cat\s+{_DOCUMENT}\s*>\s*([^\s<>|&;$]+)"
    rf"|cat\s*>\s*([^\s<>|&;$]+)\s+{_DOCUMENT})"
    r"(?:\s*>\s*/dev/null)?(?:\s*(?:&&|;)\s*ch(?:mod|own)\s[^&;|<>]*)*"
)


def _text_of(heredoc: Heredoc) -> Text | None:
    """The text of a here-document as it is written to a file; None where the build fills variables in."""
    body = heredoc.body
    return None if heredoc.expands and re.search(r"[$`\\]", body.value) else body


def _script(instruction: Instruction) -> CommandLine | None:
    """What a RUN hands to a shell; None for the script of another interpreter."""
    if instruction.json is not None:
        return exec_form(instruction.json, instruction.value.span)
    if instruction.heredocs and re.fullmatch(r"<<-?\s*[\"']?\w+[\"']?", instruction.value.value.strip()):
        body = instruction.heredocs[0].body
        first = body.value.partition("\n")[0]
        if first.startswith("#!") and not re.search(r"\b(ba|da|a|z|k)?sh\b", first):
            return None
        return shell_form(body)
    return shell_form(instruction.value)
