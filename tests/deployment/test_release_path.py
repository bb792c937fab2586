"""The ways by which new code gets to production, in the order of what happens on them."""

import pytest

from prodlint.deployment import Deployment
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

IMAGE = {"Dockerfile": 'FROM python:3.13\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "app:app"]\n', "app.py": ""}
WORKFLOW = "on: push\njobs:\n  ship:\n    steps:\n"
COMPOSE = "services:\n  web:\n    build: .\n    restart: always\n"


def deployment_of(files: dict[str, str]) -> Deployment:
    return inspect(MemoryTree(files), []).deployment


def names(files: dict[str, str]) -> list[str]:
    return sorted(one.name for one in deployment_of(files).releases)


UP = "update:\n\tgit pull\n\tdocker compose up -d\n"
TAG = "\tgit commit -am v1\n\tgit tag v1\n\tgit push\n\tgit push --tags\n"
IN_FOLDER = "start:\n\tcd deploy && docker compose up -d\n"


@pytest.mark.parametrize(
    ("files", "releases"),
    [
        ({"Procfile": "web: gunicorn app:app\n"}, ["Procfile"]),
        ({"Procfile": "worker: celery -A app worker\n"}, []),
        ({"Procfile.dev": "web: flask run\n"}, []),
        ({"fly.toml": "[processes]\nweb = 'gunicorn a:b'\n"}, ["fly.toml"]),
        (
            {"render.yaml": "services:\n- {type: web, name: a, runtime: python, startCommand: gunicorn a:b}\n"},
            ["render.yaml"],
        ),
        ({"compose.prod.yml": COMPOSE, **IMAGE}, ["compose.prod.yml"]),
        ({"compose.dev.yml": COMPOSE, **IMAGE}, []),
        (IMAGE, []),
        ({"deploy.sh": "git pull\nsystemctl restart shop\n"}, ["deploy.sh"]),
        ({"scripts/release.sh": "docker compose up -d\n"}, ["scripts/release.sh"]),
        ({"scripts/test.sh": "docker compose up -d\n"}, []),
        ({"deploy.sh": "echo nothing\n"}, []),
        ({"Makefile": "deploy: build\n\tssh shop docker compose up -d\nbuild:\n\tdocker build .\n"}, ["Makefile"]),
        ({"ops/Makefile": "deploy-prod:\n\t@kubectl apply -f k8s\n"}, ["ops/Makefile"]),
        ({"Makefile": "deploy-dev:\n\tkubectl apply -f k8s\nup:\n\tdocker compose up -d\n"}, []),
        ({"deploy/compose.yml": "services: {web: {image: shop}}\n", "deploy/Makefile": UP}, ["deploy/Makefile"]),
        ({"Makefile": "start:\n\tdocker compose -f compose.prod.yml up -d\n"}, ["Makefile"]),
        ({"Makefile": "ENV = live\nstart:\n\tdocker compose -f compose.$(ENV).yml up -d\n"}, ["Makefile"]),
        ({"Makefile": "start:\n\tdocker compose --file production_compose.yml up -d\n"}, ["Makefile"]),
        ({"Makefile": "start:\n\tdocker compose -f '../deploy/compose.yml' up -d\n"}, ["Makefile"]),
        ({"deploy/compose.yml": "services: {web: {image: shop}}\n", "Makefile": IN_FOLDER}, ["Makefile"]),
        ({"Makefile": "# A release.\nRELEASE_TAG = 1\nstart:\n\tdocker compose up -d $(RELEASE_TAG)\n"}, []),
        ({"Makefile": "test:\n\tdocker compose -f compose.prod.yml up -d\n"}, []),
        ({"Makefile": "start:\n\tdocker compose -f compose.prod.yml up -d db\n"}, []),
        ({"Makefile": "start:\n\tdocker compose -f compose.prod.yml -f compose.local.yml up -d\n"}, []),
        ({"Makefile": "release:\n\tgit tag v1\n\ttwine upload dist/*\n"}, []),
        ({"Makefile": f"release:\n\tgit pull\n{TAG}"}, []),
        ({"Makefile": f"release:\n\tgit pull\n{TAG}\tsystemctl restart shop\n"}, ["Makefile"]),
        ({"Makefile": f"release:\n\tgit pull\n{TAG}\tpip install -r requirements.txt\n"}, ["Makefile"]),
        ({"Makefile": "release:\n\tgit pull\n\tgit tag v1\n"}, ["Makefile"]),
        ({"Makefile": "deploy-docs:\n\tmkdocs gh-deploy\n"}, []),
        (
            {"justfile": "host := 'shop'\ndeploy: build\n  ssh {{host}} docker compose up -d\nbuild:\n  x\n"},
            ["justfile"],
        ),
        ({"justfile": "deploy-docs:\n  mkdocs gh-deploy\n"}, []),
        ({".gitlab-ci.yml": "deploy: {environment: production, script: [kubectl apply -f k]}\n"}, [".gitlab-ci.yml"]),
        ({".gitlab-ci.yml": "deploy: {environment: dev, script: [kubectl apply -f k]}\n"}, []),
        (
            {".github/workflows/cd.yml": WORKFLOW + "    - uses: azure/webapps-deploy@v3\n"},
            [".github/workflows/cd.yml"],
        ),
        (
            {".github/workflows/cd.yml": WORKFLOW + "    - uses: pypa/gh-action-pypi-publish@v1\n"},
            [],
        ),
        (
            {".github/workflows/cd.yml": WORKFLOW + "    - uses: actions/deploy-pages@v4\n"},
            [],
        ),
    ],
)
def test_what_brings_code_to_production_is_a_release(files: dict[str, str], releases: list[str]) -> None:
    assert names(files) == releases


def test_an_image_that_prepares_its_start_is_a_release_that_something_else_begins() -> None:
    files = {**IMAGE, "Dockerfile": IMAGE["Dockerfile"].replace('["gunicorn", "app:app"]', '["./start.sh"]')}
    files["start.sh"] = "python manage.py migrate\nexec gunicorn app:app\n"
    (release,) = deployment_of(files).releases
    assert [step.kind.value for step in release.steps] == ["migrate", "start"]
    assert not release.complete


@pytest.mark.parametrize(
    ("files", "complete"),
    [
        ({"Procfile": "web: gunicorn app:app\n"}, True),
        ({"Procfile": "web: ./start.sh\n", "start.sh": "exec gunicorn app:app\n"}, True),
        ({"Procfile": "web: ./missing.sh\n"}, False),
        ({"Procfile": "web: $COMMAND\n"}, False),
        ({"render.yaml": "services:\n- {type: web, name: a, runtime: python}\n"}, False),
    ],
)
def test_a_release_that_was_not_read_whole_says_so(files: dict[str, str], complete: bool) -> None:
    assert [one.complete for one in deployment_of(files).releases] == [complete]


@pytest.mark.parametrize(
    "files",
    [
        {"Makefile": "deploy: migrate\n\tkubectl apply -f k8s\nmigrate:\n\tpython manage.py migrate\n"},
        {"justfile": "deploy: migrate\n  kubectl apply -f k8s\nmigrate:\n  python manage.py migrate\n"},
    ],
)
def test_a_target_that_deploys_is_followed_through_what_it_needs(files: dict[str, str]) -> None:
    (release,) = deployment_of(files).releases
    assert [(step.kind.value, step.written) for step in release.steps] == [
        ("migrate", "python manage.py migrate"),
        ("deploy", "kubectl apply -f k8s"),
    ]


def told(files: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    """Kind and command of the steps of each release."""
    found = deployment_of(files).releases
    return {one.name: [(step.kind.value, step.written) for step in one.steps] for one in found}


UNDECIDED = """\
mkdir -p data
python manage.py migrate
if [ "$MANAGED" = yes ]; then
  exec supervisord -c all.conf
fi
exec uwsgi --http :9090 --module shop.wsgi
"""


def test_what_an_entrypoint_does_before_one_of_several_servers_is_a_release() -> None:
    files = {
        **IMAGE,
        "boot.sh": UNDECIDED,
        "Dockerfile": 'FROM python:3.13\nWORKDIR /app\nCOPY . .\nCMD ["./boot.sh"]\n',
    }
    steps = [
        ("prepare", "mkdir -p data"),
        ("migrate", "python manage.py migrate"),
        ("start", "supervisord -c all.conf"),
        ("start", "uwsgi --http :9090 --module shop.wsgi"),
    ]
    assert told(files) == {"Dockerfile": steps}
    # In a container that compose starts nothing else sets the variable.
    assert told({**files, "compose.prod.yml": COMPOSE}) == {"compose.prod.yml": [*steps[:2], steps[3]]}
    [release] = deployment_of(files).releases
    assert not release.complete
    assert [one.conditional for one in release.steps] == [False, False, True, True]


def test_a_supervisord_that_starts_the_server_is_the_start_of_a_release() -> None:
    files = {
        **IMAGE,
        "Dockerfile": 'FROM python:3.13\nWORKDIR /app\nCOPY . .\nCMD ["./boot.sh"]\n',
        "boot.sh": "alembic upgrade head\nexec supervisord -c /app/supervisord.conf\n",
        "supervisord.conf": "[supervisord]\nnodaemon=true\n[program:web]\ncommand=gunicorn app:app\n",
    }
    assert told(files)["Dockerfile"] == [
        ("migrate", "alembic upgrade head"),
        ("start", "supervisord -c /app/supervisord.conf"),
    ]
    worker = files["supervisord.conf"].replace("gunicorn app:app", "celery -A app worker")
    assert told({**files, "supervisord.conf": worker}) == {}


def test_a_hook_that_the_app_waits_for_stands_before_the_start_of_its_server() -> None:
    ini = "[uwsgi]\nmodule = app\nhook-pre-app = exec:./manage.py migrate\nattach-daemon = ./manage.py mail\n"
    steps = told({"Procfile": "web: uwsgi uwsgi.ini\n", "uwsgi.ini": ini, "app.py": ""})["Procfile"]
    assert steps == [("migrate", "./manage.py migrate"), ("start", "uwsgi uwsgi.ini")]


def test_what_runs_beside_an_entrypoint_prepares_nothing() -> None:
    files = {**IMAGE, "boot.sh": './warm.py &\nflask seed\nexec "$@"\n'}
    files["Dockerfile"] += 'ENTRYPOINT ["./boot.sh"]\n'
    assert told(files)["Dockerfile"] == [("prepare", "flask seed"), ("start", "gunicorn app:app")]


def test_programs_of_our_own_in_front_of_a_deployment_prepare_it() -> None:
    files = {
        ".github/workflows/cd.yml": WORKFLOW
        + "    - run: python tools/notice.py && pip install .\n    - run: sh prestart.sh\n    - run: fly deploy\n"
        + "    - run: python tools/report.py\n  test:\n    steps:\n    - run: python tools/check.py\n",
        "prestart.sh": "python app/wait.py\nalembic upgrade head\npython -m site\nflask seed\n",
    }
    assert told(files)[".github/workflows/cd.yml"] == [
        ("prepare", "python tools/notice.py"),
        ("prepare", "python app/wait.py"),
        ("migrate", "alembic upgrade head"),
        ("prepare", "flask seed"),
        ("deploy", "fly deploy"),
    ]


def test_an_image_that_an_action_builds_is_told_by_its_names_its_file_and_its_stage() -> None:
    build = "    - uses: docker/build-push-action@v6\n      with:\n        push: true\n"
    files = {
        ".github/workflows/a.yml": WORKFLOW
        + build
        + "        file: ./docker/Dockerfile\n        target: full\n        tags: |\n          shop/web:latest\n"
        + "          shop/web:${{ env.VERSION }}\n",
        ".github/workflows/b.yml": WORKFLOW
        + "    - uses: docker/metadata-action@v5\n      with:\n        images: ghcr.io/shop/web\n"
        + build
        + "        tags: ${{ steps.meta.outputs.tags }}\n",
        ".github/workflows/c.yml": WORKFLOW + build,
    }
    assert {path.rpartition("/")[2]: {text for _, text in steps} for path, steps in told(files).items()} == {
        "a.yml": {"shop/web:latest and 1 more (docker/Dockerfile, target full)"},
        "b.yml": {"ghcr.io/shop/web"},
        "c.yml": {"docker/build-push-action@v6"},
    }


PUSH = "    - run: git push --force origin live\n"


@pytest.mark.parametrize(
    ("files", "deploys"),
    [
        ({"Procfile": "web: gunicorn app:app\n"}, True),
        ({"heroku.yml": "run:\n  web: gunicorn app:app\n"}, True),
        ({}, False),
        ({"render.yaml": "services:\n- {type: web, name: a, runtime: python, startCommand: gunicorn a:b}\n"}, True),
        (
            {
                "render.yaml": "services:\n- {type: web, name: a, runtime: python, branch: main, "
                "startCommand: gunicorn a:b}\n"
            },
            False,
        ),
        (
            {
                "render.yaml": "services:\n- {type: web, name: a, runtime: python, branch: live, "
                "autoDeployTrigger: off, startCommand: gunicorn a:b}\n"
            },
            False,
        ),
        (
            {
                ".do/app.yaml": "name: shop\nservices:\n- name: web\n  run_command: gunicorn a:b\n"
                "  github: {repo: shop/shop, branch: live, deploy_on_push: true}\n"
            },
            True,
        ),
        ({".platform.app.yaml": "name: shop\n"}, True),
    ],
)
def test_a_push_of_a_branch_that_a_platform_deploys_is_a_release(files: dict[str, str], deploys: bool) -> None:
    path = ".github/workflows/nightly.yml"
    workflow = WORKFLOW.replace("  ship:", "  deploy-nightly:") + "    - run: pytest\n" + PUSH
    assert (("deploy", "git push --force origin live") in told({**files, path: workflow}).get(path, [])) is deploys


@pytest.mark.parametrize("named", [True, False])
def test_a_push_counts_by_its_branch_or_by_what_its_workflow_is_called(named: bool) -> None:
    render = "services:\n- {type: web, name: a, runtime: python, startCommand: gunicorn a:b}\n"
    render = render.replace("name: a", "name: a, branch: live") if named else render
    path = ".github/workflows/format.yml"
    files = {"render.yaml": render, path: "on: push\njobs:\n  tidy:\n    steps:\n" + PUSH}
    assert (path in told(files)) is named
    for written in (
        "git push",
        "git push origin HEAD:$BRANCH",
        "git push origin --delete live",
        "git push o refs/tags/1",
    ):
        assert path not in told({**files, path: files[path].replace("git push --force origin live", written)})


@pytest.mark.parametrize(
    ("before", "deploys"),
    [
        ("", False),
        ("    - uses: actions/checkout@v4\n      with: {token: '${{ github.token }}'}\n", False),
        ("    - uses: actions/checkout@v4\n      with: {token: '${{ secrets.BOT }}'}\n", True),
        ("    - uses: actions/checkout@v4\n      with: {ssh-key: '${{ secrets.KEY }}'}\n", True),
        ("    - run: git remote set-url origin https://bot:$TOKEN@github.com/shop/shop\n", True),
    ],
)
def test_a_push_sets_off_the_workflow_that_deploys_its_branch_where_it_is_made_with_a_key(
    before: str, deploys: bool
) -> None:
    files = {
        ".github/workflows/cd.yml": WORKFLOW.replace("push", "{push: {branches: [live]}}") + "    - run: fly deploy\n",
        ".github/workflows/promote.yml": WORKFLOW + before + PUSH,
    }
    assert (".github/workflows/promote.yml" in told(files)) is deploys


def test_each_project_of_a_monorepo_has_its_own_way() -> None:
    django = {
        "manage.py": "",
        "shop/wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
        "orders/migrations/0001_initial.py": "class Migration:\n    pass\n",
        "Procfile": "web: gunicorn shop.wsgi\n",
    }
    files = {f"{folder}/{path}": text for folder in ("one", "two") for path, text in django.items()}
    deployment = deployment_of(files)
    assert names(files) == ["one/Procfile", "two/Procfile"]
    assert [one.root for one in deployment.projects] == ["one", "two"]
    assert [[service.process.path for service in one.services] for one in deployment.projects] == [
        ["one/Procfile"],
        ["two/Procfile"],
    ]
