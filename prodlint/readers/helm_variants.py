"""With which values a chart is installed: as pipelines say, else as the names of its values files say.

Source: the catalogue's platform page, 2.2 and 2.3.2.
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers.helm_chart import Chart, chart_at
from prodlint.readers.helm_elsewhere import installed_elsewhere
from prodlint.readers.helm_family import Given
from prodlint.readers.helm_install import Install, installs
from prodlint.readers.skaffold_releases import skaffold_installs
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["Variant", "is_part", "variants"]

_MOST = 4
_NOT_PRODUCTION = (Environment.DEVELOPMENT, Environment.TEST)
_VALUES = regex(r"(?:.*[-_.])?values(?:[-_.].*)?")
_TELLING = regex(r"[A-Za-z]{3}[^.]*\*|\*[^.]*[A-Za-z]{3}[^/]*\.")
_FOLDERS = frozenset(("values", "env", "envs", "environments"))
# Staging is judged as production, but where both are written production is what counts.
_BEFORE = regex(r"(?i)(?:^|[^a-z])(?:stag\w*|preprod|uat|qa|review|preview)(?:[^a-z]|$)")


class Variant(Record):
    """A chart with the values of one installation; `is_chosen` says that somebody chose them for it."""

    given: Given
    environment: Environment | None
    span: Span
    is_chosen: bool


def variants(chart: Chart, repository: Repository) -> list[Variant]:
    """How a chart is installed, for production first; never nothing."""
    known = [_of_install(one, chart, repository) for one in _all_installs(repository) if _is_of(one, chart, repository)]
    live = _live([one for one in known if one.environment not in _NOT_PRODUCTION])
    files = [(path, _named(path, chart)) for path in _values_files(chart, repository)]
    if not live:
        named = [path for path, environment in files if environment is Environment.PRODUCTION]
        chosen = next((path for path in named if not _BEFORE.search(path)), named[0] if named else None)
        if chosen is not None:
            live = [Variant(Given((chosen,)), Environment.PRODUCTION, _place(chosen, chart, repository), True)]
        else:
            live = [Variant(Given(), None, chart.span, False)]
    others = [
        Variant(Given((path,)), environment, _place(path, chart, repository), True)
        for path, environment in files
        if environment is Environment.DEVELOPMENT
    ]
    return [*live, *others[:1]]


@per_repository
def _all_installs(repository: Repository) -> tuple[Install, ...]:
    """What commands install, and what Skaffold and others do, in the order of their files."""
    found = [*installs(repository), *skaffold_installs(repository), *installed_elsewhere(repository)]
    return tuple(sorted(found, key=lambda one: (one.span.path, one.span.start)))


def is_part(chart: Chart, repository: Repository) -> bool:
    """Whether another chart brings this one, and no command installs it by itself."""
    path = posixpath.join(chart.folder, "Chart.yaml")
    return path in _brought(repository, "") and not any(
        _is_of(one, chart, repository) for one in _all_installs(repository)
    )


@per_repository
def _brought(repository: Repository, _: str) -> frozenset[str]:
    # What an example brings is still installed by itself.
    live = [path for path in repository.named("Chart.yaml") if environment_of(path) not in _NOT_PRODUCTION]
    charts = [chart_at(repository, path) for path in live]
    return frozenset(one.path for chart in charts if chart is not None for one in chart.dependencies if one.path)


def _live(found: list[Variant]) -> list[Variant]:
    final = [one for one in found if not _BEFORE.search(" ".join((*one.given.files, str(one.given.namespace))))]
    told: list[Variant] = []
    for one in final or found:
        # The same command may stand in several files.
        if len(told) < _MOST and all(
            (one.given, one.environment) != (other.given, other.environment) for other in told
        ):
            told.append(one)
    return told


def _place(path: str, chart: Chart, repository: Repository) -> Span:
    source = repository.source(path)
    return source.line_span(1) if source is not None else chart.span


def _values_files(chart: Chart, repository: Repository) -> Iterator[str]:
    """The files beside `values.yaml` that hold values for one environment."""
    for path in repository.inside(chart.folder):
        if path in repository.paths:
            stem, _, suffix = posixpath.basename(path).rpartition(".")
            if suffix in ("yaml", "yml") and stem != "values" and _VALUES.fullmatch(stem):
                yield path
        elif posixpath.basename(path) in _FOLDERS:
            yield from (one for one in repository.files_in(path) if one.endswith((".yaml", ".yml")))


def _named(path: str, chart: Chart) -> Environment | None:
    return environment_of(path[len(chart.folder) :].rpartition(".")[0])


def _is_of(install: Install, chart: Chart, repository: Repository) -> bool:
    """Whether a command installs this chart."""
    charts = [posixpath.dirname(path) for path in repository.named("Chart.yaml")]
    written = install.chart
    if written is None:
        return len(charts) == 1
    if "://" in written:
        return False
    target = normal_path(written.lstrip("/"))
    while target.startswith("../"):
        target = target[3:]
    if not target or target == "..":
        return len(charts) == 1 or posixpath.dirname(install.span.path) == chart.folder
    return chart.folder == target or chart.folder.endswith(f"/{target}")


def _of_install(install: Install, chart: Chart, repository: Repository) -> Variant:
    files: list[str] = []
    is_open = install.is_open
    for written in install.files:
        found = _file(written, install, chart, repository)
        if found is None:
            is_open = True
        else:
            files.append(found)
    given = Given(tuple(files), install.sets, install.release, install.namespace, is_open)
    return Variant(given, _environment(install, files), install.span, True)


def _environment(install: Install, files: list[str]) -> Environment | None:
    """What the values files, the profile, the namespace and the release say, else the name of the script."""
    files = [posixpath.basename(path) for path in reversed(files)]
    for name in (*files, install.named, install.namespace, install.release):
        named = environment_of(name.replace("values", "")) if name else None
        if named is not None:
            return named
    return Environment.DEVELOPMENT if install.for_developers else environment_of(install.span.path)


def _file(written: str, install: Install, chart: Chart, repository: Repository) -> str | None:
    """The values file that an option names; None when it is not in the repository."""
    script = posixpath.dirname(install.span.path)
    for folder in ("", chart.folder, posixpath.dirname(chart.folder), script):
        path = normal_path(folder, written)
        if path in repository.paths:
            return path
    tail = written.removeprefix("./").lstrip("/")
    while tail.startswith("../"):
        tail = tail[3:]
    if "*" not in tail:
        found = [path for path in repository.ending(".yaml", ".yml") if path == tail or path.endswith(f"/{tail}")]
        return found[0] if len(found) == 1 else None
    if not _TELLING.search(tail):
        return None
    pattern = "*" + tail.lstrip("*")
    fitting = [
        path
        for path in _values_files(chart, repository)
        if fnmatch.fnmatchcase(path, pattern) and _named(path, chart) is Environment.PRODUCTION
    ]
    final = [path for path in fitting if not _BEFORE.search(path)] or fitting
    return final[0] if len(final) == 1 else None
