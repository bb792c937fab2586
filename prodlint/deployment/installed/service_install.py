"""What a service's image, build commands or platform install, and whether that is everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prodlint.deployment.command import Step
from prodlint.deployment.dependency import Install
from prodlint.deployment.environment import Environment
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import FileMap, absolute
from prodlint.deployment.images.base import python_in
from prodlint.deployment.install import install_of
from prodlint.deployment.installation import Installation
from prodlint.deployment.process import Platform
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.value import UNKNOWN, YES, Answer, Known, Value
from prodlint.record import Record, replace

__all__ = ["installs_of", "production_installations"]

_INSTALLERS = frozenset(
    "make tox nox nix bazel pants conda mamba micromamba just hatch flit invoke ansible-playbook".split()
)
_SYSTEM_INSTALLERS = frozenset("apt apt-get apk dnf yum microdnf install_packages".split())
_SERVERS = ("gunicorn", "uvicorn", "uwsgi", "hypercorn", "daphne", "waitress", "granian")
_BUILDERS = {
    Platform.HEROKU: "heroku",
    Platform.RAILWAY: "railway",
    Platform.APP_ENGINE: "appengine",
    Platform.CLOUD_RUN: "cloudrun",
    Platform.LAMBDA: "lambda",
    Platform.BEANSTALK: "beanstalk",
    Platform.DIGITALOCEAN: "digitalocean",
    Platform.FLY: "fly",
    Platform.CLOUD_FOUNDRY: "cloudfoundry",
}
# These bring a Python of their own.
_OWN_PYTHON = frozenset(("conda", "mamba", "micromamba", "pixi", "rye"))
# Platforms that install the server of their default command themselves.
_BRING_GUNICORN = ("App Engine", "Elastic Beanstalk")
_HOSTS = (Platform.SYSTEMD, Platform.SUPERVISOR)
_RUNNERS = frozenset(("uv", "uvx", "pipx"))


def installs_of(service: Service, repository: Repository) -> tuple[tuple[Install, ...], Answer]:
    """The installs of a service; YES when nothing else can bring it a package."""
    found: list[Install] = []
    known = YES
    if service.image is not None:
        known = UNKNOWN if service.image.unread else known
        known = known if service.image.base_brings_servers is not UNKNOWN else UNKNOWN
        steps = [_Install(one.step, one.files, one.variables, python_in(one.base)) for one in service.image.steps]
    else:
        steps = []
        for line in service.process.before:
            execution = execute(line, service.place, repository)
            known = UNKNOWN if execution.unread else known
            steps.extend(_Install(step, service.place.files, service.place.environment) for step in execution.steps)
        found.extend(_by_platform(service, repository))
        known = UNKNOWN if _may_run_in_an_image(service, repository) else known
    for one in steps:
        install = _install(one, repository)
        if install is not None:
            found.append(install)
        elif _may_install(one.step):
            known = UNKNOWN
    if service.process.default_of in _BRING_GUNICORN:
        known = UNKNOWN
    if service.image is None and (not found or service.process.platform in _HOSTS):
        # Something installs the app's packages, and nothing here says what.
        known = UNKNOWN
    for step in service.execution.steps:
        started = _Install(step, service.place.files, service.place.environment)
        install = None if service.stays(step) else _install(started, repository)
        found.extend([install] if install is not None else [])
    if service.step is not None and _RUNNERS & set(service.step.layers):
        known = UNKNOWN
    return tuple(_for_python(found, service, repository)), known


def _for_python(installs: list[Install], service: Service, repository: Repository) -> Iterator[Install]:
    """The installations with the Python of the service, where their own image does not tell another."""
    version = None
    if any(one.python is None for one in installs):
        from prodlint.deployment.installed.runtime import python_of

        python = python_of(service, repository)
        version = python.value if isinstance(python, Known) else None
    for one in installs:
        other = (
            one.tool in _OWN_PYTHON or one.isolated or _names_python(one) or (one.tool == "uv" and _pinned(repository))
        )
        yield replace(one, python=None if other else one.python or version)


def _names_python(install: Install) -> bool:
    return "--python" in install.written or " -p " in install.written


def _pinned(repository: Repository) -> bool:
    """Whether a file tells uv which Python to bring."""
    return bool(repository.named(".python-version"))


class _Install(Record):
    """A step that may install, where it runs, and the Python of its image."""

    step: Step
    files: FileMap
    variables: Mapping[str, Value[str]]
    python: str | None = None


def _may_run_in_an_image(service: Service, repository: Repository) -> bool:
    """Whether a Procfile lies beside a Dockerfile: Dokku and Cabotage start its processes in that image.

    Source: dokku.com, "Dockerfile Deployment"; Heroku's buildpacks would install from the folder.
    """
    folder, _, name = service.process.path.rpartition("/")
    beside = f"{folder}/Dockerfile" if folder else "Dockerfile"
    return name.startswith("Procfile") and any(
        path.startswith(beside) and "/" not in path[len(beside) :] for path in repository.paths
    )


def _by_platform(service: Service, repository: Repository) -> Iterator[Install]:
    name = _BUILDERS.get(service.process.platform)
    packages = service.process.setting("packages")
    if packages is not None:
        name = packages.value if isinstance(packages, Known) else None
    if name and service.process.build is None and service.process.image is None:
        from prodlint.deployment.packages.install_platform import platform_installs

        yield from platform_installs(repository, service.process.root, name, service.span)


def _install(one: _Install, repository: Repository) -> Install | None:
    def locate(written: str) -> str | None:
        path = absolute(written, one.step.directory)
        for candidate in one.files.candidates(path) if path is not None else ():
            if candidate in repository.paths or candidate in repository.folders:
                return candidate
        return None

    found = install_of(one.step, one.step.directory, repository, locate, one.variables)
    return found if found is None or one.python is None else replace(found, python=one.python)


def _may_install(step: Step) -> bool:
    """Whether a build step that is no known installer may bring a Python server all the same."""
    if step.program in _INSTALLERS:
        return True
    words = " ".join(argument or "" for argument in step.arguments)
    return step.program in _SYSTEM_INSTALLERS and any(server in words for server in _SERVERS)


def production_installations(services: Iterable[Service]) -> tuple[Installation, ...]:
    """The installs of production, each once, with the file of the image or platform that performs it."""
    found: dict[tuple[str, int, str], Installation] = {}
    for service in services:
        if service.environment is not Environment.PRODUCTION:
            continue
        owner = service.image.path if service.image is not None else service.process.path
        for install in service.installs:
            key = (install.span.path, install.span.start, install.tool)
            found.setdefault(key, Installation(install, owner, service.environment))
    return tuple(found.values())
