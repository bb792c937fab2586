"""Compose files: what each file says of its services. They are merged in `deployment.compose`.

Forms and their meaning: the catalogue's container page, 2.10 (measured with compose-go 2.14.0).
"""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Iterator

from prodlint.deployment.command import CommandLine, exec_form
from prodlint.deployment.compose.files import (
    ComposeBuild,
    ComposeEnvFile,
    ComposeFile,
    ComposeInclude,
    ComposeService,
    over,
)
from prodlint.deployment.compose.interpolation import given_by
from prodlint.deployment.process import EnvDefinition, Mount, PlatformSetting
from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers.compose_network import exposed_by, links_of, names_of, needed_by, ports_of
from prodlint.readers.compose_volumes import overlaid_by, tmpfs_of, volumes_of
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.source import SyntaxProblem
from prodlint.syntax.interpolation import interpolated
from prodlint.syntax.shell import split_words
from prodlint.syntax.word import Literal, Word
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence

_MOST_EXTENDED = 10
_SETTINGS = (
    "init",
    "stop_grace_period",
    "stop_signal",
    "pid",
    "cpus",
    "cpuset",
    "mem_limit",
    "read_only",
    "deploy.resources.limits.cpus",
    "deploy.resources.limits.memory",
)
# A part of a path that stands as long as nobody sets the variable.
_DEFAULT = regex(r"\$\{\w+:?-([^}$]*)\}")
_OPERATOR = regex(r"[;&|<>]")


def read(path: str, repository: Repository) -> Iterator[ComposeFile]:
    """The services of a file with a top-level mapping `services` whose values say how to run something."""
    source = repository.source(path)
    if source is None or "\nservices:" not in f"\n{source.text}" or "{{" in path:
        return
    documents = repository.yaml(path)
    root = documents[0].root if documents else None
    services = root.get("services") if isinstance(root, Mapping) else None
    if not isinstance(services, Mapping):
        return
    extended = _Extended(repository)
    found = tuple(
        extended.service(path, key.value, 0) or _service(key, body, posixpath.dirname(path), None)
        for key, body in services.items()
        if isinstance(key, Scalar) and isinstance(body, Mapping)
    )
    if not _is_named_so(posixpath.basename(path)) and not any(one.image or one.build or one.extends for one in found):
        return
    folder = posixpath.dirname(path)
    includes = tuple(_includes(root.get("include") if isinstance(root, Mapping) else None, folder, repository))
    yield ComposeFile(
        path,
        source.span,
        found,
        None in includes,
        given_by((normal_path(folder, ".env"),), repository),
        repository.paths,
        tuple(one for one in includes if one is not None),
        tuple(_taken_out(services)),
    )


def _taken_out(services: Mapping) -> Iterator[str]:
    """The services that `NAME: !reset null` takes out of those of the files before."""
    for key, body in services.items():
        if isinstance(key, Scalar) and isinstance(body, Scalar) and body.tag == "!reset":
            yield key.value


def _is_named_so(name: str) -> bool:
    """Whether a file is named as compose files are: `docker-compose.prod.yml`."""
    stem, suffix = posixpath.splitext(name)
    behind = stem.removeprefix("docker-").removeprefix("compose")
    is_one = stem.startswith(("compose", "docker-compose")) and suffix in (".yml", ".yaml")
    return is_one and (not behind or behind[0] in ".-")


def _includes(node: Node | None, folder: str, repository: Repository) -> Iterator[ComposeInclude | None]:
    """The entries of `include`; None for one that lies elsewhere or whose name is computed."""
    for item in node.items if isinstance(node, Sequence) else ():
        part = item.get("path") if isinstance(item, Mapping) else item
        names = list(_strings(part))
        if not names or any("$" in name or "://" in name or name.startswith(("git@", "/", "~")) for name in names):
            yield None
            continue
        paths = tuple(normal_path(folder, name) for name in names)
        if not all(path in repository.paths for path in paths):
            yield None
            continue
        own = _scalar(item.get("project_directory")) if isinstance(item, Mapping) else None
        project = posixpath.dirname(paths[0]) if own is None or "$" in own else normal_path(folder, own)
        named = list(_strings(item.get("env_file"))) if isinstance(item, Mapping) else []
        env_files = [normal_path(folder, name) for name in named] or [normal_path(project, ".env")]
        yield ComposeInclude(paths, project, item.span, given_by(env_files, repository))


class _Extended:
    """Services with what they extend merged under them, in this file or another of the repository."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    def service(self, path: str, name: str, depth: int, origin: str | None = None) -> ComposeService | None:
        """A service by its name; `origin` is the folder of a file that another one extends."""
        documents = self.repository.yaml(path) if path in self.repository.paths else ()
        services = documents[0].root.get("services") if documents and isinstance(documents[0].root, Mapping) else None
        body = services.get(name) if isinstance(services, Mapping) else None
        key = services.key(name) if isinstance(services, Mapping) else None
        if not isinstance(body, Mapping) or key is None or depth > _MOST_EXTENDED:
            return None
        service = _service(key, body, posixpath.dirname(path), origin)
        base = body.get("extends")
        if base is None:
            return service
        file = _scalar(base.get("file")) if isinstance(base, Mapping) else None
        wanted = _scalar(base.get("service")) if isinstance(base, Mapping) else _scalar(base)
        if wanted is None or "$" in f"{wanted}{file or ''}":
            return service
        folder = posixpath.dirname(path)
        other = path if file is None else normal_path(folder, file)
        below = self.service(other, wanted, depth + 1, origin if file is None else posixpath.dirname(other))
        if below is None:
            return service
        made = over(service, below)
        foreign = file is not None or below.foreign
        bases = made.bases if other == path else (*made.bases, other)
        return replace(made, name=service.name, span=service.span, extends=below.extends, foreign=foreign, bases=bases)


def _service(key: Scalar, body: Mapping, folder: str, origin: str | None) -> ComposeService:
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
        env_files=tuple(_env_files(body.get("env_file"), origin)),
        mounts=tuple(_mounts(body.get("volumes"), folder)),
        directory=_scalar(body.get("working_dir")),
        profiles=tuple(_strings(body.get("profiles"))),
        restart=_scalar(restart),
        extends=body.get("extends") is not None,
        ports=tuple(ports_of(body.get("ports"))),
        exposed=tuple(exposed_by(body.get("expose"))),
        names=tuple(names_of(body)),
        links=tuple(links_of(body.get("links"))),
        network=_scalar(body.get("network_mode")) or "",
        volumes=tuple(volumes_of(body.get("volumes"))),
        memory=tuple(tmpfs_of(body)),
        labels=(*_environment(body.get("labels")), *_environment(_deployed(body, "labels"))),
        replicas=_word(_deployed(body, "replicas") or body.get("scale")),
        settings=tuple(_settings(body)),
        is_watched=body.get("develop") is not None,
        needs=tuple(needed_by(body)),
        overlaid=overlaid_by(body),
    )


def _settings(body: Mapping) -> Iterator[PlatformSetting]:
    for name in _SETTINGS:
        value: Node | None = body
        for key in name.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, Scalar) and not value.is_null:
            from prodlint.readers.declared import declared_text

            yield PlatformSetting(name, declared_text(value), value.span)


def _deployed(body: Mapping, name: str) -> Node | None:
    """What a service says of itself in a swarm."""
    deploy = body.get("deploy")
    return deploy.get(name) if isinstance(deploy, Mapping) else None


def _word(node: Node | None) -> Word | None:
    return interpolated(node.text, True) if isinstance(node, Scalar) else None


def _scalar(node: Node | None) -> str | None:
    return node.value if isinstance(node, Scalar) and not node.is_null else None


def _strings(node: Node | None) -> Iterator[str]:
    if isinstance(node, Scalar) and not node.is_null:
        yield node.value
    elif isinstance(node, Sequence):
        for item in node.items:
            if isinstance(item, Scalar):
                yield item.value


def _env_files(node: Node | None, folder: str | None) -> Iterator[ComposeEnvFile]:
    for item in node.items if isinstance(node, Sequence) else (node,):
        if isinstance(item, Scalar) and not item.is_null:
            yield ComposeEnvFile(interpolated(item.text, True), item.span, folder)
        elif isinstance(item, Mapping) and isinstance(path := item.get("path"), Scalar):
            required = _scalar(item.get("required")) != "false"
            raw = _scalar(item.get("format")) == "raw"
            yield ComposeEnvFile(interpolated(path.text, True), path.span, folder, required, raw)


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
    dropped = None
    for word in split:
        literal = word.parts[0] if len(word.parts) == 1 else None
        if isinstance(literal, Literal) and not literal.quoted and (cut := _OPERATOR.search(literal.text.value)):
            if cut.start():
                kept.append(interpolated(literal.text.slice(0, cut.start()), False))
            offset = literal.text.slice(cut.start()).span.start
            dropped = node.text.slice(bisect_left(node.text.offsets, offset)).strip()
            break
        content = word.content
        kept.append(word if content is None else interpolated(content, True))
    return replace(exec_form(tuple(kept), node.text.strip().span if kept else node.span), dropped=dropped)


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
            source, _, rest = _DEFAULT.sub(r"\1", item.value).partition(":")
            target = rest.partition(":")[0]
        elif isinstance(item, Mapping) and _scalar(item.get("type")) == "bind":
            source, target = _scalar(item.get("source")) or "", _scalar(item.get("target")) or ""
        else:
            continue
        source = _DEFAULT.sub(r"\1", source)
        if source.startswith(".") and target.startswith("/"):
            path = normal_path(folder, source)
            if not path.startswith(".."):
                yield Mount(path, target, item.span)
