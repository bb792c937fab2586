"""The containers of a cluster that run images of others: databases, brokers, and what stands beside ours in a pod."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prodlint.deployment.backing_service import BackingService, backing_service
from prodlint.deployment.builds.names import ImageNames, stands_beside
from prodlint.deployment.environment import Environment
from prodlint.deployment.process import Platform, Process, Role
from prodlint.record import replace

__all__ = ["containers_beside"]


def containers_beside(
    declared: Iterable[Process],
    ours: Iterable[Process],
    names: ImageNames,
    environment_of: Callable[[Process], Environment],
) -> Iterator[BackingService]:
    """The containers that are none of ours, each in the environment of its pod.

    Of an image of which nothing is known those are told that a Service leads to, and those in a pod of ours.
    """
    # A loop of a chart declares several at one place.
    kept: set[object] = set()
    pods: dict[tuple[str, str], Environment] = {}
    for one in ours:
        kept.add((one.span, one.name))
        if one.reach.machine:
            _note(pods, one, environment_of(one))
    found: list[BackingService] = []
    for one in declared:
        if one.platform is not Platform.KUBERNETES or (one.span, one.name) in kept or _ends(one):
            continue
        beside = backing_service(one.name, one)
        if beside is None:
            continue
        maker, environment = names.maker(beside.image), environment_of(one)
        if maker is not None:
            # As for an image of ours that a Dockerfile builds.
            environment = Environment.PRODUCTION if environment is Environment.UNKNOWN else environment
            _note(pods, one, environment)
        found.append(replace(beside, environment=environment, made_by=maker))
    for container in found:
        process = container.process
        shared = pods.get((process.reach.group, process.reach.machine)) if process is not None else None
        if shared is not None and container.environment is Environment.UNKNOWN:
            container = replace(container, environment=shared)
        if shared is not None or container.product or (process is not None and process.reach.names):
            yield container


def _note(pods: dict[tuple[str, str], Environment], process: Process, environment: Environment) -> None:
    """What runs in a pod says where the rest of it does."""
    pod = (process.reach.group, process.reach.machine)
    if pods.get(pod, Environment.UNKNOWN) is Environment.UNKNOWN:
        pods[pod] = environment


def _ends(process: Process) -> bool:
    """Whether it prepares something and ends; what stands beside it in the pod of a Job is there for as long."""
    return process.role is Role.RELEASE and not (process.is_job and stands_beside(process.image or ""))
