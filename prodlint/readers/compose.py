"""Compose files: what each file says of its services. They are merged in `deployment.compose`.

Forms and their meaning: the catalogue's container page, 2.10 (measured with compose-go 2.14.0).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from prodlint.deployment.command import CommandLine, exec_form
from prodlint.deployment.compose import ComposeBuild, ComposeFile, ComposeService
from prodlint.deployment.process import EnvDefinition, Mount
from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers import Files
from prodlint.regex import regex
from prodlint.source import SyntaxProblem, Text
from prodlint.syntax.shell import split_words
from prodlint.syntax.word import Expansion, Literal, Part, Word
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence

READS = Files("Compose file", names=("*.yml", "*.yaml"), contains=(b"services:",))
_VARIABLE = regex(r"\$(?:\$|(\w+)|\{(\w+)(?:(:?[-?+])([^{}]*))?\})")
_OPERATOR = regex(r"[;&|<>]")


def read(path: str, repository: Repository) -> Iterator[ComposeFile]:
    """The services of a file with a top-level mapping `services` whose values say how to run something."""
    source = repository.source(path)
    if source is None or not re.search(r"(?m)^services:", source.text) or "{{" in path:
        return
    documents = repository.yaml(path)
    root = documents[0].root if documents else None
    services = root.get("services") if isinstance(root, Mapping) else None
    if not isinstance(services, Mapping):
        return
    found = tuple(
        _service(key, body, posixpath.dirname(path))
        for key, body in services.items()
        if isinstance(key, Scalar) and isinstance(body, Mapping)
    )
    by_name = re.match(r"(docker-)?compose([.-].*)?\.ya?ml$", posixpath.basename(path))
    if not by_name and not any(one.image or one.build or one.extends for one in found):
        return
    included = root.get("include") is not None if isinstance(root, Mapping) else False
    yield ComposeFile(path, source.span, found, included)


def _service(key: Scalar, body: Mapping, folder: str) -> ComposeService:
    command = body.get("command")
    entrypoint = body.get("entrypoint")
    restart = body.get("restart")
    return ComposeService(
        name=key.value,
        span=key.span,
        image=_scalar(body.get("image")),
        build=_build(body.get("build"), folder),
        command=_command(command),
        command_reset=command is not None and _command(command) is None,
        entrypoint=_command(entrypoint),
        entrypoint_reset=entrypoint is not None and _command(entrypoint) is None,
        variables=tuple(_environment(body.get("environment"))),
        env_files=tuple(normal_path(folder, path) for path in _env_files(body.get("env_file"))),
        mounts=tuple(_mounts(body.get("volumes"), folder)),
        directory=_scalar(body.get("working_dir")),
        profiles=tuple(_strings(body.get("profiles"))),
        restart=_scalar(restart),
        extends=body.get("extends") is not None,
    )


def _scalar(node: Node | None) -> str | None:
    return node.value if isinstance(node, Scalar) and not node.is_null else None


def _strings(node: Node | None) -> Iterator[str]:
    if isinstance(node, Scalar) and not node.is_null:
        yield node.value
    elif isinstance(node, Sequence):
        for item in node.items:
            if isinstance(item, Scalar):
                yield item.value


def _env_files(node: Node | None) -> Iterator[str]:
    yield from _strings(node)
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Mapping) and (path := _scalar(item.get("path"))):
            yield path


def interpolated(text: Text, quoted: bool) -> Word:
    """A word of a compose file: `$NAME` and `${NAME:-default}` come from the shell that runs compose."""
    parts: list[Part] = []
    at = 0
    for match in _VARIABLE.finditer(text.value):
        if match.start() > at:
            parts.append(Literal(text.slice(at, match.start()), quoted))
        at = match.end()
        if match[0] == "$$":
            parts.append(Literal(text.slice(match.start(), match.start() + 1), quoted))
            continue
        operand = None
        if match[3]:
            operand = Word((Literal(text.slice(match.start(4), match.end(4)), True),), text.span_of(*match.span(4)))
        parts.append(Expansion(match[1] or match[2], text.span_of(*match.span()), match[3] or "", operand, True))
    if at < len(text.value) or not parts:
        parts.append(Literal(text.slice(at), quoted))
    return Word(tuple(parts), text.span)


def _command(node: Node | None) -> CommandLine | None:
    """A command or entrypoint: a list as it is; a string split into words, with no shell to run it.

    Measured: the splitting stops at the first unquoted `;`, `&`, `|`, `<` or `>`. An empty one has
    no words, and so clears the image's own; null leaves that in place.
    """
    if isinstance(node, Sequence):
        words = tuple(interpolated(item.text, True) for item in node.items if isinstance(item, Scalar))
        return exec_form(words, node.span)
    if not isinstance(node, Scalar) or node.is_null:
        return None
    try:
        split = split_words(node.text)
    except SyntaxProblem:
        return None
    kept: list[Word] = []
    for word in split:
        literal = word.parts[0] if len(word.parts) == 1 else None
        if isinstance(literal, Literal) and not literal.quoted and (cut := _OPERATOR.search(literal.text.value)):
            if cut.start():
                kept.append(interpolated(literal.text.slice(0, cut.start()), False))
            break
        content = word.content
        kept.append(word if content is None else interpolated(content, True))
    return exec_form(tuple(kept), node.text.strip().span if kept else node.span)


def _environment(node: Node | None) -> Iterator[EnvDefinition]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if isinstance(key, Scalar):
                given = isinstance(value, Scalar) and not value.is_null
                word = interpolated(value.text, True) if given and isinstance(value, Scalar) else None
                yield EnvDefinition(key.value, word, key.span)
    elif isinstance(node, Sequence):
        for item in node.items:
            if isinstance(item, Scalar):
                name, equals, _ = item.value.partition("=")
                word = interpolated(item.text.slice(len(name) + 1), True) if equals else None
                yield EnvDefinition(name, word, item.span)


def _build(node: Node | None, folder: str) -> ComposeBuild | None:
    if isinstance(node, Scalar) and not node.is_null:
        return ComposeBuild(node.span, _folder(node.value, folder), None, None, (), False)
    if not isinstance(node, Mapping):
        return None
    context = _scalar(node.get("context")) or "."
    return ComposeBuild(
        node.span,
        _folder(context, folder),
        _scalar(node.get("dockerfile")),
        _scalar(node.get("target")),
        tuple(_environment(node.get("args"))),
        node.get("dockerfile_inline") is not None,
    )


def _folder(context: str, folder: str) -> str | None:
    """A context as a path from the root; None for one outside of the repository or computed."""
    if "$" in context or "://" in context or context.startswith(("git@", "/", "~")):
        return None
    path = normal_path(folder, context)
    return None if path.startswith("..") else path


def _mounts(node: Node | None, folder: str) -> Iterator[Mount]:
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar):
            source, _, rest = item.value.partition(":")
            target = rest.partition(":")[0]
        elif isinstance(item, Mapping) and _scalar(item.get("type")) == "bind":
            source, target = _scalar(item.get("source")) or "", _scalar(item.get("target")) or ""
        else:
            continue
        if source.startswith(".") and target.startswith("/"):
            path = normal_path(folder, source)
            if not path.startswith(".."):
                yield Mount(path, target, item.span)
