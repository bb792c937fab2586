"""Whose port a Service leads to: the containers of a pod share their network, and one of them listens there.

What a container declares is documentation (platform page, 2.3, Ports): first counts who is known to bind the number,
then who declares it or is probed there. Else it is the only one that may be meant; else nobody can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from prodlint.deployment.backing_service import BackingService
from prodlint.deployment.builds.names import image_path
from prodlint.deployment.process import Exposure, Process, Role
from prodlint.deployment.proxies.dialling import (
    is_of_proxy,
    is_same_port,
    listening_to_others,
    may_listen,
    settled_port,
)
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, Value
from prodlint.record import Entity, replace

__all__ = ["with_ports_of_pods"]

# They listen for their own pod alone, or for nobody.
_FOR_THEIR_POD = frozenset(
    "cloud-sql-proxy gce-proxy cloudsql-proxy alloydb-auth-proxy fluentd fluent-bit promtail filebeat vector git-sync "
    "datadog-agent agent".split()
)
_PORTS = {
    "PostgreSQL": (5432,),
    "PgBouncer": (6432,),
    "MySQL": (3306, 33060),
    "MariaDB": (3306,),
    "Redis": (6379,),
    "Valkey": (6379,),
    "Memcached": (11211,),
    "RabbitMQ": (5672, 15672),
    "MongoDB": (27017,),
}


class _Container(Entity):
    """One container of a pod: a service of ours, or one of others."""

    process: Process
    service: Service | None = None
    product: str = ""

    def listens(self, port: Value[int]) -> Answer:
        """Whether it is known to listen on a port for others than its own pod."""
        process, service = self.process, self.service
        if service is not None:
            found = listening_to_others(service, port)[0]
            return UNKNOWN if found is NO and _may_hold_another(service) else found
        usual = _PORTS.get(self.product)
        if usual is None or process.command is not None or process.entrypoint is not None:
            return UNKNOWN
        return YES if settled_port(port) in usual else NO

    def declares(self, port: Value[int]) -> bool:
        return any(is_same_port(one.number, port) for one in self.process.ports)

    def is_probed(self, port: Value[int]) -> bool:
        return any(is_same_port(one.port, port) for one in self.process.probes)

    def binds_by_default(self, port: Value[int]) -> bool:
        """Whether it listens there unless somebody sets a variable."""
        server = self.service.server if self.service is not None else None
        ports = [settled_port(one.port) for one in server.binds] if server is not None else []
        return settled_port(port) in ports

    @property
    def may_be_meant(self) -> bool:
        """Whether it may be what others dial: it works off no queue, and does not serve its own pod alone."""
        if self.service is not None and (self.service.worker is not None or self.service.role in _WORKING):
            return False
        return "".join(image_path(self.process.image or "")[-1:]) not in _FOR_THEIR_POD


_WORKING = (Role.WORKER, Role.BEAT, Role.RELEASE)


def with_ports_of_pods(
    services: Sequence[Service], backing: Sequence[BackingService]
) -> tuple[list[Service], list[BackingService]]:
    """The services and what runs beside them, each with the ports of Services that lead to it."""
    pods: dict[tuple[str, str], list[_Container]] = {}
    for service in services:
        if service.process.reach.exposures:
            pods.setdefault(_pod(service.process), []).append(_Container(service.process, service))
    for one in backing:
        if one.process is not None and one.process.reach.exposures:
            pods.setdefault(_pod(one.process), []).append(_Container(one.process, product=one.product))
    owned: dict[int, tuple[Exposure, ...]] = {}
    for containers in pods.values():
        owned.update((id(one.process), ()) for one in containers)
        for exposure in containers[0].process.reach.exposures:
            owner = _owner(exposure.target, containers)
            if owner is not None:
                owned[id(owner.process)] += (exposure,)
    if not owned:
        return list(services), list(backing)
    return [_serving(one, owned) for one in services], [_led_to(one, owned) for one in backing]


def _pod(process: Process) -> tuple[str, str]:
    return process.reach.group, process.reach.machine


def _owner(port: Value[int], containers: list[_Container]) -> _Container | None:
    """The container that a port belongs to; None where that stays open."""
    if settled_port(port) is None:
        return _only(containers, lambda one: one.may_be_meant)
    judged = {id(one): one.listens(port) for one in containers}
    bound = [one for one in containers if judged[id(one)] is YES]
    if bound:
        return bound[0] if len(bound) == 1 else None
    free = [one for one in containers if judged[id(one)] is not NO]
    declaring = [one for one in containers if one.declares(port)]
    if declaring:
        # Of several the one that may listen there; a mistake in the only one is told as it is written.
        return _only(declaring, lambda one: True) or _only(declaring, lambda one: judged[id(one)] is not NO)
    return (
        _only(free, lambda one: one.is_probed(port))
        or _only(free, lambda one: one.binds_by_default(port))
        or _only(free, lambda one: one.may_be_meant)
        or (None if any(one.may_be_meant for one in free) else _only(containers, lambda one: one.may_be_meant))
    )


def _only(containers: Iterable[_Container], fits: Callable[[_Container], bool]) -> _Container | None:
    found = [one for one in containers if fits(one)]
    return found[0] if len(found) == 1 else None


def _may_hold_another(service: Service) -> bool:
    """Whether something else in its container may listen."""
    if is_of_proxy(service.image) or service.execution.unread:
        return True
    return any(may_listen(step, service) for step in service.execution.steps)


def _serving(service: Service, owned: dict[int, tuple[Exposure, ...]]) -> Service:
    exposures = owned.get(id(service.process))
    if exposures is None or exposures == service.process.exposures:
        return service
    role = Role.WEB if exposures and service.role is Role.UNKNOWN else service.role
    return replace(service, process=replace(service.process, exposures=exposures), role=role)


def _led_to(beside: BackingService, owned: dict[int, tuple[Exposure, ...]]) -> BackingService:
    process = beside.process
    exposures = owned.get(id(process)) if process is not None else None
    if process is None or exposures is None or exposures == process.exposures:
        return beside
    return replace(beside, process=replace(process, exposures=exposures))
