"""The app that a worker of Celery loads: where it is made, as Celery finds it.

Celery, "Application", find_app: `-A shop` is an attribute of a module, else `app` or `celery` of it, else the app that
it holds under another name, else all that of its module `celery`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from prodlint.deployment.app import locate_module, module_at, roots_of
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known
from prodlint.record import replace
from prodlint.source import Span
from prodlint.syntax.python import PythonModule

__all__ = ["worker_app_of"]

_NAMES = ("app", "celery", "application")
_CELERY = ("celery.Celery", "celery.app.Celery")
_MOST_IMPORTS = 5


def worker_app_of(service: Service, repository: Repository) -> Span | None:
    """Where the app that a worker or a scheduler of Celery names is made; None where it was not found."""
    worker = service.worker
    if worker is None or not worker.is_celery or not isinstance(worker.target, Known):
        return None
    directory = service.step.directory if service.step is not None else service.place.directory
    place = replace(service.place, directory=directory)
    # The target of a relative import is told from the root of the repository.
    roots = (*roots_of(place, repository), "")

    def module_of(dotted: str) -> PythonModule | None:
        path = module_at(place, (), dotted, repository) or locate_module(repository, roots, dotted)
        return repository.python(path) if dotted and path is not None else None

    dotted, _, attribute = worker.target.value.partition(":")
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
