"""Which environment a set of compose files is for, when no name says so (catalogue, Environments, 3)."""

from __future__ import annotations

from collections.abc import Iterable

from prodlint.deployment.backing_service import BackingService, backing_product
from prodlint.deployment.compose.files import ComposeService
from prodlint.deployment.environment import Environment, environment_of, words_of
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, YES

__all__ = ["environment_beside_production", "environment_by_content"]

_DESK = frozenset(("dev", "develop", "development", "local"))
_PROXIES = ("nginx", "Traefik", "Caddy", "HAProxy", "Apache httpd")


def environment_by_content(
    services: list[Service],
    declared: Iterable[ComposeService],
    backing: Iterable[BackingService],
    repository: Repository,
    is_alone: bool,
) -> Environment:
    """What the services of a set do decides; `is_alone` says that nothing else may be the deployment.

    A stage that is called after development says so itself. Else a proxy in front of a production server that
    restarts is nobody's desk; code that is mounted over the image's, or a development server, is.
    """
    if any(_builds_for_developers(one) for one in _always(services)):
        return Environment.DEVELOPMENT
    declared = tuple(declared)
    restarts = _restarts(declared)
    products = {one.product for one in backing}
    products |= {backing_product(one.image.base) for one in services if one.image is not None and one.image.base}
    proxied = not products.isdisjoint(_PROXIES)
    served = _serves(services)
    if restarts and proxied and served:
        return Environment.PRODUCTION
    if _is_a_desk(services, declared, repository):
        return Environment.DEVELOPMENT
    if not any(one.image is not None or one.server is not None for one in services):
        # Images of others alone say nothing of our deployment.
        return Environment.UNKNOWN
    if is_alone:
        return Environment.PRODUCTION if restarts or proxied or served else Environment.UNKNOWN
    return Environment.PRODUCTION if restarts and served else Environment.UNKNOWN


def environment_beside_production(
    services: list[Service], declared: Iterable[ComposeService], repository: Repository
) -> Environment:
    """What a set is for where something else is production: for developers as a rule.

    Of one that serves by itself and restarts, as projects offer it to those who host them, nobody knows.
    """
    declared = tuple(declared)
    if _restarts(declared) and _serves(services) and not _is_a_desk(services, declared, repository):
        return Environment.UNKNOWN
    return Environment.DEVELOPMENT


def _restarts(declared: Iterable[ComposeService]) -> bool:
    return any(one.restart not in (None, "no", "false") for one in declared)


def _serves(services: list[Service]) -> bool:
    return any(one.server is not None and one.server.is_development is NO for one in services)


def _is_a_desk(services: list[Service], declared: Iterable[ComposeService], repository: Repository) -> bool:
    """Whether developers work with what a set runs."""
    files = {one.name: one for one in declared}
    return any(
        _mounts_code(one, repository) or _is_for_developers(one, files.get(one.name)) for one in _always(services)
    )


def _always(services: list[Service]) -> list[Service]:
    """Those of no profile: the others start when they are asked for, and say nothing of these."""
    return [one for one in services if not one.process.profiles] or [one for one in services if one.server is not None]


def _builds_for_developers(service: Service) -> bool:
    stage = service.process.build.target if service.process.build is not None else None
    return stage is not None and environment_of(stage) is Environment.DEVELOPMENT


def _is_for_developers(service: Service, declared: ComposeService | None) -> bool:
    # `./scripts/run-dev.sh` says so itself.
    script = service.step.span.path if service.step is not None else service.process.path
    if script != service.process.path and environment_of(script) is Environment.DEVELOPMENT:
        return True
    if _builds_for_developers(service):
        return True
    # The variables of developers; a sample (`.env.example`) stands for those of anybody.
    if any(not _DESK.isdisjoint(words_of(one.path.lower())) for one in service.process.env_files):
        return True
    if service.server is None:
        return False
    # What reloads files that nobody can change, and is started again by itself, was not meant for a desk.
    reloads = NO if declared is not None and _is_closed(service, declared) else service.server.reload
    return (service.server.is_development | reloads) is YES


def _is_closed(service: Service, declared: ComposeService) -> bool:
    """Whether a container that starts again by itself runs the files of its image, which nobody changes there."""
    if not _restarts((declared,)) or declared.is_watched:
        return False
    directory = service.place.directory
    targets = [*(one.target for one in declared.mounts), *(one.target for one in declared.volumes)]
    return not targets if directory is None else not any(_lies_over(one, directory) for one in targets)


def _lies_over(target: str, directory: str) -> bool:
    """Whether one of two folders of a container is, or holds, the other one."""
    one, other = (f"{path.rstrip('/')}/" for path in (target, directory))
    return one.startswith(other) or other.startswith(one)


def _mounts_code(service: Service, repository: Repository) -> bool:
    """Whether a folder of the repository lies over the code that the image holds: its app, or what it works in."""
    for mount in service.process.mounts:
        if service.app is not None:
            if not mount.source or service.app.path.startswith(f"{mount.source}/"):
                return True
            continue
        directory = service.place.directory or mount.target
        over_it = directory == mount.target or directory.startswith(mount.target.rstrip("/") + "/")
        if over_it and _holds_code(mount.source, repository):
            return True
    return False


def _holds_code(folder: str, repository: Repository) -> bool:
    return any(not folder or path.startswith(f"{folder}/") for path in repository.python_files)
