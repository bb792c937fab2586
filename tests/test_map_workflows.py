"""Workflows of GitHub in the map: when an image is pushed, under which names, who calls the workflow, whose it is."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from maps import DOCKERFILE, drawn

from prodlint.deployment.environment import Environment
from prodlint.inspection import inspect
from prodlint.map.draw import draw
from prodlint.map.text import render
from prodlint.report.terminal import Terminal
from prodlint.tree import MemoryTree

FILES = {"Dockerfile": DOCKERFILE, "app.py": ""}
BOTH = "{push: {branches: [main]}, pull_request: {}}"
PUSHED = "github.event_name == 'push'"
PATH = ".github/workflows/ship.yml"


def told(workflows: Mapping[str, str], **more: str) -> list[str]:
    """The lines that tell releases of workflows, each as one line without its place."""
    files = {**FILES, **{f".github/workflows/{name}": text for name, text in workflows.items()}, **more}
    text = render(draw(inspect(MemoryTree(files), ()).deployment, Environment.PRODUCTION), Terminal(False, width=500))
    start = text.find("release .github")
    lines = text[start:].split("\n\n")[0].splitlines() if start >= 0 else []
    return [" ".join(line.partition("  (.github")[0].split()) for line in lines]


def build(inputs: str) -> str:
    return f"    - uses: docker/build-push-action@v7\n      with: {{context: ., tags: 'acme/shop', {inputs}}}\n"


def shipping(on: str, steps: str, job: str = "") -> dict[str, str]:
    return {"ship.yml": f"on: {on}\njobs:\n  ship:\n{job}    runs-on: ubuntu-latest\n    steps:\n{steps}"}


@pytest.mark.parametrize(
    ("on", "push", "lines"),
    [
        (BOTH, "true", ["push to main, pull_request", "build, push [ship] acme/shop"]),
        (BOTH, "${{ github.event_name != 'pull_request' }}", ["push to main", "build, push [ship] acme/shop"]),
        (BOTH, "${{ github.event_name == 'pull_request' }}", ["pull_request", "build, push [ship] acme/shop"]),
        (BOTH, f"${{{{ {PUSHED} && 'true' || 'false' }}}}", ["push to main", "build, push [ship] acme/shop"]),
        (BOTH, "${{ env.PUSH }}", ["push to main, pull_request", "build, push [ship] acme/shop"]),
        (
            BOTH,
            f"${{{{ {PUSHED} && github.actor != 'a' }}}}",
            ["push to main", "build [ship] acme/shop", f"push [if {PUSHED} && github.actor != 'a'] acme/shop"],
        ),
        (
            "{push: {branches: [main]}, workflow_dispatch: {}}",
            "${{ inputs.push }}",
            ["push to main, by hand", "build [ship] acme/shop", "push [if inputs.push] acme/shop"],
        ),
        # Who pushes for pull requests alone, or never, brings nothing to production.
        ("pull_request", "${{ github.event_name == 'pull_request' }}", []),
        ("pull_request", "${{ github.event_name != 'pull_request' }}", []),
        (BOTH, "${{ env.NEVER }}", []),
        (BOTH, "${{ 'no' }}", []),
        (BOTH, "false", []),
    ],
)
def test_an_image_is_pushed_where_the_switch_of_its_step_is_on(on: str, push: str, lines: list[str]) -> None:
    steps = build(f'push: "{push}"') + "      env: {PUSH: 'true', NEVER: 'false'}\n"
    found = told(shipping(on, steps))
    head = [f"release {PATH} ({lines[0]})"] if lines else []
    assert found == [*head, *(f"{number}. {line}" for number, line in enumerate(lines[1:], 1))]


def test_the_outputs_of_a_build_may_be_its_switch() -> None:
    outputs = "type=image,name=acme/shop,push-by-digest=true,push=${{ github.event_name != 'pull_request' }}"
    [release, step] = told(shipping(BOTH, build(f'outputs: "{outputs}"')))
    assert (release, step) == (f"release {PATH} (push to main)", "1. build, push [ship] acme/shop")
    # Either one is enough.
    [_, built, pushed] = told(shipping("push", build("outputs: 'push=${{ vars.A }}', push: '${{ vars.B }}'")))
    assert (built, pushed) == ("1. build [ship] acme/shop", "2. push [if (vars.B) || (vars.A)] acme/shop")
    [release, step] = told(shipping("push", build("outputs: 'type=registry', push: '${{ vars.B }}'")))
    assert step == "1. build, push [ship] acme/shop"


def test_the_condition_of_a_step_and_the_switch_of_its_push_both_have_to_hold() -> None:
    asked = "      if: github.event_name != 'schedule'\n"
    both = build("push: \"${{ vars.PUSH == '1' }}\"")
    certain = shipping("[push, schedule]", both + asked)
    assert told(certain) == [
        f"release {PATH} (push)",
        "1. build [ship] acme/shop",
        "2. push [if vars.PUSH == '1'] acme/shop",
    ]
    open_ = shipping("push", both + "      if: github.actor != 'bot'\n")
    assert told(open_)[1:] == [
        "1. build [ship] [if github.actor != 'bot'] acme/shop",
        "2. push [if (github.actor != 'bot') && (vars.PUSH == '1')] acme/shop",
    ]
    never = shipping("push", both + "      if: github.event_name == 'schedule'\n")
    assert told(never) == []


def test_what_a_job_only_builds_is_not_published() -> None:
    files = {
        "web/Dockerfile": DOCKERFILE,
        "jobs/Dockerfile": DOCKERFILE.replace('"gunicorn", "app:app"', '"celery", "worker"'),
        PATH: shipping(
            "push",
            "    - uses: docker/build-push-action@v7\n      with: {context: web, push: true, tags: acme/web}\n"
            "    - uses: docker/build-push-action@v7\n      with: {context: jobs, load: true, tags: acme/jobs}\n",
        )["ship.yml"],
    }

    def published() -> list[str | None]:
        found = sorted(drawn(files).services, key=lambda one: one.label)
        return [None if (fact := one.fact("published")) is None else fact.text for one in found]

    nobodys = "which nothing that is read deploys"
    assert published() == [None, f"as acme/web, {nobodys}"]
    # What is loaded may be pushed by a command.
    files[PATH] += "    - run: docker push acme/jobs\n"
    assert published() == [f"as acme/jobs, {nobodys}", f"as acme/web, {nobodys}"]


MATRIX = """\
    strategy:
      matrix:
        include:
        - {image: 'ghcr.io/${{ github.repository }}', file: web.Dockerfile, push: true}
        - {image: 'ghcr.io/${{ github.repository }}-jobs', file: jobs.Dockerfile, push: PUSH}
"""
META = """\
    - id: meta
      uses: docker/metadata-action@v6
      with: {images: '${{ matrix.image }}'}
"""
OF_META = """\
    - uses: docker/build-push-action@v7
      with:
        context: .
        file: ${{ matrix.file }}
        push: ${{ matrix.push }}
        tags: ${{ steps.meta.outputs.tags }}
"""
WEB, JOBS = "ghcr.io/${{ github.repository }}", "ghcr.io/${{ github.repository }}-jobs"
TWO = {
    "web.Dockerfile": DOCKERFILE,
    "jobs.Dockerfile": DOCKERFILE.replace('"gunicorn", "app:app"', '"celery", "worker"'),
    "app.py": "",
}


def test_an_image_has_the_name_of_its_own_combination() -> None:
    workflow = shipping("push", META + OF_META, MATRIX.replace("PUSH", "true"))
    assert told(workflow)[1:] == [
        f"1. build, push [ship] {WEB} (web.Dockerfile)",
        f"2. build, push {JOBS} (jobs.Dockerfile)",
    ]
    whole = drawn({**TWO, PATH: workflow["ship.yml"]})
    found = {one.label: one.fact("published") for one in whole.services}
    assert {label: fact.text if fact else None for label, fact in found.items()} == {
        "web.Dockerfile: gunicorn app:app": f"as {WEB}",
        "jobs: celery worker": f"as {JOBS}",
    }


def test_what_one_combination_alone_pushes_is_pushed_of_it_alone() -> None:
    assert told(shipping("push", META + OF_META, MATRIX.replace("PUSH", "false")))[1:] == [
        f"1. build, push [ship] {WEB} (web.Dockerfile)",
        f"2. build {JOBS} (jobs.Dockerfile)",
    ]
    # A value that holds an expression decides nothing.
    assert told(shipping("push", META + OF_META, MATRIX.replace("PUSH", "'${{ vars.PUSH }}'")))[1:] == [
        f"1. build, push [ship] {WEB} (web.Dockerfile)",
        f"2. build {JOBS} (jobs.Dockerfile)",
        f"3. push [if matrix.push] {JOBS} (jobs.Dockerfile)",
    ]


def test_a_build_whose_condition_chooses_a_combination_runs_for_that_one() -> None:
    matrix = "    strategy: {matrix: {platform: [amd64, arm64]}}\n"
    for asked, lines in (("== 'amd64'", ["1. build, push [ship] acme/shop"]), ("== 'riscv'", [])):
        steps = build("push: true") + f"      if: matrix.platform {asked}\n"
        assert told(shipping("push", steps, matrix))[1:] == lines
    # Platforms of one image are one image.
    assert told(shipping("push", build("push: true, platforms: '${{ matrix.platform }}'"), matrix))[1:] == [
        "1. build, push [ship] acme/shop"
    ]


def test_of_a_matrix_that_is_computed_nothing_is_filled_in() -> None:
    steps = build("push: true").replace("acme/shop", "acme/${{ matrix.image }}") + "      if: matrix.image == 'a'\n"
    job = "    strategy: {matrix: '${{ fromJSON(vars.IMAGES) }}'}\n"
    told_as = "acme/${{ matrix.image }}"
    assert told(shipping("push", steps, job))[1:] == [f"1. build, push [ship] [if matrix.image == 'a'] {told_as}"]


def test_of_a_matrix_to_which_an_expression_may_add_nothing_is_left_out() -> None:
    steps = build("push: true").replace("acme/shop", "acme/${{ matrix.image }}:${{ matrix.more }}")
    job = "    strategy: {matrix: {image: [a, b], include: '${{ fromJSON(vars.MORE) }}'}}\n"
    names = ["acme/a:${{ matrix.more }}", "acme/b:${{ matrix.more }}"]
    lines = [f"{number}. build, push {'[ship] ' * (number == 1)}{name}" for number, name in enumerate(names, 1)]
    assert told(shipping("push", steps, job))[1:] == lines
    asked = steps + "      if: matrix.image == 'c'\n"
    whole = "[if matrix.image == 'c'] acme/${{ matrix.image }}:${{ matrix.more }}"
    assert told(shipping("push", asked, job))[1:] == [f"1. build, push [ship] {whole}"]


def test_a_value_that_is_a_list_stays_as_it_is_written() -> None:
    job = "    strategy:\n      matrix:\n        part: [{name: web, tags: [a, b]}]\n"
    steps = build("push: true").replace("'acme/shop'", "'acme/${{ matrix.part.name }}:${{ matrix.part.tags }}'")
    assert told(shipping("push", steps, job))[1:] == ["1. build, push [ship] acme/web:${{ matrix.part.tags }}"]


def test_a_build_bears_the_names_of_the_step_that_it_asks() -> None:
    meta = "    - {id: %s, uses: docker/metadata-action@v6, with: {images: acme/%s}}\n"
    steps = meta % ("web", "web") + meta % ("jobs", "jobs")
    asks = build("push: true").replace("acme/shop", "${{ steps.%s.outputs.tags }}")
    assert told(shipping("push", steps + asks % "jobs"))[1:] == ["1. build, push [ship] acme/jobs"]
    # Of a step that is not known any may tell them.
    assert told(shipping("push", steps + asks % "other"))[1:] == ["1. build, push [ship] acme/web and 1 more"]
    own = asks.replace("'${{", "'acme/own:1,${{") % "web"
    assert told(shipping("push", steps + own))[1:] == ["1. build, push [ship] acme/own:1 and 1 more"]


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        (["acme/shop:1", "ghcr.io/acme/shop:1", "acme/shop:2"], "acme/shop:1 and 2 more"),
        (
            ["acme/shop:${{ vars.T }}", "${{ inputs.tags }}"],
            "acme/shop:${{ vars.T }} and what ${{ inputs.tags }} holds",
        ),
        (["acme/shop:1", "acme/shop:2", "${{ inputs.tags }}"], "acme/shop:1, 1 more and what ${{ inputs.tags }} holds"),
        (["acme/shop:1", "acme/shop:1"], "acme/shop:1"),
        (["acme/shop:1", "${{ vars.S }}", "${{ vars.T }}"], "acme/shop:1 and what ${{ vars.S }}, ${{ vars.T }} holds"),
        (["${{ github.repository }}", "${{ github.repository }}-jobs"], "${{ github.repository }} and 1 more"),
        # Nothing that is written tells a name.
        (["${{ inputs.tags }}"], "docker/build-push-action@v7"),
    ],
)
def test_names_are_counted_as_they_are_written_and_what_is_handed_in_is_open(tags: list[str], name: str) -> None:
    lines = "".join(f"          {one}\n" for one in tags)
    steps = f"    - uses: docker/build-push-action@v7\n      with:\n        push: true\n        tags: |\n{lines}"
    assert told(shipping("push", steps))[1:] == [f"1. build, push [ship] {name}"]


def test_an_image_that_may_bear_more_names_is_not_called_undeployed() -> None:
    def published(tags: str) -> str:
        text = shipping("push", build("push: true").replace("acme/shop", tags))["ship.yml"]
        [web] = drawn({**FILES, PATH: text}).services
        found = web.fact("published")
        assert found is not None
        return found.text

    assert published("acme/shop:1,${{ inputs.tags }}") == "as acme/shop:1 and what ${{ inputs.tags }} holds"
    assert published("acme/shop:1") == "as acme/shop:1, which nothing that is read deploys"


CALLED = shipping("workflow_call", build("push: true"))


def calling(on: str, job: str = "", name: str = "ship.yml") -> str:
    return f"on: {on}\njobs:\n  call:\n    uses: ./.github/workflows/{name}\n{job}"


def released(**workflows: str) -> str:
    """What sets off the release of the called workflow."""
    [release, *_] = told({**CALLED, **{f"{name}.yml": text for name, text in workflows.items()}}) or [""]
    return release.removeprefix(f"release {PATH} ")


def test_a_called_workflow_is_set_off_by_what_sets_off_its_callers() -> None:
    release = calling("{release: {types: [published]}}")
    assert released(a=release) == "(called by .github/workflows/a.yml (release published))"
    assert released(a=release, b=calling("{push: {branches: [next]}, workflow_dispatch: {}}")) == (
        "(called by .github/workflows/a.yml (release published), b.yml (push to next, by hand))"
    )
    assert released() == "(called by another workflow)"
    # Who calls another one calls none of this.
    assert released(a=calling("push", name="other.yml")) == "(called by another workflow)"


def test_the_condition_of_a_call_is_told_where_it_is_open() -> None:
    assert released(a=calling("[push, schedule]", "    if: github.event_name == 'push'\n")) == (
        "(called by .github/workflows/a.yml (push))"
    )
    assert released(a=calling("[push, schedule]", "    if: ${{ vars.SHIP == 'yes' }}\n")) == (
        "(called by .github/workflows/a.yml (push, schedule, if vars.SHIP == 'yes'))"
    )
    half = calling("[push, schedule]", "    if: github.event_name == 'push' || vars.SHIP == 'yes'\n")
    assert released(a=half) == (
        "(called by .github/workflows/a.yml (push; schedule, if github.event_name == 'push' || vars.SHIP == 'yes'))"
    )


def test_a_workflow_that_pull_requests_alone_call_releases_nothing() -> None:
    assert released(a=calling("pull_request")) == ""
    assert released(a=calling("pull_request"), b=calling("push")) == (
        "(called by .github/workflows/a.yml (pull_request), b.yml (push))"
    )
    # A job of the caller that never runs for a push.
    assert released(a=calling("[push, pull_request]", "    if: github.event_name != 'push'\n")) == ""


def test_a_called_workflow_asks_for_the_event_of_its_caller() -> None:
    push = build("push: \"${{ github.event_name == 'push' }}\"")
    workflows = {"a.yml": calling("{push: {branches: [main]}, workflow_dispatch: {}}")}
    assert told({**shipping("workflow_call", push), **workflows}) == [
        f"release {PATH} (called by .github/workflows/a.yml (push to main))",
        "1. build, push [ship] acme/shop",
    ]
    never = build("push: \"${{ github.event_name == 'workflow_call' }}\"")
    assert told({**shipping("workflow_call", never), **workflows}) == []
    # Without a caller that is known, nobody knows.
    assert told(shipping("workflow_call", push))[1:] == [
        "1. build [ship] acme/shop",
        "2. push [if github.event_name == 'push'] acme/shop",
    ]


def test_callers_that_are_called_are_told_with_what_sets_those_off() -> None:
    middle = calling("{workflow_call: {}, workflow_dispatch: {}}")
    first = calling("{push: {tags: ['v*']}}", name="middle.yml")
    assert released(middle=middle, first=first) == (
        "(called by .github/workflows/middle.yml (by hand, called by first.yml (push of tag v*)))"
    )
    assert released(middle=calling("workflow_call")) == (
        "(called by .github/workflows/middle.yml (called by another workflow))"
    )


def test_a_workflow_that_is_set_off_by_itself_too_tells_both() -> None:
    own = shipping("{push: {branches: [main]}, workflow_call: {}}", build("push: true"))
    assert told({**own, "a.yml": calling("release")})[0] == (
        f"release {PATH} (push to main, called by .github/workflows/a.yml (release))"
    )


def test_workflows_that_call_each_other_end() -> None:
    text = "on: {%s}\njobs:\n  call: {uses: ./.github/workflows/%s.yml}\n  ship:\n    steps:\n" + build("push: true")
    b = text % ("workflow_call: {}, push: {}", "ship")
    [release, step] = told({"ship.yml": text % ("workflow_call: {}", "b"), "b.yml": b})
    assert release.startswith("release .github/workflows/b.yml (push, called by .github/workflows/ship.yml (")
    assert step == "1. build, push [ship] acme/shop"


def test_a_workflow_that_may_be_called_by_the_name_of_its_repository_stays_open() -> None:
    by_name = calling("schedule").replace("./.github", "acme/shop/.github").replace("ship.yml", "ship.yml@main")
    assert released(a=calling("push"), b=by_name) == (
        "(called by another workflow, called by .github/workflows/a.yml (push))"
    )


OURS = "deploy/web.yml"
POD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{name: web, image: 'IMAGE'}]}}}
"""
ASKED = "    if: github.repository == 'acme/shop'\n"
SOURCE = "LABEL org.opencontainers.image.source=https://github.com/acme/shop\n"
PROJECT = '[project]\nname = "things"\nurls = {Source = "https://github.com/acme/shop"}\n'


def image_of(image: str, name: str = WEB, job: str = "", label: str = "", **more: str) -> str | None:
    """What a map tells of the image of a pod, None where the pod is not told at all."""
    text = shipping("push", build("push: true").replace("acme/shop", name), job)["ship.yml"]
    files = {
        "Dockerfile": DOCKERFILE.replace("WORKDIR", f"{label}WORKDIR"),
        "app.py": "",
        "other/Dockerfile": 'FROM node:24\nCMD ["node", "x.js"]\n',
        PATH: text,
        OURS: POD.replace("IMAGE", image),
    }
    found = [one for one in drawn({**files, **more}).services if one.name == "web"]
    fact = found[0].fact("image") if found else None
    return fact.text if fact is not None else None


def test_an_image_named_after_the_repository_is_ours_where_the_repository_tells_its_name() -> None:
    image, ours = "ghcr.io/acme/shop:2", "ghcr.io/acme/shop:2, a build of Dockerfile at 2"
    assert image_of(image) is None
    assert image_of(image, job=ASKED) == ours
    assert image_of(image, label=SOURCE) == ours
    assert image_of(image, **{"pyproject.toml": PROJECT}) == ours
    poetry = '[tool.poetry]\nname = "things"\nrepository = "https://github.com/Acme/Shop.git"\n'
    assert image_of(image, **{"pyproject.toml": poetry}) == ours
    assert image_of(image, job="    if: \"'acme/shop' == github.repository && github.actor != 'bot'\"\n") == ours
    # Written with the variables of the runner, or of the workflow.
    assert (
        image_of(image, "ghcr.io/${{ env.NAME }}", f"{ASKED}    env: {{NAME: '${{{{ github.repository }}}}'}}\n")
        == ours
    )
    owner = "ghcr.io/${{ github.repository_owner }}/shop"
    assert image_of(image, owner, ASKED) == ours
    part = "    env: {NAME: '${{ github.repository }}/web'}\n"
    assert image_of("ghcr.io/acme/shop/web:2", "ghcr.io/${{ env.NAME }}", ASKED + part) == (
        "ghcr.io/acme/shop/web:2, a build of Dockerfile at 2"
    )


@pytest.mark.parametrize(
    ("image", "job"),
    [
        ("ghcr.io/acme/shop-tools:2", ASKED),
        ("ghcr.io/other/shop:2", ASKED),
        # A template that does nothing where it comes from.
        ("ghcr.io/acme/shop:2", ASKED.replace("==", "!=")),
        ("ghcr.io/acme/shop:2", "    if: \"!(github.repository == 'acme/shop')\"\n"),
        ("ghcr.io/acme/shop:2", "    if: github.repository == 'acme/shop' || github.repository == 'acme/store'\n"),
        ("ghcr.io/acme/shop:2", "    if: github.repository == 'acme/store'\n"),
    ],
)
def test_another_name_than_that_of_the_repository_is_not_ours(image: str, job: str) -> None:
    assert image_of(image, job=job) is None


def test_a_variable_that_a_step_writes_anew_is_not_that_of_the_workflow() -> None:
    steps = "    - run: echo NAME=x/y >> $GITHUB_ENV\n" + build("push: true").replace("acme/shop", "${{ env.NAME }}")
    job = ASKED + "    env: {NAME: '${{ github.repository }}'}\n"
    assert image_of("acme/shop:2", **{PATH: shipping("push", steps, job)["ship.yml"]}) is None
    plain = steps.partition("\n")[2]
    assert image_of("acme/shop:2", **{PATH: shipping("push", plain, job)["ship.yml"]}) is not None


def test_a_label_and_a_project_that_say_different_things_tell_nothing() -> None:
    other = PROJECT.replace("acme/shop", "up/stream")
    assert image_of("ghcr.io/acme/shop:2", label=SOURCE, **{"pyproject.toml": other}) is None
    # A fork keeps what its files say; where its workflow asks for its own name that is the one.
    assert image_of("ghcr.io/acme/shop:2", job=ASKED, **{"pyproject.toml": other}) is not None
    assert image_of("ghcr.io/up/stream:2", job=ASKED, **{"pyproject.toml": other}) is None
