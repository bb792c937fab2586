"""The app that a file of PasteDeploy names: `gunicorn --paste production.ini`, `uwsgi --ini-paste`.

Read from PasteDeploy 3.1 (loadwsgi.py): a name stands for `[app:…]`, `[pipeline:…]` or `[composite:…]`, `main` without
one; the last of a pipeline is the app; `use` is `call:module:factory` or `egg:DISTRIBUTION#entry_point`.
"""

from __future__ import annotations

from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.layers import Context
from prodlint.deployment.value import Known, Unknown, Value
from prodlint.source import Span
from prodlint.syntax.ini import Ini, Option

__all__ = ["paste_target"]

_HOPS = 10
_APP = ("app", "application")


def paste_target(context: Context, written: str, span: Span) -> Value[str]:
    """`module:factory()` of the app that `FILE#name` names for PasteDeploy, or why it is not known."""
    file, _, name = written.removeprefix("config:").partition("#")
    path = context.locate(file)
    document = context.repository.ini(path) if path is not None else None
    if document is None:
        return Unknown(f"{file} names the app for PasteDeploy, and is not in this repository", span)
    named = _named(document, name or "main")
    if named is None:
        return Unknown(f"{path} names the app for PasteDeploy, in a way that is not followed", span)
    kind, _, what = named.value.value.strip().partition(":")
    factory = what.strip() if kind == "call" else _entry_point(what.strip(), context.repository)
    if factory is None or ":" not in factory:
        return Unknown(f"{path} names {named.value.value.strip()} for PasteDeploy, which is not found here", named.span)
    return Known(f"{factory}()", named.span)


def _named(document: Ini, name: str) -> Option | None:
    """What `use` of the app says, behind pipelines and other names of the same file."""
    for _ in range(_HOPS):
        pipeline = document.get(f"pipeline:{name}", "pipeline")
        if pipeline is not None and pipeline.value.value.split():
            name = pipeline.value.value.split()[-1]
            continue
        use = next((found for kind in _APP if (found := document.get(f"{kind}:{name}", "use")) is not None), None)
        if use is None or use.value.value.strip().startswith(("call:", "egg:")):
            return use
        name = use.value.value.strip()
    return None


def _entry_point(what: str, repository: Repository) -> str | None:
    """The factory that the entry point of a project of this repository names."""
    distribution, _, name = what.partition("#")
    for path in repository.paths:
        document = repository.toml(path) if path.rpartition("/")[2] == "pyproject.toml" else None
        held = document.get("project", "name") if document is not None else None
        if document is None or not isinstance(held, str) or _plain(held) != _plain(distribution):
            continue
        factory = document.get("project", "entry-points", "paste.app_factory", name or "main")
        return factory if isinstance(factory, str) else None
    return None


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
