"""The matrix of a workflow: which images its jobs build. The first example is that of GitHub's documentation."""

from __future__ import annotations

import pytest

from prodlint.deployment.environment import Environment
from prodlint.inspection import inspect
from prodlint.map.draw import draw
from prodlint.tree import MemoryTree

DOCUMENTED = """        fruit: [apple, pear]
        animal: [cat, dog]
        include:
          - color: green
          - color: pink
            animal: cat
          - fruit: apple
            shape: circle
          - fruit: banana
          - fruit: banana
            animal: cat
"""
ALL = "${{ matrix.fruit }}/${{matrix.animal}}/${{ matrix.color }}/${{ matrix.shape }}"


def workflow(matrix: str, inputs: str, uses: str = "docker/build-push-action@v6") -> str:
    head = f"on: push\njobs:\n  cd:\n    strategy:\n      matrix:\n{matrix}    steps:\n"
    return f"{head}    - uses: {uses}\n      with:\n        push: true\n{inputs}"


def tags(matrix: str, tags: str, uses: str = "docker/build-push-action@v6") -> list[str | None]:
    files = {".github/workflows/cd.yml": workflow(matrix, f"        tags: {tags}\n", uses)}
    [pipeline] = inspect(MemoryTree(files), ()).deployment.pipelines
    return [step.action.input("tags") for job in pipeline.jobs for step in job.steps if step.action is not None]


def test_the_documented_example_makes_six_jobs() -> None:
    assert tags(DOCUMENTED, ALL) == [
        "apple/cat/pink/circle",
        "apple/dog/green/circle",
        "pear/cat/pink/",
        "pear/dog/green/",
        "banana///",
        "banana/cat//",
    ]


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ("        a: [x, y]\n        exclude: [{a: x}]\n", ["y"]),
        ("        include: [{a: x}, {a: y}]\n", ["x", "y"]),
        ("        a: [x, y]\n        os: [one, two]\n", ["x", "y"]),
        ("        a: ${{ fromJSON(needs.list.outputs.all) }}\n", ["${{ matrix.a }}"]),
        ("        a: [x]\n        include: ${{ fromJSON('[]') }}\n", ["x"]),
        (f"        a: {[*range(9)]}\n        b: {[*range(9)]}\n", ["${{ matrix.a }}"]),
        ("        a: {b: c}\n", ["${{ matrix.a }}"]),
    ],
)
def test_each_image_is_built_once(matrix: str, expected: list[str]) -> None:
    assert tags(matrix, "${{ matrix.a }}") == expected


def test_a_value_that_is_an_object_is_told_by_its_keys() -> None:
    assert tags("        a: [{b: x, c: 1}, {b: y, c: 2}]\n", "${{ matrix.a.b }}:${{ matrix.a.c }}") == ["x:1", "y:2"]


def test_an_action_that_builds_nothing_is_called_as_it_is_written() -> None:
    assert tags("        a: [x, y]\n", "${{ matrix.a }}", "docker/metadata-action@v5") == ["${{ matrix.a }}"]


def test_the_stages_of_a_matrix_are_published() -> None:
    files = {
        "Dockerfile": "FROM python:3.13-slim AS web\nCMD gunicorn app:app\nFROM web AS jobs\nCMD celery worker\n",
        ".github/workflows/cd.yml": workflow(
            "        target: [web, jobs]\n",
            "        target: ${{ matrix.target }}\n        tags: acme/${{ matrix.target }}\n",
        ),
    }
    found = draw(inspect(MemoryTree(files), ()).deployment, Environment.PRODUCTION)
    [release] = found.releases
    pushed = [one.text for one in release.steps if one.kind == "push"]
    assert pushed == ["acme/web (target web)", "acme/jobs (target jobs)"]
    # Each is a program of its own.
    shown = [(one.label, one.fact("published")) for one in found.services]
    nobodys = "which nothing that is read deploys"
    assert [(label, fact.text if fact is not None else "") for label, fact in shown] == [
        ("Dockerfile: celery worker", f"as acme/jobs, {nobodys}"),
        ("web: gunicorn app:app", f"as acme/web, {nobodys}"),
    ]
