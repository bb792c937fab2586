"""The matrix of a workflow: which images its jobs build. The first example is that of GitHub's documentation."""

from __future__ import annotations

import pytest

from prodlint.deployment.environment import Environment
from prodlint.deployment.pipeline import StepKind
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


def functions(matrix: str, more: str = "", **files: str) -> dict[str, str]:
    """A project whose images `api` and `mail` a matrix builds, and developers start by compose."""
    steps = (
        "    - run: pip install django==${{ matrix.version }}\n"
        "    - working-directory: ./${{ matrix.image }}\n      run: |\n"
        "        docker build -t $R/${{ matrix.image }}:1 .\n        docker push $R/${{ matrix.image }}:1\n"
        "    - run: aws lambda update-function-code --function-name ${{ matrix.function }}\n"
        "    - if: matrix.image == 'api'\n      run: kubectl apply -f ${{ matrix.image }}.yaml\n"
    )
    head = f"on: push\njobs:\n  deploy:\n    strategy:\n      matrix:\n{matrix}    steps:\n"
    image = "FROM python:3.13-slim\nCOPY . .\nCMD [{!r}, {!r}]\n"
    services = "services:\n  api: {build: ../api}\n  mail: {build: ../mail}\n"
    return {
        ".github/workflows/deploy.yml": f"{head}{steps}{more}",
        ".devcontainer/docker-compose.yml": services,
        **{f"{name}/Dockerfile": image.format("python", f"{name}.py").replace("'", '"') for name in ("api", "mail")},
        **{f"{name}/{name}.py": "from flask import Flask\n\napp = Flask(__name__)\n" for name in ("api", "mail")},
        **files,
    }


def told(files: dict[str, str]) -> tuple[list[str], list[str]]:
    """The services of production, those that are only perhaps there with a `?`, and the steps of the release."""
    found = draw(inspect(MemoryTree(files), ()).deployment, Environment.PRODUCTION)
    services = [f"{one.name}{'?' * (one.environment == 'unknown')}" for one in found.services]
    return services, [f"{one.kind}: {one.text}" for release in found.releases for one in release.steps]


def test_a_script_runs_for_each_part_of_the_repository_that_the_matrix_names() -> None:
    matrix = (
        "        include:\n        - {image: api, function: one, version: 4}\n"
        "        - {image: api, function: two, version: 5}\n        - {image: mail, function: three, version: 5}\n"
    )
    services, steps = told(functions(matrix))
    assert services == ["api", "mail"]
    assert [one for one in steps if not one.startswith("start")] == [
        "build: docker build -t $R/api:1 .",
        "push: docker push $R/api:1",
        "build: docker build -t $R/mail:1 .",
        "push: docker push $R/mail:1",
        "deploy: aws lambda update-function-code --function-name one",
        "deploy: aws lambda update-function-code --function-name two",
        "deploy: aws lambda update-function-code --function-name three",
        # The condition holds for one of them, and what both of its combinations do alike is told once.
        "deploy: kubectl apply -f api.yaml",
    ]


def test_an_image_may_be_built_where_the_folder_is_computed_although_developers_build_it() -> None:
    services, steps = told(functions("        image: ${{ fromJSON(needs.changed.outputs.all) }}\n"))
    assert services == ["api?", "mail?"]
    assert "push: docker push $R/${{ matrix.image }}:1" in steps
    # Trap: where the pipeline names one folder the other image is for developers alone.
    files = functions("        image: ${{ fromJSON(needs.changed.outputs.all) }}\n")
    path = ".github/workflows/deploy.yml"
    named = files[path].replace("./${{ matrix.image }}", "api").replace("${{ matrix.image }}", "api")
    assert told({**files, path: named})[0] == ["api"]


def test_no_script_is_told_apart_by_a_matrix_of_versions() -> None:
    matrix = "        image: ['3.12', '3.13']\n        function: [ubuntu, macos]\n"
    _, steps = told(functions(matrix))
    assert steps.count("deploy: aws lambda update-function-code --function-name ${{ matrix.function }}") == 1


@pytest.mark.parametrize(
    ("images", "told"),
    [
        ("ghcr.io/shop/web, shop/web", "ghcr.io/shop/web and 1 more"),
        ("${{ env.A && 'shop/web' || format('ghcr.io/{0}', env.B) }}", None),
        ("${{ env.R }}/web, ghcr.io/${{ format('{0}/{1}', env.A, 'x') }}", "${{ env.R }}/web and 1 more"),
    ],
)
def test_an_expression_in_the_names_of_an_image_stays_whole(images: str, told: str | None) -> None:
    text = (
        "on: push\njobs:\n  web:\n    runs-on: ubuntu-latest\n    steps:\n    - id: meta\n"
        f'      uses: docker/metadata-action@v6\n      with:\n        images: "{images}"\n'
        "    - uses: docker/build-push-action@v7\n      with:\n        push: true\n"
        "        tags: ${{ steps.meta.outputs.tags }}\n"
    )
    files = {".github/workflows/main.yml": text, "Dockerfile": "FROM python:3.13-slim\nCMD gunicorn app:app\n"}
    built = [one for one in inspect(MemoryTree(files), []).deployment.pipeline_steps if one.kind is StepKind.BUILD]
    assert [one.written for one in built] == [told or images]
