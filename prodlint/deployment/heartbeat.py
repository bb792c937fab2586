"""Where the workers of gunicorn leave the signs of life that their master looks at.

Each worker touches a file that lies in `worker_tmp_dir`, else in the first of $TMPDIR, /tmp, /var/tmp, /usr/tmp and the
working directory that can be written to. Where none can, gunicorn ends before its first worker (measured with gunicorn
27.0 on a file system mounted read-only: "No usable temporary directory found").
"""

from __future__ import annotations

from prodlint.deployment.filemap import absolute
from prodlint.deployment.process import Platform
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known
from prodlint.finding import Fix, Safety
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["Heartbeat", "heartbeat_of", "in_memory"]

_READ_ONLY = {
    Platform.COMPOSE: "read_only",
    Platform.KUBERNETES: "securityContext.readOnlyRootFilesystem",
    Platform.ECS: "readonlyRootFilesystem",
}
_HASTY = 30
"""The seconds, gunicorn's own default, in which a disk may well be busy."""
_TEMPORARY = ("/tmp", "/var/tmp", "/usr/tmp")


class Heartbeat(Record):
    """A heartbeat on the file system of the container; `read_only` is the place that makes all of that read-only."""

    span: Span
    read_only: Span | None = None


def heartbeat_of(service: Service) -> Heartbeat | None:
    """The heartbeat of a service's gunicorn where it is known to lie in its container's own files."""
    server, process = service.server, service.process
    if server is None or server.product != "gunicorn" or process.platform not in _READ_ONLY:
        return None
    if not server.settings["worker_tmp_dir"].is_default or service.variables.get("TMPDIR") is not None:
        return None
    targets = process.folders
    said = process.platform_setting(_READ_ONLY[process.platform])
    if said is None or (isinstance(said.value, Known) and said.value.value.lower() == "false"):
        timeout = server.settings.known("timeout")
        is_hasty = isinstance(timeout, int) and 0 < timeout <= _HASTY
        return Heartbeat(server.span) if is_hasty and not _lies_in(_TEMPORARY[0], targets) else None
    here = service.step.directory if service.step is not None else None
    directory = absolute(here, service.place.directory) if here is not None else None
    if not isinstance(said.value, Known) or said.value.value.lower() != "true" or directory is None:
        return None
    if any(_lies_in(folder, targets) for folder in (*_TEMPORARY, directory)):
        return None
    return Heartbeat(server.span, said.span)


def in_memory(service: Service) -> Fix | None:
    """The option that lets the workers of a service show in memory that they live; None where that is not certain."""
    from prodlint.deployment.fixes.bind import with_option

    edit = with_option(service, service.server, "--worker-tmp-dir=/dev/shm") if service.server is not None else None
    return None if edit is None else Fix("keep the heartbeat in memory", (edit,), Safety.SAFE)


def _lies_in(folder: str, targets: tuple[str, ...]) -> bool:
    return any(f"{folder}/".startswith(f"{target.rstrip('/')}/") for target in targets)
