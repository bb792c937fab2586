"""What a platform's buildpack installs from a folder when nothing else says what to install.

Sources, read on 2026-11-24: heroku-buildpack-python (lib/package_manager.sh and the installers beside
it), serverless-python-requirements (lib/pip.js), Railpack (core/providers/python/python.go), and the
catalogue's delivery page, 2.6.
"""

from __future__ import annotations

from collections.abc import Callable

from prodlint.deployment.dependency import Install
from prodlint.deployment.packages.install_arguments import Arguments, Settings
from prodlint.deployment.packages.install_managers import (
    ManagerCall,
    pdm_install,
    pipenv_install,
    poetry_install,
    uv_sync,
)
from prodlint.deployment.packages.install_sources import Sources
from prodlint.deployment.packages.serverless_requirements import as_packed
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.requirement import canonical_name
from prodlint.deployment.value import UNKNOWN
from prodlint.record import replace
from prodlint.source import Span, Text
from prodlint.syntax.word import Word

__all__ = ["PLATFORMS", "package_manager_files", "platform_install", "platform_installs"]

_REQUIREMENTS = "requirements.txt"
_PYPROJECT = "pyproject.toml"
_HEROKU = ("Pipfile.lock", _REQUIREMENTS, "poetry.lock", "uv.lock")

_Way = tuple[tuple[str, ...], str]
"""Files that must all be there, and the command that they lead to."""

_PIP: _Way = ((_REQUIREMENTS,), "pip install -r requirements.txt")
_POETRY: _Way = ((_PYPROJECT, "poetry.lock"), "poetry install --only main --no-root")
_PIPENV: _Way = (("Pipfile", "Pipfile.lock"), "pipenv install --deploy")

_WAYS: dict[str, tuple[_Way, ...]] = {
    "heroku": (
        _PIPENV,
        _PIP,
        ((_PYPROJECT, "poetry.lock"), "poetry sync --only main"),
        ((_PYPROJECT, "uv.lock"), "uv sync --locked --no-default-groups"),
    ),
    "railway": (
        _PIP,
        ((_PYPROJECT, "uv.lock"), "uv sync --locked --no-dev"),
        _POETRY,
        ((_PYPROJECT, "pdm.lock"), "pdm install --prod"),
        (("Pipfile", "Pipfile.lock"), "pipenv install --deploy --ignore-pipfile"),
        (("Pipfile",), "pipenv install --skip-lock"),
    ),
    "appengine": (_PIP,),
    "cloudrun": (_PIP,),
    "lambda": (_PIP,),
    # lib/pip.js: Poetry and Pipenv come before a requirements file, unless options say otherwise.
    "serverless-python-requirements": (_POETRY, _PIPENV, _PIP),
    "serverless-wsgi": (_PIP,),
    "beanstalk": (_PIP, _PIPENV),
    "digitalocean": (_PIPENV, _PIP),
    "fly": (_PIP, _PIPENV, _POETRY),
    # python-buildpack, src/python/supply: a Pipfile counts where no requirements.txt is there.
    "cloudfoundry": (_PIP, _PIPENV),
    "azure": (_PIP,),
    "vercel": (_PIP, _PIPENV),
}
# Where several of these files lie side by side, which one counts has changed or is written nowhere: Heroku took the
# first of its order until late in 2025, now the build fails, and one of them has to go.
_REFUSES_SEVERAL: dict[str, tuple[str, ...]] = {
    "heroku": _HEROKU,
    "digitalocean": _HEROKU,
    "fly": _HEROKU,
    "beanstalk": (_REQUIREMENTS, "Pipfile.lock"),
    "vercel": (_REQUIREMENTS, "Pipfile.lock", "uv.lock"),
}
# Newer builders of these platforms read a pyproject.toml too, in ways that differ by version.
_READS_PYPROJECT = frozenset(
    "appengine cloudrun lambda digitalocean azure vercel beanstalk fly serverless-python-requirements".split()
)

PLATFORMS = frozenset(_WAYS)
"""The platforms whose own choice of a package manager is known."""


def package_manager_files(repository: Repository, folder: str) -> tuple[str, ...]:
    """The paths in a folder by which Heroku chooses a package manager: more than one fails its build."""
    return tuple(path for path in (normal_path(folder, name) for name in _HEROKU) if path in repository.paths)


def platform_install(repository: Repository, folder: str, platform: str, span: Span) -> Install | None:
    """What a platform installs from a folder by itself; None when it finds nothing there, or is not known.

    `span` is the place that declares the platform. The answer is incomplete where the platform's
    choice is not certain.
    """
    return next(iter(platform_installs(repository, folder, platform, span)), None)


def platform_installs(repository: Repository, folder: str, platform: str, span: Span) -> tuple[Install, ...]:
    """As `platform_install`, with every candidate where any of the package managers side by side may be chosen."""
    here = {
        name for name in (_PYPROJECT, "Pipfile", *_HEROKU, "pdm.lock") if normal_path(folder, name) in repository.paths
    }
    ways = [command for needs, command in _WAYS.get(platform, ()) if here.issuperset(needs)]
    rivals = tuple(normal_path(folder, name) for name in _REFUSES_SEVERAL.get(platform, ()) if name in here)
    several = len(rivals) > 1
    made = [_perform(command, repository, folder, span) for command in (ways if several else ways[:1])]
    found = tuple(install for install in made if install is not None)
    if platform == "serverless-python-requirements":
        found = tuple(as_packed(install, repository, folder) for install in found)
    if several:
        return tuple(replace(install, complete=UNKNOWN, rivals=rivals) for install in found)
    if not found and platform in _READS_PYPROJECT and _PYPROJECT in here:
        return (Install(span, platform, platform, complete=UNKNOWN, locked=UNKNOWN),)
    return found


def _perform(command: str, repository: Repository, folder: str, span: Span) -> Install | None:
    tool, name, *words = command.split()
    sources = Sources(repository, lambda path: normal_path(folder, path))
    if tool == "pip":
        sources.requirement_file(Word.of(Text.at(words[-1], span)))
        return sources.install(span, tool, command)
    only = words[words.index("--only") + 1] if "--only" in words else None
    options: list[tuple[str, Word | None]] = [
        (word, None) for word in words if word.startswith("--") and word != "--only"
    ]
    if only is not None:
        options.append(("--only", Word.of(Text.at(canonical_name(only), span))))
    call = ManagerCall(span, command, Arguments(tuple(options), ()), Settings({}, {}), sources)
    managers: dict[str, Callable[[], Install | None]] = {
        "uv": lambda: uv_sync(call),
        "poetry": lambda: poetry_install(call, name),
        "pdm": lambda: pdm_install(call, name),
        "pipenv": lambda: pipenv_install(call, name),
    }
    return managers[tool]()
