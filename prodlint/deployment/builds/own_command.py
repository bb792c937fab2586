"""Images whose own command is what runs: nothing that is deployed replaces it (container page, 2.4)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from prodlint.deployment.app import files_of_module
from prodlint.deployment.command import Link
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.image import Image
from prodlint.deployment.images.base import base_brings_servers, is_official, python_in
from prodlint.deployment.process import Build, ImageDefinition, Platform, Process, UnreadDeployment
from prodlint.deployment.project import project_root
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, Known
from prodlint.record import LazyEntity, replace
from prodlint.regex import regex

__all__ = ["image_processes"]

_NOT_PRODUCTION = (Environment.DEVELOPMENT, Environment.TEST)
# Images of workflows' own actions and of editors serve nobody.
_TOOLS = (".github/", ".gitlab/", ".gitpod")
# Folders that hold what deploys the other folders.
_FOR_ALL = frozenset(
    "infra infrastructure terraform tf deploy deployment deployments k8s kubernetes kube helm chart charts ops devops "
    "iac pulumi cdk ansible manifests aws gcp azure cloud environments env".split()
)
# What these start is no image of ours unless they name it.
_WITHOUT_IMAGES = (Platform.SYSTEMD, Platform.LAMBDA, Platform.APP_ENGINE, Platform.HEROKU)
_FINAL = frozenset("final release production prod runtime runner deploy app web server".split())


def image_processes(
    definitions: Mapping[str, ImageDefinition],
    named: Mapping[str, Build],
    services: Iterable[Service],
    classify: Callable[[str], Environment | None],
    image_of: Callable[[Build], Image | None],
    repository: Repository,
    unread: Iterable[UnreadDeployment],
    may_be_named: bool = False,
    tested: frozenset[str] = frozenset(),
) -> Iterator[tuple[Process, Environment]]:
    """A process with its environment for each Dockerfile that no service builds from in that environment.

    `named` are the builds that pipelines name, by Dockerfile; `classify` is what the settings say of a path.
    Where another system starts what lies here, or one is `unread`, the image's own command need not be what
    runs: such a process is not complete. `may_be_named` says that a pipeline builds folders which cannot be told.
    `tested` are the Dockerfiles that jobs which are tests build.
    """
    services = tuple(services)
    unread = tuple(unread)
    unread_files = tuple(one.span.path for one in unread)
    known = _Known(definitions, named, services, unread_files, repository, may_be_named, tested)
    users = _users(services)
    for path, definition in definitions.items():
        using = users.get(path, [])
        if path.startswith(_TOOLS) or any(one.environment is Environment.PRODUCTION for one in using):
            continue
        build = named.get(path) or Build(path, None, definition.span, _final_stage(path, repository))
        image = image_of(build)
        decider = _decider(path, unread, repository) if unread and not using and path not in named else None
        if decider is not None and image is not None:
            supposed = environment_of(path) if environment_of(path) in _NOT_PRODUCTION else None
            environment = classify(path) or supposed or Environment.UNKNOWN
            process = _process(path, image, build, environment, known)
            yield replace(process, span=image.span, decided_by=decider), environment
            continue
        is_product = _is_product(path, image, using, known) if image is not None else None
        if image is None or is_product is None:
            continue
        environment = classify(path) or _supposed(path, image, using, is_product, known)
        if environment in _NOT_PRODUCTION and any(one.environment is environment for one in _of_stage(using, image)):
            # It runs where that service says, with what that service says.
            continue
        yield _process(path, image, build, environment, known), environment


def _decider(path: str, unread: Iterable[UnreadDeployment], repository: Repository) -> Link | None:
    # Loaded late: few repositories hold what is not read.
    from prodlint.deployment.builds.decided import decided_by

    return decided_by(path, unread, repository)


def _users(services: Iterable[Service]) -> dict[str, list[Service]]:
    """The services that build from each Dockerfile."""
    users: dict[str, list[Service]] = {}
    for service in services:
        if service.process.build is not None and service.process.build.dockerfile is not None:
            users.setdefault(service.process.build.dockerfile, []).append(service)
    return users


class _Known(LazyEntity):
    """What is known around an image: the others, the `named` builds of pipelines, what runs.

    Production perhaps runs what the files say that are `unread`.
    """

    definitions: Mapping[str, ImageDefinition]
    named: Mapping[str, Build]
    services: tuple[Service, ...]
    unread: tuple[str, ...]
    repository: Repository
    may_be_named: bool
    tested: frozenset[str]

    def is_of_tests(self, path: str) -> bool:
        """Whether only jobs that are tests build an image, and it need not be what they test: that is another one."""
        if path not in self.tested or path in self.named:
            return False
        return any(one not in self.tested or one in self.named for one in self.definitions if _is_ours(one))

    @cached_property
    def elsewhere(self) -> frozenset[str]:
        """The files that declare what production runs; images that Docker runs are what is asked about here."""
        running = (one for one in self.services if one.environment is Environment.PRODUCTION)
        return frozenset(one.span.path for one in running if one.process.platform is not Platform.DOCKER)

    @cached_property
    def deployed(self) -> frozenset[str]:
        """The Dockerfiles that production builds."""
        running = (one for one in self.services if one.environment is Environment.PRODUCTION)
        return frozenset(one.process.build.dockerfile or "" for one in running if one.process.build is not None) - {""}


def _is_ours(path: str) -> bool:
    return environment_of(path) not in _NOT_PRODUCTION and not path.startswith(_TOOLS)


def _is_product(path: str, image: Image, using: list[Service], known: _Known) -> bool | None:
    """Whether an image is there for production; None where it makes no process of its own."""
    if _starts_something(image) and not (_starts_its_base(image) and known.elsewhere and path not in known.named):
        return True
    may_run = any(_may_run(one, path, image) for one in known.services)
    is_ours = _is_of_one_project(path, known.elsewhere, known.repository)
    # An image of Python is there for code, whoever starts it: `python:3.13` without a CMD.
    is_python = python_in(image.base) is not None
    is_product = path in known.named or not known.elsewhere or may_run or (is_python and not is_ours)
    if not is_product and not is_python and not image.exposed and base_brings_servers(image.base) is NO:
        # What others start in it by hand: a workbench.
        return None
    if any(_adds_nothing(one) for one in using):
        # Whoever starts it says no more than this would.
        return None
    # What production runs of another project says nothing of an image that its base may start.
    return is_product or not is_ours


def _process(path: str, image: Image, build: Build, environment: Environment, known: _Known) -> Process:
    """The process of an image's own command, not complete where somebody else may start the image."""
    declared = image.command or image.entrypoint
    return Process(
        name=_name(path),
        span=declared.span if declared is not None else image.span,
        platform=Platform.DOCKER,
        build=build,
        environment=environment,
        complete=not any(_may_speak_of(one, path) for one in known.unread)
        and not any(_may_start(one, path, image) for one in known.services),
    )


def _supposed(path: str, image: Image, using: list[Service], is_product: bool, known: _Known) -> Environment:
    """Where an image runs of which the settings say nothing."""
    stage = environment_of(image.stage) if image.stage else None
    if stage is not None and stage in _NOT_PRODUCTION:
        return stage
    is_built = path in known.named
    is_left_out = not is_product and bool(using) and all(one.environment is Environment.DEVELOPMENT for one in using)
    if is_left_out or (not is_built and _is_for_desks(path, using, known.deployed, known.repository)):
        return Environment.DEVELOPMENT
    environment = _environment(path, _of_stage(using, image), _is_alone(path, known.definitions), is_built)
    if environment is Environment.DEVELOPMENT and known.may_be_named and environment_of(path) is None:
        # That only developers build it is not known.
        return Environment.UNKNOWN
    if environment is not Environment.PRODUCTION:
        return environment
    if not is_built and not using and any(_names(one, path) for one in known.services):
        # Somebody builds it by hand to develop with it: that nobody else does is not known.
        return Environment.UNKNOWN
    if known.is_of_tests(path):
        return Environment.UNKNOWN
    if any(path in one.process.perhaps_builds or _may_be(one, known) for one in known.services):
        # A command that is told elsewhere may take the place of its own.
        return Environment.UNKNOWN
    # What nothing starts while production runs elsewhere is open, too.
    return Environment.PRODUCTION if is_product else Environment.UNKNOWN


def _may_be(service: Service, known: _Known) -> bool:
    """Whether a service runs the only image of ours, of whose name nothing is known: it starts code of this project."""
    image, server = service.process.image, service.server
    is_open = image is not None and service.process.build is None and service.environment not in _NOT_PRODUCTION
    if not is_open or server is None or not isinstance(server.target, Known) or is_official(image or ""):
        return False
    if sum(map(_is_ours, known.definitions)) != 1:
        return False
    return bool(files_of_module(known.repository, server.target.value.partition(":")[0]))


def _of_stage(using: list[Service], image: Image) -> list[Service]:
    """The services that run just this stage of a Dockerfile."""
    return [one for one in using if one.image is not None and one.image.span == image.span]


def _may_speak_of(other: str, dockerfile: str) -> bool:
    """Whether a deployment file that is not read may be about an image: from the root, a folder for all, or near it."""
    folder = other.partition("/")[0] if "/" in other else ""
    return (
        not folder
        or "/" not in dockerfile
        or folder == dockerfile.partition("/")[0]
        or not _FOR_ALL.isdisjoint(re.split(r"[-_.]", folder.lower()))
    )


def _may_start(service: Service, dockerfile: str, image: Image) -> bool:
    """Whether a production process of a system that names no Dockerfile may run the image of this one."""
    if service.environment is not Environment.PRODUCTION or service.process.build is not None:
        return False
    if service.app is not None:
        return image.files.holds(service.app.path)
    root = service.process.root
    return not root or dockerfile.startswith(f"{root}/")


def _may_run(service: Service, dockerfile: str, image: Image) -> bool:
    """Whether a production process of a system of containers may run it."""
    return service.process.platform not in _WITHOUT_IMAGES and _may_start(service, dockerfile, image)


def _starts_something(image: Image) -> bool:
    """Whether an image says what it starts: options alone are words for an entrypoint that is not read."""
    if image.entrypoint is not None:
        return True
    words = image.command.words if image.command is not None else ()
    return image.command is not None and not (words and (words[0].literal or "").startswith("-"))


def _starts_its_base(image: Image) -> bool:
    """Whether an image starts what its base does, as one does that only lays files into that of nginx."""
    return image.entrypoint is None and image.command is not None and image.command.span == image.span


def _is_of_one_project(dockerfile: str, paths: Iterable[str], repository: Repository) -> bool:
    root = project_root(dockerfile, repository)
    return any(project_root(path, repository) == root for path in paths)


def _adds_nothing(service: Service) -> bool:
    """Whether a service, which may be that of production, starts an image as it is."""
    is_plain = service.process.command is None and service.process.entrypoint is None
    return is_plain and service.environment not in _NOT_PRODUCTION


def _names(service: Service, dockerfile: str) -> bool:
    """Whether a service for developers or tests, declared beside it or above, runs an image called after it."""
    reference = service.process.image
    if service.environment not in _NOT_PRODUCTION or reference is None or service.process.build is not None:
        return False
    image = reference.rpartition("/")[2].partition("@")[0].partition(":")[0]
    above = posixpath.dirname(service.declared_at.path)
    near = not above or dockerfile.startswith(f"{above}/")
    return near and re.search(rf"(?:^|[-_.]){re.escape(_name(dockerfile))}$", image) is not None


def _final_stage(path: str, repository: Repository) -> str | None:
    """The stage that a name marks as the product, where the last one is for developers or tests."""
    document = repository.dockerfile(path)
    froms = [one.words for one in document.instructions if one.keyword == "FROM"] if document is not None else []
    names = [words[2].literal or "" if len(words) > 2 else "" for words in froms]
    if not names or environment_of(names[-1]) not in _NOT_PRODUCTION:
        return None
    return next((name for name in reversed(names) if name.lower() in _FINAL), None)


def _environment(path: str, using: list[Service], is_alone: bool, is_built: bool) -> Environment:
    """`is_alone`: no other image is made of what it is made of; `is_built`: a pipeline builds it, and not for tests."""
    named = environment_of(path)
    if named is not None:
        return named
    if using and all(one.environment is Environment.DEVELOPMENT for one in using):
        # Built for development alone, unless it is the only image: then production builds it too.
        is_product = is_built or _is_overridden(using) or any(_is_served(one) for one in using)
        return Environment.PRODUCTION if is_alone and is_product else Environment.DEVELOPMENT
    return Environment.PRODUCTION if is_alone else Environment.UNKNOWN


def _is_for_desks(path: str, using: list[Service], deployed: Iterable[str], repository: Repository) -> bool:
    """Whether developers alone build an image, and production of the same project another one.

    A folder `deploy` holds the files of both.
    """
    if not using or any(one.environment is not Environment.DEVELOPMENT for one in using):
        return False
    is_named = environment_of(posixpath.basename(path)) is Environment.PRODUCTION
    return not is_named and _is_of_one_project(path, deployed, repository)


def _is_alone(path: str, definitions: Mapping[str, ImageDefinition]) -> bool:
    """Whether no other Dockerfile lies beside it, those for developers and tests aside."""
    ours = [one for one in definitions if environment_of(one) not in _NOT_PRODUCTION]
    return [one for one in ours if posixpath.dirname(one) == posixpath.dirname(path)] == [path]


def _is_overridden(using: list[Service]) -> bool:
    """Whether development replaces the image's command, which leaves that one to production."""
    return all(one.process.command is not None or one.process.entrypoint is not None for one in using)


def _is_served(service: Service) -> bool:
    """Whether the image's own command starts a server for production."""
    return service.process.command is None and service.server is not None and service.server.is_development is NO


# Folders that hold the Dockerfiles of a project, whatever they are for.
_HOLDERS = frozenset(
    "docker .docker dockerfiles dockerfile images image containers container build builds deploy deployment "
    "deployments infra infrastructure ops devops compose production prod etc contrib packaging".split()
)


def _name(path: str) -> str:
    """What to call the service of an image: what its file is called after, else its folder, else the file."""
    folder, _, file = path.rpartition("/")
    own = _SUFFIX.sub("", file) if file != "Dockerfile" else ""
    if own and own.lower() not in _FINAL and environment_of(own) is None:
        return own
    parent = posixpath.basename(folder)
    return parent if parent and parent.lower() not in _HOLDERS else path


_SUFFIX = regex(r"(?i)^(docker|container)file[-._]?|[-._]?(docker|container)file$")
