"""A chart and the charts that it brings, each with its values.

Sources: Helm, Subcharts and Global Values; Chart Dependencies (conditions and tags); `pkg/chart/common/util`.
A chart that is not in the repository may set what it likes in its part of the values.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.repository import Repository
from prodlint.readers.helm_chart import Chart, Dependency, Gap, chart_at, values_in
from prodlint.readers.helm_data import Data, Hidden, Open, Stopped, copied, laid_over, opened, with_value
from prodlint.record import Entity, Record

__all__ = ["Given", "Member", "backing_charts", "family"]

_MOST = 60
_DEEPEST = 4
_ELSEWHERE = "values from elsewhere may set it"


class Given(Record):
    """What one installation gives to a chart; `files` are paths of values files, in their order.

    `is_open` says that it gives more than the repository tells.
    """

    files: tuple[str, ...] = ()
    sets: tuple[tuple[tuple[str | int, ...], Data], ...] = ()
    release: str | None = None
    namespace: str | None = None
    is_open: bool = False


class Member(Entity):
    """One chart of a family; `title` is the path by which Helm names its templates."""

    chart: Chart
    title: str
    values: dict[str, Data]


def family(chart: Chart, given: Given, repository: Repository, gaps: list[Gap]) -> list[Member]:
    """The chart that is installed and those in it; what of them cannot be read goes to `gaps`."""
    values = _values(chart, given, repository)
    found: list[Member] = []
    _add(found, Member(chart, chart.name, values), values, repository, gaps)
    return found


def backing_charts(chart: Chart, given: Given, repository: Repository) -> Iterator[Dependency]:
    """The charts from elsewhere that bring a database or a broker with a chart, as far as its values tell."""
    try:
        values = _values(chart, given, repository)
    except Stopped:
        return
    for one in chart.dependencies:
        if one.is_backing and one.path is None and _is_on(one, values, values):
            yield one


def _add(
    found: list[Member], member: Member, root: dict[str, Data], repository: Repository, gaps: list[Gap], depth: int = 0
) -> None:
    """A chart with all that it brings; their values become a part of its own."""
    found.append(member)
    gaps.extend(member.chart.gaps)
    for dependency in member.chart.dependencies:
        inner = chart_at(repository, dependency.path) if dependency.path is not None else None
        held = member.values.get(dependency.alias)
        if dependency.is_backing or inner is None or depth >= _DEEPEST or len(found) >= _MOST:
            if not dependency.is_backing:
                gaps.append(Gap(f"it brings the chart {dependency.name}", dependency.span))
            outside = held if isinstance(held, dict) else {}
            member.values[dependency.alias] = with_more(outside, "a chart that Chart.yaml brings may set it")
            continue
        is_on = _is_on(dependency, member.values, root)
        if is_on is None or dependency.exports:
            gaps.append(Gap(f"whether it brings the chart {dependency.name} is not told", dependency.span))
        if not is_on:
            continue
        values = laid_over(inner.values, held if isinstance(held, dict) else {})
        if inner.is_open:
            values = with_more(values, _ELSEWHERE)
        values["global"] = laid_over(values.get("global") or {}, member.values.get("global") or {})
        if isinstance(member.values, Open):
            values = with_more(values, member.values.reason)
        member.values[dependency.alias] = values
        title = f"{member.title}/charts/{dependency.alias}"
        _add(found, Member(inner, title, values), root, repository, gaps, depth + 1)


def _is_on(dependency: Dependency, values: dict[str, Data], root: dict[str, Data]) -> bool | None:
    """Whether a chart is brought: its first condition that is set decides, else its tags."""
    for path in dependency.condition.split(",") if dependency.condition else ():
        said = _at(values, path.strip().split("."))
        if isinstance(said, bool | Hidden):
            return said if isinstance(said, bool) else None
    tags = [_at(root, ["tags", tag]) for tag in dependency.tags]
    told = [one for one in tags if isinstance(one, bool)]
    return any(told) or not told


def _at(values: Data, path: list[str]) -> Data:
    held = values
    for part in path:
        if isinstance(held, Hidden):
            return held
        if not isinstance(held, dict):
            return None
        if part not in held:
            return Hidden(held.reason, "") if isinstance(held, Open) else None
        held = held[part]
    return held


def _values(chart: Chart, given: Given, repository: Repository) -> dict[str, Data]:
    """`.Values`: the chart's own, then those of each file, then what is set one by one."""
    over: Data = {}
    for path in given.files:
        over = _over(over, values_in(path, repository))
    for place, value in given.sets:
        with_value(over, list(place), copied(value))
    values: dict[str, Data] = laid_over(chart.values, over)
    return with_more(values, _ELSEWHERE) if given.is_open or chart.is_open else values


def _over(below: Data, above: Data) -> Data:
    """One file of values over another; what is `null` stays so, since it takes away what the chart has."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: _over(below.get(key), value) for key, value in above.items()}}


def with_more(data: dict[str, Data], reason: str) -> Open:
    """A mapping that may have more keys, all the way down."""
    made = opened(reason)
    for key, value in data.items():
        made[key] = with_more(value, reason) if isinstance(value, dict) else value
    return made
