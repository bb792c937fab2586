"""Which image of a manifest is built here: by its name, from what the builds of this repository call theirs.

The order of the evidence is the catalogue's (platform page, 2.3.3). Two candidates make it unknown.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from prodlint.deployment.builds.agreement import COMPUTED, agree, alternatives, segments, without_tag
from prodlint.deployment.builds.project_names import ProjectNames, project_names, says_nothing, words_of
from prodlint.deployment.command import Link, is_of_entrypoint
from prodlint.deployment.compose.files import ComposeFile
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.images.base import is_official
from prodlint.deployment.process import Build, BuiltImage, ImageDefinition, MadeImage, Platform, Process
from prodlint.deployment.releases.action_words import GivenNames, image_names_of
from prodlint.deployment.releases.pipeline_builds import builds_in
from prodlint.deployment.releases.pipeline_variables import named_after_repository
from prodlint.deployment.releases.release import PipelineStep
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.variables.table import Variables
from prodlint.record import Record, replace
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.word import Expansion, Literal, Word

__all__ = ["ImageNames", "built_images", "image_names", "image_path", "names_given", "stands_beside", "with_builds"]

_EDITORS = (".devcontainer", ".gitpod", ".vscode", ".codesandbox")
_LAST_WORD = regex(r"(.+)[-_.]([a-z0-9]+)")
_PUBLIC = frozenset(
    "postgres postgresql postgis pgvector timescaledb pgbouncer mysql mariadb percona redis valkey keydb memcached "
    "rabbitmq kafka cp-kafka zookeeper nats mongo mongodb elasticsearch opensearch kibana logstash minio "
    "traefik caddy haproxy httpd envoy oauth2-proxy cloud-sql-proxy gce-proxy cloudsql-proxy busybox alpine "
    "bash debian ubuntu curl kubectl aws-cli cloud-sdk git k8s-wait-for adminer pgadmin4 mailhog mailpit "
    "prometheus grafana loki all-in-one fluentd fluent-bit "
    "consul etcd keycloak certbot external-dns pause metabase flower sentry datadog-agent agent".split()
)
_BESIDE = frozenset(
    "cloud-sql-proxy gce-proxy cloudsql-proxy alloydb-auth-proxy pgbouncer envoy oauth2-proxy fluentd fluent-bit "
    "datadog-agent agent".split()
)
_BESIDE_FAMILIES = ("statsd", "vault", "jaeger", "opentelemetry-collector")
_PUBLIC_FAMILIES = tuple("clickhouse nginx wait-for jaeger opentelemetry-collector statsd vault cert-manager".split())


def image_path(image: str) -> tuple[str, ...]:
    """The segments of an image's name, without registry, tag and digest; those that are computed are left out."""
    segments = without_tag(image.strip().strip("\"'")).split("/")
    if len(segments) > 1 and (re.search(r"[.:]", segments[0]) or segments[0] == "localhost"):
        del segments[0]
    if segments[:1] == ["library"]:
        del segments[0]
    return tuple(one.lower() for one in segments if one and not COMPUTED.search(one))


def built_images(
    facts: Iterable[BuiltImage],
    compose: Iterable[ComposeFile],
    steps: Iterable[PipelineStep],
    repository: Repository,
) -> tuple[BuiltImage, ...]:
    """Every name under which this repository builds an image, those for the desks of developers aside."""
    found = [one for one in (*facts, *_of_compose(compose)) if not _of_an_editor(one)]
    listed = tuple(steps)
    for step in listed:
        for build in (*builds_in((step,)), *_by_other_builders(step)):
            if build.dockerfile in repository.paths and not build.ends_anywhere:
                names = (one for name in names_given(step).names for one in alternatives(name))
                found.extend(BuiltImage(name, build, step.span) for name in names)
    for step in listed:
        found.extend(_retagged(step, tuple(found)))
    return tuple(found)


def _retagged(step: PipelineStep, built: tuple[BuiltImage, ...]) -> Iterator[BuiltImage]:
    """`docker tag SOURCE NAME` gives a built image another name, most often that of a registry."""
    words = [one for one in _words(step) if one != "image"]
    if words[1:2] == ["tag"] and len(words) == 4 and words[0].rpartition("/")[2] in ("docker", "podman"):
        build = _build_of_name(words[2], built) if step.environment is not Environment.TEST else None
        if build is not None:
            yield BuiltImage(words[3], build, step.span)


def _of_an_editor(built: BuiltImage) -> bool:
    """Whether an editor builds an image: it is called like that of production often, and is none."""
    return any(_is_of_an_editor(path) for path in (built.span.path, built.build.dockerfile or ""))


def _is_of_an_editor(path: str) -> bool:
    return any(part.startswith(_EDITORS) for part in path.split("/"))


def _of_compose(files: Iterable[ComposeFile]) -> Iterator[BuiltImage]:
    for file in files:
        for service in file.services:
            build = service.build
            if service.image is None or build is None or build.context is None or build.inline:
                continue
            if environment_of(file.path) is not Environment.PRODUCTION and environment_of(build.target or "") in _DESKS:
                # Called like the image that is published, and made of a stage for developers.
                continue
            dockerfile = normal_path(build.context, build.dockerfile or "Dockerfile")
            yield BuiltImage(service.image, Build(dockerfile, build.context, build.span, build.target), service.span)


_DESKS = (Environment.DEVELOPMENT, Environment.TEST)
# Of Java and of Go: nothing of what is asked of Python is in their images.
_OTHER_LANGUAGES = ("jib", "ko")

_NAMED = ("-t", "--tag", "--destination", "-d", "--image")


def names_given(step: PipelineStep) -> GivenNames:
    """The names that a build gives to its image; docker/metadata-action may tell them for a whole job."""
    if step.action is not None:
        return image_names_of(step.action, step.job, step.variables, dict(step.matrix))
    return GivenNames(tuple(_values(_words(step), _NAMED)))


def _words(step: PipelineStep) -> list[str]:
    argv = step.step.argv if step.step is not None else ()
    return [word.literal if word.literal is not None else _filled_in(word, step.variables) for word in argv]


def _filled_in(word: Word, variables: Variables) -> str:
    """A word with the variables whose values the pipeline tells; what the rest of it is stays as it is written."""
    parts: list[str] = []
    for part in word.parts:
        if isinstance(part, Literal):
            parts.append(part.text.value)
            continue
        value = default = None
        if isinstance(part, Expansion) and part.name in variables.by_name and not part.operator:
            value = variables.get(part.name)
        elif isinstance(part, Expansion) and part.operator in (":-", "-") and part.operand is not None and not parts:
            # What it is called unless somebody says otherwise; a tag that may be another one is none.
            default = part.operand.literal
        known = named_after_repository(value)
        parts.append(known if known is not None else default or part.span.text)
    return "".join(parts)


def _by_other_builders(step: PipelineStep) -> Iterator[Build]:
    """`gcloud builds submit`, `az acr build` and kaniko: the Dockerfile of a folder."""
    words = _words(step)
    text = " ".join([words[0].rpartition("/")[2], *words[1:3]]) if words else ""
    if step.step is None or not text.startswith(("gcloud builds submit", "az acr build", "executor")):
        return
    last = words[-1] if words[-2:-1] and words[-2] not in _NAMED and not words[-1].startswith("-") else "."
    context = next(_values(words, ("--context",)), last).removeprefix("dir://")
    if "$" in context or "://" in context or context in ("submit", "build"):
        context = "."
    base = (step.step.directory or "/").lstrip("/")
    folder = normal_path(base, context)
    written = next(_values(words, ("-f", "--file", "--dockerfile")), None)
    dockerfile = normal_path(base, written) if written is not None else normal_path(folder, "Dockerfile")
    yield Build(dockerfile, folder, step.span)


def _values(words: list[str], options: tuple[str, ...]) -> Iterator[str]:
    for index, word in enumerate(words):
        if word in options and index + 1 < len(words):
            yield words[index + 1]
        elif word.startswith("--") and word.partition("=")[0] in options and "=" in word:
            yield word.partition("=")[2]


class ImageNames(Record):
    """What images of this repository are called: the names that builds give, its Dockerfiles, names of the project.

    `told` gives, for the last segment of a name, the builds of scripts and Makefiles that nobody is known to run;
    `shown` those of manuals. `own` are those that are called as the repository is, by the name that it has.
    """

    built: tuple[BuiltImage, ...]
    ours: tuple[ImageDefinition, ...]
    project: ProjectNames
    made: tuple[MadeImage, ...] = ()
    by_pipelines: tuple[Build, ...] = ()
    told: Callable[[str], tuple[BuiltImage, ...]] = lambda last: ()
    shown: Callable[[], tuple[BuiltImage, ...]] = tuple
    own: tuple[BuiltImage, ...] = ()

    def pushed(self, image: str) -> Build | None:
        """The build that gives an image just this name, None when there is none or when several do.

        Of a build for an owner that the pipeline alone knows, the rest of the name counts.
        """
        told = _build_of_name(image, (*self.built, *self.own)) or self._of_an_owner(image) or self._told(image)
        return told or self._of_the_project(image)

    def _of_the_project(self, image: str) -> Build | None:
        """The only build that is published under a name of which nothing is told, for an image called like the project.

        A name that says nothing (`${{ secrets.OWNER }}/${{ secrets.NAME }}`) is most often the project's.
        """
        path = image_path(image)
        if not path or is_public(image) or not self.project.is_called(path[-1], image):
            return None
        return _only([one.build for one in self.built if not image_path(one.name)])

    def _of_an_owner(self, image: str) -> Build | None:
        if is_public(image) or is_official(image.strip()) or self.project.is_of_a_vendor(image):
            return None
        if says_nothing(image_path(image)[-1:]):
            return None
        owned = [one for one in self.built if _has_computed_owner(one.name) and _may_be_tag(one.name, image)]
        return _chosen(image, [one for one in owned if agree(one.name, image)])

    def _told(self, image: str) -> Build | None:
        """The build of an image of which only a script or a Makefile tells, by its name as a whole."""
        path = image_path(image)
        is_foreign = not path or is_public(image) or is_official(image.strip())
        if is_foreign or any(image_path(one.name)[-1:] == path[-1:] for one in self.built):
            return None
        return _chosen(image, [one for one in self.told(path[-1]) if agree(one.name, image)])

    def maker(self, image: str) -> MadeImage | None:
        """What else than a Dockerfile makes an image of that name here, in whatever registry it is kept."""
        last = image_path(image)[-1:]
        return next((one for one in self.made if last and image_path(one.name)[-1:] == last), None)

    def is_of_others(self, image: str) -> bool:
        """Whether an image is an official one of a registry, and no build here bears its name."""
        last = image_path(image)[-1:]
        return is_official(image.strip()) and not any(image_path(one.name)[-1:] == last for one in self.built)

    def build(self, image: str, span: Span) -> Build | None:
        """The build of an image by its name, None when it is not known to be ours."""
        if _same(image, self.own):
            return _build_of_name(image, (*self.built, *self.own))
        found = _build_of(image, span, self.built, self.ours, self.project)
        if found is None and not image_path(image):
            # The pipeline that deploys fills the name in: what pipelines build is what there is to deploy.
            return _only(list(self.by_pipelines)) if self.by_pipelines else None
        return found or self._told(image) or self._of_the_project(image)

    def perhaps(self, image: str) -> frozenset[str]:
        """The Dockerfiles of which an image may be a build: something here gives its name to theirs."""
        last = image_path(image)[-1:]
        if not last or is_public(image) or is_official(image.strip()):
            return frozenset()
        found = [one.build for one in (*self.told(last[0]), *self.shown()) if image_path(one.name)[-1:] == last]
        named = self.ours if len(self.ours) == 1 and self.project.may_stand_in(last[0], image) else ()
        return frozenset([*(one.dockerfile for one in found if one.dockerfile), *(one.path for one in named)])


def image_names(
    processes: Iterable[Process],
    built: tuple[BuiltImage, ...],
    definitions: Iterable[ImageDefinition],
    made: tuple[MadeImage, ...],
    steps: Iterable[PipelineStep],
    repository: Repository,
) -> ImageNames:
    """The names of this repository's images, families of the processes' own among them.

    `made` are those that no Dockerfile builds, `steps` those of all pipelines.
    """
    desks = (Environment.DEVELOPMENT, Environment.TEST)
    ours = [one for one in definitions if environment_of(one.path) not in desks and not _is_of_an_editor(one.path)]
    folders = {posixpath.basename(posixpath.dirname(one.path)).lower() for one in ours}
    project = project_names(repository, built, _family_words(tuple(processes), folders))
    pushed = [one for one in builds_in(steps) if one.dockerfile in repository.paths and not one.ends_anywhere]

    @cache
    def by_tasks() -> tuple[BuiltImage, ...]:
        from prodlint.deployment.builds.told import steps_of_tasks

        found = built_images((), (), steps_of_tasks(repository), repository)
        return tuple(one for one in found if environment_of(one.build.dockerfile or "") not in desks)

    @cache
    def told(last: str) -> tuple[BuiltImage, ...]:
        from prodlint.deployment.builds.told import may_tell

        # Walking every task takes long: most images of others stand in none of them.
        return by_tasks() if may_tell(repository, last) else ()

    @cache
    def shown() -> tuple[BuiltImage, ...]:
        from prodlint.deployment.builds.told import builds_of_manuals

        return builds_of_manuals(repository)

    return ImageNames(built, tuple(ours), project, made, tuple(pushed), told, shown)


def with_builds(processes: Iterable[Process], names: ImageNames) -> tuple[list[Process], list[Link]]:
    """The processes with the builds of their images, without those of others' images; and what is not known.

    A process that runs an image of this repository runs in production unless something says otherwise
    (platform page, 2.2).
    """
    kept: list[Process] = []
    open_links: list[Link] = []
    for process in processes:
        # The image of a task definition is often filled in by the job that deploys it.
        image = "" if process.image is None and process.platform is Platform.ECS else process.image
        if image is None or process.build is not None:
            kept.append(process)
            continue
        build = names.build(image, process.span)
        if build is not None:
            environment = process.environment or Environment.PRODUCTION
            kept.append(replace(process, build=build, environment=environment))
        elif not is_public(image):
            maker = names.maker(image)
            is_other = maker is not None and maker.builder in _OTHER_LANGUAGES
            has_command = process.command is not None or process.entrypoint is not None
            # Of an official image with a command of its own, nothing is open: all that is run is written there.
            is_other = is_other or (has_command and maker is None and names.is_of_others(image))
            if not is_other and process.environment not in (Environment.DEVELOPMENT, Environment.TEST):
                what = f"the image {image}, which" if image else "an image that"
                told = "is not known to be ours" if maker is None else f"is built by {maker.builder}: that is not read"
                open_links.append(Link(process.image_at or process.span, f"runs {what} {told}"))
            if has_command:
                kept.append(process if is_other else replace(process, perhaps_builds=names.perhaps(image)))
        elif process.is_job and _is_told_what_to_run(process) and not stands_beside(image):
            # A database's own client that loads the schema: the image is of others, what it does is written here.
            kept.append(process)
    return _with_pods(kept), open_links


def _is_told_what_to_run(process: Process) -> bool:
    return process.entrypoint is not None or (process.command is not None and not is_of_entrypoint(process.command))


def _with_pods(kept: list[Process]) -> list[Process]:
    """The processes with what is known of the environment of those in the same pod."""
    pods = {
        (one.reach.group, one.reach.machine): one.environment
        for one in kept
        if one.reach.machine and one.build is not None and one.environment is not None
    }
    return [
        replace(one, environment=pods.get((one.reach.group, one.reach.machine))) if one.environment is None else one
        for one in kept
    ]


def stands_beside(image: str) -> bool:
    """Whether an image is a well-known one of what serves others in its pod: a way to a database, a collector."""
    name = "".join(image_path(image)[-1:])
    return name in _BESIDE or name.startswith(_BESIDE_FAMILIES) or name.endswith("-exporter")


def is_public(image: str) -> bool:
    """Whether an image is a well-known one of others: a database, a broker, a proxy, a tool."""
    name = "".join(image_path(image)[-1:])
    return name in _PUBLIC or name.startswith(_PUBLIC_FAMILIES) or name.endswith("-exporter")


def _build_of(
    image: str, span: Span, built: tuple[BuiltImage, ...], ours: tuple[ImageDefinition, ...], project: ProjectNames
) -> Build | None:
    path = image_path(image)
    if _same(image, built):
        return _build_of_name(image, built)
    if path and (is_public(image) or _is_bare_official(image)):
        return None
    candidates = [one.build for one in built if path and image_path(one.name)[-1:] == path[-1:]]
    if candidates:
        return _only(candidates)
    by_folder = [one for one in ours if path and posixpath.basename(posixpath.dirname(one.path)).lower() == path[-1]]
    if not by_folder and path:
        # `shop-api` of the project shop is built in `api`.
        stem, folder = _split(path[-1])
        named = [one for one in ours if posixpath.basename(posixpath.dirname(one.path)).lower() == folder]
        by_folder = named if project.stand_in(stem, image) else []
    if len(by_folder) == 1:
        return Build(by_folder[0].path, None, span)
    if len(ours) == 1 and (not path or project.stand_in(path[-1], image)):
        return Build(ours[0].path, None, span)
    return None


def _build_of_name(image: str, built: tuple[BuiltImage, ...]) -> Build | None:
    """By the whole name with its tag, else by the name alone; a build for a tag of its own is that of another image."""
    return _chosen(image, _same(image, built))


def _same(image: str, built: tuple[BuiltImage, ...]) -> list[BuiltImage]:
    """The builds that give an image this name; `$OWNER/nginx` is no build of `nginx`, which is that of others."""
    path = image_path(image)
    is_others = "/" not in image and (is_public(image) or is_official(image.strip()))
    named = [one for one in built if path and image_path(one.name) == path]
    return [one for one in named if not (is_others and "/" in one.name)]


def _may_be_tag(told: str, image: str) -> bool:
    """Whether the tags of two names may be one; what is computed may be any."""
    first, second = (_with_tag(one).rpartition(":")[2] for one in (told, image))
    return first == second or "$" in first or "$" in second or "}" in first


def _has_computed_owner(name: str) -> bool:
    """`${{ secrets.OWNER }}/shop`: somebody's name, and whose it is nobody tells."""
    above = segments(name)[:-1]
    return bool(above) and all(COMPUTED.search(one) or "." in one for one in above) and "$" in above[-1]


def _is_bare_official(image: str) -> bool:
    return "/" not in image and is_official(image.strip())


def _chosen(image: str, same: list[BuiltImage]) -> Build | None:
    """The build of an image among those of its name."""
    # One Dockerfile may be built up to several stages, each with a tag of its own.
    whole = _with_tag(image)
    exact = [one.build for one in same if _with_tag(one.name) == whole]
    open_ = [one.build for one in same if not _fixes_tag(one.name)]
    return _only(exact or open_ or [one.build for one in same])


def _fixes_tag(image: str) -> bool:
    """Whether the name of an image has a tag that is written out and not `latest`."""
    tag = image.rpartition("/")[2].partition(":")[2]
    return tag not in ("", "latest") and "$" not in tag


def _only(candidates: list[Build]) -> Build | None:
    return candidates[0] if len({(one.dockerfile, one.target) for one in candidates}) == 1 else None


def _with_tag(image: str) -> str:
    """An image's name with its tag, which is `latest` when it has none."""
    name = image.strip().strip("\"'").partition("@")[0]
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _split(name: str) -> tuple[str, str]:
    """The last word of a name, and what stands in front of it."""
    found = _LAST_WORD.fullmatch(name)
    return (found[1], found[2]) if found is not None else ("", name)


def _family_words(processes: tuple[Process, ...], folders: set[str]) -> frozenset[str]:
    """Words in front of the names of two folders and more: images that are called so are a family, and ours."""
    members: dict[str, set[str]] = {}
    for process in processes:
        path = image_path(process.image or "")
        stem, folder = _split(path[-1]) if path else ("", "")
        if stem and folder in folders:
            members.setdefault(stem, set()).add(folder)
    return frozenset(word for stem, found in members.items() if len(found) > 1 for word in words_of(stem))
