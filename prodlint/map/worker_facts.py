"""What works off a queue or a schedule, as the map tells it: the program with its version, and the app that it loads.

Celery, "Application", find_app: `-A shop` is an attribute of a module, else `app` or `celery` of it, else the app that
it holds under another name, else all that of its module `celery`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from prodlint.deployment.app import locate_module, module_at, roots_of
from prodlint.deployment.packages.installed_version import placed_version_of
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.worker_settings import Worker
from prodlint.deployment.service import Service
from prodlint.deployment.value import EnvDriven, Known
from prodlint.map.document import Fact, Source, State
from prodlint.record import replace
from prodlint.source import Span
from prodlint.syntax.python import PythonModule

__all__ = ["worker_facts"]

_NAMES = ("app", "celery", "application")
_MOST_IMPORTS = 5


def worker_facts(service: Service, worker: Worker, repository: Repository, is_ours: bool) -> Iterator[Fact]:
    """Its `server` and its `app`; `is_ours` where the files of the repository tell what its image installs."""
    version = placed_version_of(service.installs, worker.distribution, repository) if is_ours else None
    sources = [Source(worker.product, worker.span, "starts it")]
    if version is not None:
        sources.insert(0, Source(version.value, version.span, "fixes its version"))
    text = worker.product if version is None else f"{worker.product}, {worker.distribution} {version.value}"
    yield Fact("server", text, span=worker.span, sources=tuple(sources))
    target = worker.target
    if isinstance(target, EnvDriven):
        yield Fact("app", f"${target.name} names it", State.UNKNOWN, target.span)
    elif isinstance(target, Known) and worker.product.startswith("celery"):
        found = _place(service, target.value, repository)
        text = f"{target.value} → {found}, Celery" if found is not None else f"{target.value} was not found"
        yield Fact("app", text, State.UNKNOWN if found is None else State.KNOWN, found or target.span)


def _place(service: Service, target: str, repository: Repository) -> Span | None:
    """Where the app of a target is made."""
    directory = service.step.directory if service.step is not None else service.place.directory
    place = replace(service.place, directory=directory)
    # The target of a relative import is told from the root of the repository.
    roots = (*roots_of(place, repository), "")

    def module_of(dotted: str) -> PythonModule | None:
        path = module_at(place, (), dotted, repository) or locate_module(repository, roots, dotted)
        return repository.python(path) if dotted and path is not None else None

    dotted, _, attribute = target.partition(":")
    owner, _, last = dotted.rpartition(".")
    if attribute:
        return _made(module_of, dotted, attribute)
    found = _made(module_of, owner, last)
    for name in (dotted, f"{dotted}.celery"):
        found = found or next((one for one in (_made(module_of, name, held) for held in _NAMES) if one), None)
        found = found or _only_app(module_of(name))
    return found


def _made(module_of: Callable[[str], PythonModule | None], dotted: str, name: str) -> Span | None:
    """Where what a module holds under a name is made, also where it imports it."""
    for _ in range(_MOST_IMPORTS):
        module = module_of(dotted)
        bindings = module.bindings(name) if module is not None else ()
        made = next((one for one in reversed(bindings) if isinstance(one.value, ast.expr) or one.target), None)
        if module is None or made is None:
            return None
        if made.target is None:
            return module.span(made.node)
        dotted, _, name = made.target.rpartition(".")
    return None


def _only_app(module: PythonModule | None) -> Span | None:
    """Where a module makes an app of Celery, whatever it is called."""
    for name in module.bound_names if module is not None else ():
        for one in module.bindings(name) if module is not None else ():
            made = one.value if isinstance(one.value, ast.Call) else None
            if module is not None and made is not None and (module.qualified_name(made.func) or "") in _CELERY:
                return module.span(one.node)
    return None


_CELERY = ("celery.Celery", "celery.app.Celery")
