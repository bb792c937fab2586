"""Whole repositories, inspected as a user's would be: what is reported, what production runs, how code gets there.

Each folder of `tests/projects` is one repository, as people write them, with an `expected.json` beside its files:

- `about`: what the repository stands for, in a sentence or three;
- `findings`: the rule and the place of everything that is reported;
- `production`: each service that production runs: its name and command, the system that starts it, the server,
  and where the app that it serves is made;
- `releases`: the files by which new code gets to production;
- `migrations`: where, on these ways, the database schema is brought up to date.

After a change that is meant, `pytest tests/test_projects.py --update-output` writes the files anew: read the diff.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.cli import main
from prodlint.deployment import Environment, Service
from prodlint.engine import built_in_rules
from prodlint.inspection import inspect
from prodlint.tree import DiskTree, OverlayTree

PROJECTS = Path(__file__).parent / "projects"
NAMES = sorted(folder.name for folder in PROJECTS.iterdir() if folder.is_dir())


@pytest.mark.parametrize("name", NAMES)
def test_a_project_is_understood_and_reported_as_expected(name: str, request: pytest.FixtureRequest) -> None:
    path = PROJECTS / name / "expected.json"
    expected = json.loads(path.read_text(encoding="utf-8"))
    found = {"about": expected["about"], **understood(PROJECTS / name)}
    if request.config.getoption("--update-output"):
        path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    else:
        assert found == expected


@pytest.mark.parametrize(("name", "status"), [("everything-wrong", 1), ("library", 0)])
def test_the_command_line_reports_a_project_alike(name: str, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    expected = json.loads((PROJECTS / name / "expected.json").read_text(encoding="utf-8"))
    with pytest.raises(SystemExit) as ended:
        main(["--output-format", "json", str(PROJECTS / name)])
    printed = json.loads(capsys.readouterr().out)["findings"]
    found = [f"{one['rule']} {one['location']['path']}:{one['location']['line']}" for one in printed]
    assert (sorted(found), ended.value.code) == (expected["findings"], status)


@st.composite
def damaged(draw: st.DrawFn) -> OverlayTree:
    """One of the projects with one of its files cut off, or with a part of it removed, doubled or replaced."""
    folder = PROJECTS / draw(st.sampled_from(NAMES))
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "expected.json")
    path = draw(st.sampled_from(files))
    data = path.read_bytes()
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(data))] * 2)))
    inserted = draw(
        st.sampled_from([b"", data[start:end] * 2, b"\0", b"\xff", b"\t", b"'", b'"', b"{", b"[", b"$(", b"&x *x"])
    )
    changed = data[:start] + inserted + data[end if draw(st.booleans()) else len(data) :]
    return OverlayTree(DiskTree(folder), {path.relative_to(folder).as_posix(): changed})


@given(damaged())
@settings(deadline=None, max_examples=60)
def test_a_damaged_file_never_stops_the_inspection(tree: OverlayTree) -> None:
    assert inspect(tree, built_in_rules()).crashes == ()


def understood(folder: Path) -> dict[str, object]:
    """What `expected.json` holds, as prodlint sees it now."""
    inspection = inspect(DiskTree(folder), built_in_rules())
    assert inspection.crashes == ()
    deployment = inspection.deployment
    running = [one for one in deployment.services if one.environment is Environment.PRODUCTION]
    runs = [one for one in deployment.migration_runs if one.environment is Environment.PRODUCTION]
    return {
        "findings": sorted(f"{one.rule} {one.span}" for one in inspection.triaged.findings),
        "production": sorted((described(one) for one in running), key=lambda one: (one["service"], one["by"])),
        "releases": sorted(one.name for one in deployment.releases),
        "migrations": sorted({str(one.span) for one in runs}),
    }


def described(service: Service) -> dict[str, str]:
    """One service in words; what is not known of it is left out."""
    found = {"service": service.label, "by": service.process.platform.value}
    if service.server is not None:
        found["server"] = service.server.product
    if service.app is not None:
        found["app"] = f"{service.app.framework} in {service.app.span}"
    return found
