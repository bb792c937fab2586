"""Gunicorn's configuration files as files: names in them that are no settings, and files that nobody loads.

Gunicorn skips a name that it does not know without a word, at every log level (measured with 27.0.1).
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterable

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.filemap import absolute
from prodlint.deployment.installed.module_presence import certainly_lacks, may_be_brought
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.config_files import HOOKS
from prodlint.deployment.servers.products import PRODUCTS, grammar_of
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["IgnoredName", "MissingFile", "UnloadedFile", "ignored_names", "missing_file", "unloaded_file"]

# What people write, and the setting that they mean.
_MEANT = {
    "worker": "workers",
    "worker_count": "workers",
    "num_workers": "workers",
    "workers_count": "workers",
    "number_of_workers": "workers",
    "thread": "threads",
    "num_threads": "threads",
    "preload": "preload_app",
    "access_log": "accesslog",
    "access_logfile": "accesslog",
    "accesslogfile": "accesslog",
    "access_logformat": "access_log_format",
    "error_log": "errorlog",
    "error_logfile": "errorlog",
    "errorlogfile": "errorlog",
    "log_file": "errorlog",
    "log_level": "loglevel",
    "log_config": "logconfig",
    "keep_alive": "keepalive",
    "max_request": "max_requests",
    "max_requests_jitters": "max_requests_jitter",
    "graceful_shutdown_timeout": "graceful_timeout",
    "forwarded_ips": "forwarded_allow_ips",
    "worker_tmpdir": "worker_tmp_dir",
    "worker_classes": "worker_class",
    "workers_class": "worker_class",
    "env": "raw_env",
    "pid": "pidfile",
    "pid_file": "pidfile",
}
_SHORTEST = 7
_SETTINGS_THAT_TELL = 2


class IgnoredName(Record):
    """A name that a configuration file of gunicorn binds for nothing, and the setting that it stands for."""

    name: str
    meant: str
    span: Span


class UnloadedFile(Record):
    """A configuration file of gunicorn that no process reads, and the settings in it that differ from the defaults."""

    path: str
    span: Span
    settings: tuple[str, ...]


@per_repository
def _settings(repository: Repository) -> frozenset[str]:
    return frozenset(option.own for option in grammar_of(PRODUCTS["gunicorn"]).options)


def ignored_names(service: Service, repository: Repository) -> tuple[IgnoredName, ...]:
    """The names of the file that a service's gunicorn reads which are nearly settings, and are none."""
    server = service.server
    path = server.configuration if server is not None and server.product == "gunicorn" else None
    module = repository.python(path) if path is not None else None
    if module is None or module.has_dynamic_names:
        return ()
    settings = _settings(repository)
    read = {node.id for node in module.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    found = []
    for name in module.bound_names:
        if name in settings or name in HOOKS or name in read or name.startswith("_") or name != name.lower():
            continue
        bindings = module.bindings(name)
        meant = _meant(name, settings)
        if meant is None or not bindings or any(one.kind != "assignment" for one in bindings):
            continue
        node = bindings[-1].node
        target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        if isinstance(target, ast.Name):
            found.append(IgnoredName(name, meant, module.span(target)))
    return tuple(found)


def _meant(name: str, settings: Iterable[str]) -> str | None:
    if name in _MEANT:
        return _MEANT[name]
    if len(name) < _SHORTEST:
        return None
    near = [one for one in settings if len(one) >= _SHORTEST and _is_near(name, one)]
    return near[0] if len(near) == 1 else None


def _is_near(one: str, other: str) -> bool:
    """Whether one slip of a finger lies between two names: a letter more, less or other, or two that changed places."""
    if abs(len(one) - len(other)) > 1:
        return False
    at = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    if at is None:
        return True
    rests = (
        (one[at + 1 :], other[at + 1 :]),
        (one[at + 1 :], other[at:]),
        (one[at:], other[at + 1 :]),
    )
    swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return swapped or any(left == right for left, right in rests)


class MissingFile(Record):
    """A configuration file that gunicorn certainly does not find: the word that names it, and where it looks."""

    span: Span
    path: str

    @property
    def glued(self) -> str:
        """The name that was meant, where the space behind the option has become a part of it; else empty."""
        name = self.path.rpartition("/")[2]
        return name.strip() if name != name.strip() else ""


def missing_file(service: Service, repository: Repository) -> MissingFile | None:
    """The configuration file that a command names and that certainly does not lie where the process starts."""
    server, step = service.server, service.step
    if server is None or step is None or server.product != "gunicorn" or server.in_code or server.configuration:
        return None
    word = server.option("--config")
    name = word.literal if word is not None else None
    if word is None or not name or name.startswith("python:"):
        return None
    path = absolute(name.removeprefix("file:"), step.directory)
    if path is None or may_be_brought(service, step, repository):
        return None
    lacks = certainly_lacks(service, path, lambda one: one in repository.paths)
    return MissingFile(word.span, path) if lacks else None


def unloaded_file(service: Service, services: Iterable[Service], repository: Repository) -> UnloadedFile | None:
    """The one configuration file of gunicorn in a repository whose gunicorn reads none."""
    server, step = service.server, service.step
    if server is None or step is None or server.product != "gunicorn" or server.in_code or server.configuration:
        return None
    if server.settings.doubt is not None or step.directory is None or server.option("--config") is not None:
        return None
    files = _configurations(repository)
    if len(files) != 1 or any(one.server is not None and one.server.configuration == files[0].path for one in services):
        return None
    file = files[0]
    if environment_of(file.path) in (Environment.DEVELOPMENT, Environment.TEST) or _is_named(repository, file.path):
        return None
    told = [one for one in file.settings if isinstance(server.settings.value(one), Known)]
    return file if told else None


@per_repository
def _configurations(repository: Repository) -> tuple[UnloadedFile, ...]:
    """The files of a repository that look like configurations of gunicorn, by their names and what they bind."""
    found = []
    options = {option.own: option.name for option in grammar_of(PRODUCTS["gunicorn"]).options}
    for path in repository.python_files:
        if "gunicorn" not in posixpath.basename(path):
            continue
        module = repository.python(path)
        names = [name for name in (module.bound_names if module is not None else ()) if name in options]
        if module is not None and len(names) >= _SETTINGS_THAT_TELL:
            span = module.span(module.bindings(names[0])[0].node)
            found.append(UnloadedFile(path, span, tuple(options[name] for name in names)))
    return tuple(found)


@per_repository
def _is_named(repository: Repository, path: str) -> bool:
    """Whether some other file names a file, or imports it: then somebody starts gunicorn with it."""
    base = posixpath.basename(path)
    stem = base.removesuffix(".py")
    needles = (base.encode(), f"import {stem}".encode(), f"{stem} import".encode(), f".{stem}".encode())
    return any(
        any(needle in (repository.data(other) or b"") for needle in needles)
        for other in repository.ordered
        if other != path and not other.endswith((".lock", ".svg", ".png", ".js", ".css", ".map", ".po", ".json"))
    )
