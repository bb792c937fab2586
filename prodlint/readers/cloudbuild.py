"""Google Cloud Build: the steps of a cloudbuild.yaml as a pipeline (platform page, 2.9).

Sources: cloud.google.com, "Build configuration file schema".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.command import CommandLine, exec_form, shell_form
from prodlint.deployment.pipeline import Job, JobStep, Pipeline
from prodlint.deployment.process import EnvDefinition
from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers.declared import is_placeholder, mappings_at, scalar_at, scalars_of
from prodlint.source import Text
from prodlint.syntax.word import Word
from prodlint.syntax.yaml import Mapping, Scalar

# Builders that are called like the program that they start.
_BUILDERS = (
    "docker",
    "gcloud",
    "kubectl",
    "git",
    "npm",
    "yarn",
    "go",
    "mvn",
    "gradle",
    "bazel",
    "curl",
    "wget",
    "gsutil",
)


def read(path: str, repository: Repository) -> Iterator[Pipeline]:
    """The build as one job: its steps run one after the other but where `waitFor` says otherwise."""
    documents = repository.yaml(path) if "{{" not in path else ()
    root = documents[0].root if documents else None
    steps = tuple(step for body in mappings_at(root, "steps") if (step := _step(body, root)) is not None)
    if not isinstance(root, Mapping) or not steps:
        return
    name = posixpath.basename(path)
    job = Job(name, root.span, steps)
    yield Pipeline(path, name, root.span, (job,), ("push",))


def _step(body: Mapping, root: object) -> JobStep | None:
    builder, script = scalar_at(body, "name"), scalar_at(body, "script")
    folder, identity = scalar_at(body, "dir"), scalar_at(body, "id")
    if builder is None:
        return None
    line = shell_form(script.text, script.span) if script is not None else _command(body, builder)
    variables = [one for node in (root, body) if isinstance(node, Mapping) for one in _variables(node)]
    return JobStep(
        line.span if line is not None else builder.span,
        identity.value if identity is not None else "",
        script=line,
        directory=None
        if folder is not None and is_placeholder(folder.value)
        else normal_path(folder.value)
        if folder
        else "",
        variables=tuple(variables),
    )


def _command(body: Mapping, builder: Scalar) -> CommandLine | None:
    """`entrypoint` and `args`; without the first, what the image of the builder starts."""
    entrypoint = scalar_at(body, "entrypoint")
    arguments = scalars_of(body.get("args"))
    single = scalar_at(body, "args")
    if single is not None:
        arguments = (single,)
    own = _own_words(builder.value, arguments) if entrypoint is None else ()
    if own:
        return exec_form(own, own[0].span.to(own[-1].span))
    if entrypoint is not None:
        program = Word.of(entrypoint.text, entrypoint.span)
    else:
        image = builder.value.partition("@")[0].rpartition("/")[2].partition(":")[0]
        if image not in _BUILDERS and image != "executor" and not arguments:
            return None
        program = Word.of(Text.at({"cloud-sdk": "gcloud"}.get(image, image), builder.span), builder.span)
    words = (program, *(Word.of(one.text, one.span) for one in arguments))
    first = min(words, key=lambda word: word.span.start).span
    last = max(words, key=lambda word: word.span.end).span
    return exec_form(words, first.to(last))


def _own_words(builder: str, arguments: tuple[Scalar, ...]) -> tuple[Word, ...]:
    """The command that a step runs in an image that is no builder, but one that was just built; empty for others.

    `exec-wrapper` opens a database before it runs what stands behind `--`.
    """
    words = tuple(Word.of(one.text, one.span) for one in arguments)
    if "/exec-wrapper" in builder:
        dashes = next((index + 1 for index, word in enumerate(words) if word.literal == "--"), len(words))
        return words[dashes:]
    is_own = "$" in builder
    return words if is_own and words and words[0].literal in _PROGRAMS else ()


# What an image without an ENTRYPOINT is told to start.
_PROGRAMS = ("alembic", "bash", "django-admin", "flask", "poetry", "python", "python3", "sh", "uv")


def _variables(node: Mapping) -> Iterator[EnvDefinition]:
    """`env` is a list of `NAME=value`; `secretEnv` names what Secret Manager holds."""
    for entry in scalars_of(node.get("env")):
        name, equals, value = entry.value.partition("=")
        known = bool(equals) and "$" not in value
        yield EnvDefinition(name, Word.of(entry.text.slice(len(name) + 1)) if known else None, entry.span)
    for entry in scalars_of(node.get("secretEnv")):
        yield EnvDefinition(entry.value, None, entry.span, True)
