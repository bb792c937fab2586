"""Images that pipelines build: which Dockerfile, from which folder, up to which stage.

Grammars: docker build; the action docker/build-push-action (delivery page, 2.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from prodlint.deployment.environment import Environment
from prodlint.deployment.filemap import absolute
from prodlint.deployment.pipeline import Action, StepKind
from prodlint.deployment.process import Build, EnvDefinition
from prodlint.deployment.releases.release import PipelineStep
from prodlint.deployment.repository import normal_path
from prodlint.source import Span, Text
from prodlint.syntax.word import Expansion, Word

__all__ = ["build_of_words", "builds_computed_folders", "builds_for_tests", "builds_in"]

_VALUED = frozenset(
    "-f --file -t --tag --build-arg --target --platform --cache-from --cache-to --label --network --progress --secret "
    "--ssh --output -o --iidfile --add-host --shm-size --ulimit --builder --metadata-file --provenance --sbom "
    "--build-context --allow --annotation --attest --cgroup-parent --isolation -m --memory".split()
)
_TEST = Environment.TEST
_BUILD_ACTIONS = ("docker/build-push-action", "depot/build-push-action")


def builds_in(steps: Iterable[PipelineStep]) -> Iterator[Build]:
    """The builds of jobs that are no tests, with the paths from the root of the repository."""
    return _builds(step for step in steps if step.environment is not _TEST)


def builds_for_tests(steps: Iterable[PipelineStep]) -> Iterator[Build]:
    """The builds of jobs that are tests: of what they test, and of what they need beside it."""
    return _builds(step for step in steps if step.environment is _TEST)


def _builds(steps: Iterable[PipelineStep]) -> Iterator[Build]:
    for step in steps:
        if step.kind is not StepKind.BUILD:
            continue
        if step.action is not None:
            found = _by_action(step.action)
        elif step.step is not None and step.step.program in ("docker", "podman", "buildah"):
            found = build_of_words(step.step.argv[1:], step.step.directory, step.span)
        else:
            found = None
        if found is not None:
            yield found


def builds_computed_folders(steps: Iterable[PipelineStep]) -> bool:
    """Whether jobs that are no tests build an image from a folder that an expression of the pipeline chooses."""
    return any(_is_computed(one) for one in steps if one.kind is StepKind.BUILD and one.environment is not _TEST)


def _is_computed(one: PipelineStep) -> bool:
    if one.action is not None:
        is_build = one.action.plain_name in _BUILD_ACTIONS
        return is_build and any("${{" in (one.action.input(name) or "") for name in ("context", "file"))
    if one.step is None or one.step.program not in ("docker", "podman", "buildah"):
        return False
    words = [str(word) for word in one.step.argv[1:]]
    is_build = any(word in ("build", "bud") for word in words[:2])
    # Of its options only the file says what is built; the last word is the folder.
    told = [words[-1], *(word for flag, word in pairwise(words) if flag in ("-f", "--file"))] if words else []
    return is_build and (one.step.directory is None or any("${{" in word for word in told))


def _by_action(action: Action) -> Build | None:
    if action.plain_name not in _BUILD_ACTIONS:
        return None
    context = action.input("context")
    # Without a context the action builds a fresh checkout of the repository.
    folder = "" if context is None else _folder(context, "/")
    if folder is None:
        return None
    file = action.input("file")
    dockerfile = normal_path(folder, "Dockerfile") if file is None else _folder(file, "/")
    if dockerfile is None:
        return None
    target = action.input("target") or ""
    known = None if "$" in target else target or None
    return Build(dockerfile, folder, action.span, known, tuple(_arguments(action)), "$" in target)


def _arguments(action: Action) -> Iterator[EnvDefinition]:
    for line in (action.input("build-args") or "").splitlines():
        name, equals, value = line.strip().partition("=")
        if name:
            word = Word.of(Text.at(value, action.span), action.span) if equals and "${{" not in value else None
            yield EnvDefinition(name, word, action.span)


def build_of_words(words: tuple[Word, ...], directory: str | None, span: Span) -> Build | None:
    """`docker [buildx|image] build [options] CONTEXT`; None for anything else."""
    rest = [*words]
    while rest and rest[0].literal in ("buildx", "image", "builder"):
        del rest[0]
    if not rest or rest[0].literal not in ("build", "bud"):
        return None
    given: dict[str, list[Word | str]] = {}
    context: str | None = None
    index = 1
    while index < len(rest):
        shown = rest[index].literal
        index += 1
        name = rest[index - 1].written.strip("\"'").partition("=")[0]
        if shown is None and name in ("--file", "--target"):
            given.setdefault(name, []).append(rest[index - 1])
        if shown is None:
            # Options from a variable, most often build arguments; a folder from one leaves no context.
            continue
        if not shown.startswith("-"):
            context = shown
            continue
        name, equals, value = shown.partition("=")
        if equals:
            given.setdefault(name, []).append(value)
        elif name in _VALUED and index < len(rest):
            given.setdefault(name, []).append(rest[index])
            index += 1
    if context is None or directory is None:
        return None
    folder = _folder(context, directory)
    file, target = _last(given, "-f", "--file"), _last(given, "--target")
    if file is None and ("-f" in given or "--file" in given):
        return None
    dockerfile = _folder(file, directory) if file is not None else None if folder is None else f"{folder}/Dockerfile"
    if folder is None or dockerfile is None:
        return None
    arguments = tuple(_given(one, span) for one in given.get("--build-arg", ()))
    return Build(normal_path(dockerfile), folder, span, target, arguments, target is None and "--target" in given)


def _given(one: Word | str, span: Span) -> EnvDefinition:
    """`NAME=value` behind `--build-arg`; a value that is computed, or taken from the shell, is not known."""
    written = one if isinstance(one, str) else one.literal
    name, equals, value = (written or str(one)).partition("=")
    known = written is not None and equals and "$" not in value
    return EnvDefinition(name, Word.of(Text.at(value, span), span) if known else None, span)


def _last(given: dict[str, list[Word | str]], *names: str) -> str | None:
    values = [one for name in names for one in given.get(name, ())]
    if not values:
        return None
    last = values[-1]
    return last if isinstance(last, str) else last.literal or _default(last)


def _default(word: Word) -> str | None:
    """What a word is unless somebody says otherwise: `${TARGET:-prod}`."""
    part = word.parts[0] if len(word.parts) == 1 else None
    has_default = isinstance(part, Expansion) and part.operator in (":-", "-") and part.operand is not None
    return part.operand.literal if has_default and isinstance(part, Expansion) and part.operand else None


def _folder(written: str, directory: str) -> str | None:
    """A path as a step in a checkout means it, from the root; None for a URL, a variable or a path outside."""
    if "$" in written or "://" in written or written.startswith(("git@", "~", "-")):
        return None
    path = absolute(written, directory)
    if path is None or path.startswith(("/..", "/home", "/tmp", "/opt")):
        return None
    return normal_path(path)
