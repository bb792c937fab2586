"""What a Dockerfile builds: its files, its variables, what it starts, which stages count."""

import pytest
from built_images import FILES, build, file_at, value

from prodlint.deployment.command import CommandLine
from prodlint.deployment.image import build_image
from prodlint.deployment.installed.system_packages import system_packages
from prodlint.deployment.process import Build
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import UNKNOWN, Unknown
from prodlint.inspection import inspect
from prodlint.source import Source
from prodlint.tree import MemoryTree


def written(line: CommandLine | None) -> str | None:
    return None if line is None else line.written


@pytest.mark.parametrize(
    ("instructions", "path", "file"),
    [
        # A folder gives its contents, not itself.
        ("COPY app /srv", "/srv/main.py", "app/main.py"),
        ("COPY app /srv", "/srv/app/main.py", None),
        ("COPY app /srv/app", "/srv/app/main.py", "app/main.py"),
        ("COPY app/ /srv/app/", "/srv/app/api/views.py", "app/api/views.py"),
        ("COPY ./app /srv/app", "/srv/app/main.py", "app/main.py"),
        ("COPY app src /srv/", "/srv/main.py", "app/main.py"),
        ("COPY app src /srv/", "/srv/shop/wsgi.py", "src/shop/wsgi.py"),
        # A file takes the name of the destination, unless that is a folder.
        ("COPY manage.py /srv/run.py", "/srv/run.py", "manage.py"),
        ("COPY manage.py /srv/", "/srv/manage.py", "manage.py"),
        ("COPY manage.py requirements.txt /srv/", "/srv/requirements.txt", "requirements.txt"),
        ("COPY app /srv\nCOPY manage.py /srv", "/srv/manage.py", "manage.py"),
        ("WORKDIR /srv\nCOPY manage.py /srv", "/srv/manage.py", "manage.py"),
        ("WORKDIR /srv\nWORKDIR /tmp\nCOPY manage.py /srv", "/srv/manage.py", "manage.py"),
        ("WORKDIR /srv/app\nCOPY manage.py /srv", "/srv/manage.py", "manage.py"),
        ("COPY manage.py /usr/local/bin", "/usr/local/bin/manage.py", "manage.py"),
        ("COPY scripts/start.sh /start", "/start", "scripts/start.sh"),
        ("COPY scripts/start.sh /", "/start.sh", "scripts/start.sh"),
        # Relative destinations.
        ("WORKDIR /srv\nCOPY . .", "/srv/app/main.py", "app/main.py"),
        ("WORKDIR /srv\nCOPY . ./", "/srv/manage.py", "manage.py"),
        ("WORKDIR /srv\nCOPY app app", "/srv/app/main.py", "app/main.py"),
        ("WORKDIR /srv\nWORKDIR web\nCOPY app .", "/srv/web/main.py", "app/main.py"),
        ("WORKDIR /srv/web\nWORKDIR ../api\nCOPY app .", "/srv/api/main.py", "app/main.py"),
        ("COPY app web", "/web/main.py", "app/main.py"),
        # Wildcards.
        ("COPY requirements*.txt /srv/", "/srv/requirements-dev.txt", "requirements-dev.txt"),
        ("COPY *.py /srv/", "/srv/manage.py", "manage.py"),
        ("COPY *.py /srv/", "/srv/main.py", None),
        ("COPY ap? /srv/", "/srv/main.py", "app/main.py"),
        # A source stays inside of the context.
        ("COPY ../manage.py /srv/", "/srv/manage.py", "manage.py"),
        ("COPY /manage.py /srv/", "/srv/manage.py", "manage.py"),
        # Other forms.
        ('COPY ["manage.py", "/srv/"]', "/srv/manage.py", "manage.py"),
        ("ADD app /srv", "/srv/main.py", "app/main.py"),
        ("COPY --chown=app:app --chmod=755 --link app /srv", "/srv/main.py", "app/main.py"),
        ("COPY --parents app/main.py /srv/", "/srv/app/main.py", "app/main.py"),
        ("COPY --parents app /srv/", "/srv/app/main.py", "app/main.py"),
        ("COPY --exclude=api app /srv/", "/srv/main.py", "app/main.py"),
        ("ARG HOME=/srv\nCOPY app $HOME/web", "/srv/web/main.py", "app/main.py"),
        ("ENV HOME=/srv\nWORKDIR ${HOME}/x\nCOPY app .", "/srv/x/main.py", "app/main.py"),
        # The last one that covers a path counts.
        ("COPY app /srv\nCOPY manage.py /srv/main.py", "/srv/main.py", "manage.py"),
        ("COPY . /srv\nRUN rm -rf /srv/secrets", "/srv/secrets/key.py", None),
        ("COPY . /srv\nRUN mv /srv/app /web", "/web/main.py", "app/main.py"),
        ("COPY . /srv\nRUN cp /srv/scripts/start.sh /start.sh", "/start.sh", "scripts/start.sh"),
        ("COPY . /srv\nRUN ln -s /srv/scripts/start.sh /start.sh", "/start.sh", "scripts/start.sh"),
    ],
)
def test_copy_places_files_as_buildkit_does(instructions: str, path: str, file: str | None) -> None:
    assert file_at(build(f"FROM python:3.13\n{instructions}\n", FILES), path, FILES) == file


def test_a_stage_is_copied_from_by_its_name_its_index_and_along_a_chain() -> None:
    text = """\
FROM python:3.13 AS Builder
WORKDIR /build
COPY src .
FROM python:3.13 AS middle
COPY --from=builder /build /middle
FROM python:3.13
COPY --from=1 /middle/shop /srv/shop
COPY --from=BUILDER /build/shop/wsgi.py /entry.py
"""
    image = build(text, FILES)
    assert file_at(image, "/srv/shop/wsgi.py", FILES) == "src/shop/wsgi.py"
    assert file_at(image, "/entry.py", FILES) == "src/shop/wsgi.py"
    assert image.files.complete


def test_a_parent_of_what_a_stage_holds_is_copied_with_it() -> None:
    text = "FROM a AS b\nCOPY app /opt/web/app\nFROM c\nCOPY --from=b /opt /usr/opt\n"
    assert file_at(build(text, FILES), "/usr/opt/web/app/main.py", FILES) == "app/main.py"


def test_files_of_an_outside_image_are_not_known() -> None:
    assert not build("FROM python:3.13\nCOPY --from=registry/shop /app /app\n").files.complete
    assert build("FROM python:3.13\nCOPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/\n").files.complete


def test_what_a_stage_installs_comes_along_with_its_files() -> None:
    text = """\
FROM python:3.13 AS builder
RUN pip install gunicorn
FROM python:3.13 AS unused
RUN pip install pytest
FROM python:3.13
COPY --from=builder /opt/venv /opt/venv
RUN pip install uvicorn
"""
    assert [one.step.written for one in build(text).steps] == ["pip install gunicorn", "pip install uvicorn"]


def test_a_stage_inherits_from_the_stage_below_it() -> None:
    text = """\
FROM python:3.13 AS base
ARG W=w
ENV A=1 B=$W
WORKDIR /srv
COPY app app
RUN pip install flask
CMD ["gunicorn"]
FROM base AS final
ENV C=$A$W
"""
    image = build(text, FILES)
    assert image.base == "python:3.13"
    assert image.stage == "final"
    assert image.directory == "/srv"
    assert {name: value(image, name) for name in image.variables} == {
        "A": "1",
        "B": "w",
        "C": "1w",
    }
    assert written(image.command) == "gunicorn"
    assert file_at(image, "/srv/app/main.py", FILES) == "app/main.py"
    assert [one.step.written for one in image.steps] == ["pip install flask"]


def test_a_stage_without_a_name_is_not_called_like_the_one_below_it() -> None:
    assert build("FROM python:3.13 AS dev\nFROM dev\n").environment is None


@pytest.mark.parametrize(
    ("instructions", "entrypoint", "command"),
    [
        ('CMD ["a"]\nCMD ["b"]', None, "b"),
        ('CMD ["a"]\nENTRYPOINT ["e"]', "e", "a"),
        ('ENTRYPOINT ["e"]\nCMD ["a"]', "e", "a"),
        ("CMD a b && c", None, "a b && c"),
        ("CMD []", None, None),
        ('CMD ["a"]\nENTRYPOINT []', None, "a"),
        ("CMD ['a']", None, "['a']"),
        ('ONBUILD CMD ["x"]\nONBUILD COPY . /srv', None, None),
        ('HEALTHCHECK CMD ["x"]', None, None),
    ],
)
def test_the_start_command_is_that_of_the_last_instructions(
    instructions: str, entrypoint: str | None, command: str | None
) -> None:
    image = build(f"FROM python:3.13\n{instructions}\n")
    assert (written(image.entrypoint), written(image.command)) == (entrypoint, command)


@pytest.mark.parametrize(
    ("above", "entrypoint", "command"),
    [
        ('ENTRYPOINT ["e"]', "e", None),
        ("ENTRYPOINT []", None, None),
        ('CMD ["b"]', None, "b"),
        ('CMD ["b"]\nENTRYPOINT ["e"]', "e", "b"),
        ("ENV A=1", None, "inherited"),
    ],
)
def test_an_entrypoint_clears_the_inherited_cmd(above: str, entrypoint: str | None, command: str | None) -> None:
    image = build(f'FROM python:3.13 AS base\nCMD ["inherited"]\nFROM base\n{above}\n')
    assert (written(image.entrypoint), written(image.command)) == (entrypoint, command)


def test_a_target_is_found_by_name_whatever_its_case() -> None:
    text = 'FROM a AS Prod\nCMD ["gunicorn"]\nFROM a AS dev\nCMD ["flask"]\n'
    assert written(build(text, target="prod").command) == "gunicorn"
    assert written(build(text).command) == "flask"


def test_a_target_that_is_not_there_builds_nothing() -> None:
    repository = Repository({"Dockerfile"}, lambda path: b"FROM a AS b\n")
    span = Source("x", "").span
    assert build_image(repository, Build("Dockerfile", "", span, "prod")) is None
    assert build_image(repository, Build("Dockerfile", "", span, "0")) is None
    assert build_image(repository, Build("other", "", span)) is None


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("ARG V=3.13\nFROM python:$V\n", "python:3.13"),
        ("ARG V=3.13\nARG I=python:${V}-slim\nFROM ${I}\n", "python:3.13-slim"),
        ("FROM python:${V:-3.12}\n", "python:3.12"),
        ("FROM --platform=linux/amd64 python:3.13 AS x\n", "python:3.13"),
        ("ARG V\nFROM python:$V\n", None),
        ("FROM base\n", "base"),
        ("FROM base AS base\nFROM base\n", "base"),
    ],
)
def test_the_base_is_the_outside_image_below_all_stages(text: str, base: str | None) -> None:
    assert build(text).base == base


def test_a_build_argument_wins_over_the_default() -> None:
    assert build("ARG V=3.13\nFROM python:$V\n", V="3.14").base == "python:3.14"
    assert build("ARG V\nFROM python:$V\n", V="3.14").base == "python:3.14"


@pytest.mark.parametrize(
    ("instructions", "expected"),
    [
        ("ENV R=1", "1"),
        ("ENV R 1 2", "1 2"),
        ("ENV A=1 R='a b'", "a b"),
        ("ENV A=1\nENV A=2 R=$A", "1"),
        ("ARG A=1\nENV R=$A", "1"),
        ("ARG A\nENV R=${A:-d}", "d"),
        ("ARG G\nENV R=$G", "global"),
        ("ARG G=own\nENV R=$G", "own"),
        ("ENV R=${G:-unseen}", "unseen"),
        ("ARG A=2\nARG A\nENV R=$A", "2"),
        ("ENV A=1\nARG A=2\nENV R=$A", "2"),
        ("ARG A=2\nENV A=1\nENV R=$A", "1"),
        ("ENV R=\\$A", "$A"),
        ("ARG R=1", None),
        ("ENV R=${A:+x}", ""),
        ("ENV A=1\nENV R=${A:+x}", "x"),
        ("ENV R=$UNSET", ""),
    ],
)
def test_variables_hold_what_buildkit_makes_of_them(instructions: str, expected: str | None) -> None:
    assert value(build(f"ARG G=global\nFROM scratch\n{instructions}\n"), "R") == expected


def test_an_argument_of_the_build_is_not_set_where_the_image_runs() -> None:
    image = build("FROM acme/base\nARG sha\nENV SHA=$sha TAG=v-$sha PLAIN=${sha:-none} MORE=$other\n")
    reasons = {name: one.reason for name, one in image.variables.items() if isinstance(one, Unknown)}
    assert reasons == {
        "SHA": "the build argument sha decides it",
        "TAG": "the build argument sha decides it",
        "MORE": "$other is not set in this repository",
    }


def test_official_images_of_python_leave_most_variables_unset() -> None:
    image = build("FROM python:3.13\nENV PYTHONPATH=$PYTHONPATH:. MORE=${other:-plain} OLD=$PYTHON_VERSION\n")
    assert [value(image, name) for name in ("PYTHONPATH", "MORE", "OLD")] == [":.", "plain", None]
    for opening, found in (
        ("FROM acme/base", None),
        ("ARG V=3.13\nFROM python:$V", ":."),
        ("ARG BASE=python:3.13\nFROM $BASE", None),
    ):
        assert value(build(f"{opening}\nENV PYTHONPATH=$PYTHONPATH:.\n"), "PYTHONPATH") == found


def test_the_environment_of_an_outside_image_is_not_known() -> None:
    image = build("FROM python:3.13\nENV PATH=/venv/bin:$PATH\n")
    assert isinstance(image.variables["PATH"], Unknown)


def test_a_default_of_a_build_argument_may_be_replaced_outside() -> None:
    text = 'FROM a\nARG MODE=prod\nRUN if [ "$MODE" = "dev" ]; then pip install x; fi\n'
    assert [(one.step.written, one.step.conditional) for one in build(text).steps] == [("pip install x", True)]
    assert build(text, MODE="live").steps == ()


@pytest.mark.parametrize("base", ["python:3.13", "python:3.13-slim@sha256:0", "docker.io/library/python", "scratch"])
def test_official_images_bring_no_server(base: str) -> None:
    assert not build(f"FROM {base}\n").base_brings_servers


@pytest.mark.parametrize("base", ["tiangolo/uvicorn-gunicorn", "registry/python:3.13", "$BASE", "pythonista"])
def test_other_images_may_bring_one(base: str) -> None:
    assert build(f"FROM {base}\n").base_brings_servers is UNKNOWN


def test_a_file_in_a_heredoc_is_not_one_of_the_repository() -> None:
    image = build("FROM a\nCOPY . /srv\nCOPY <<EOF /srv/manage.py\nx = 1\nEOF\n", FILES)
    assert file_at(image, "/srv/manage.py", FILES) is None


@pytest.mark.parametrize(
    "text",
    [
        "FROM a AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\nRUN pip install a\n" for n in range(1200)),
        "FROM a AS s0\nCOPY . /x\n"
        + "".join(f"FROM a AS s{n + 1}\n" + f"COPY --from=s{n} / /\n" * 40 for n in range(40)),
        "FROM a\n" + "COPY *a*a*a*a*a*b /x/\n" * 2000,
        "FROM a\nENV A=aaaaaaaaaa\n" + "ENV A=$A$A$A$A\n" * 500,
        "FROM a\n" * 5000,
        "FROM a\nRUN " + "mkdir /a/b/c && " * 20000 + "true\n",
    ],
)
def test_a_hostile_dockerfile_does_not_take_long(text: str) -> None:
    held = {"Dockerfile": text.encode(), "a" * 200: b""}
    repository = Repository(held, held.__getitem__)
    build_image(repository, Build("Dockerfile", "", Source("x", "").span))


@pytest.mark.parametrize(
    ("dockerfile", "command"),
    [
        ("FROM nginx:1.29\nCOPY app /srv\n", "nginx -g daemon off;"),
        ("FROM docker.io/nginxinc/nginx-unprivileged:1.29\n", "nginx -g daemon off;"),
        ("FROM postgres:17@sha256:0123\n", "postgres"),
        ("FROM node:22 AS build\nFROM caddy:2\n", "caddy run --config /etc/caddy/Caddyfile --adapter caddyfile"),
        ('FROM nginx\nCMD ["nginx-debug"]\n', "nginx-debug"),
        # An entrypoint empties the command of the base.
        ('FROM nginx\nENTRYPOINT ["./x"]\n', None),
        ("FROM python:3.13\n", None),
        ("FROM registry.example/base\n", None),
    ],
)
def test_an_image_without_a_command_starts_what_its_base_starts(dockerfile: str, command: str | None) -> None:
    assert written(build(dockerfile, FILES).command) == command


@pytest.mark.parametrize(
    ("run", "packages"),
    [
        ("apt-get update && apt-get install -y libpq5 curl=8.* -t stable nginx", "libpq5 curl nginx"),
        ("apk add --no-cache --virtual .build gcc py3-gunicorn=23.0.0-r0 'openssl>3'", "gcc py3-gunicorn openssl"),
        ("dnf install -y httpd && dnf clean all", "httpd"),
        ("apt-get install -y $PACKAGES ./local.deb", ""),
        ("apt-get remove -y gcc", ""),
        ("pip install gunicorn", ""),
    ],
)
def test_an_image_holds_what_its_distribution_installs(run: str, packages: str) -> None:
    image = build(f"FROM debian:13 AS base\nRUN {run}\nFROM base\n")
    assert [one.name for one in system_packages(image)] == packages.split()


@pytest.mark.parametrize(
    ("base", "command", "written"),
    [
        ("gcr.io/distroless/python3-debian12", '["-m", "gunicorn", "app:app"]', "/usr/bin/python3 -m gunicorn app:app"),
        ("cgr.dev/chainguard/python:latest", '["-m", "gunicorn", "app:app"]', "/usr/bin/python -m gunicorn app:app"),
        ("cgr.dev/chainguard/python", '["main.py"]', "/usr/bin/python main.py"),
        ("gcr.io/distroless/python3", '["/venv/bin/gunicorn", "app:app"]', "/venv/bin/gunicorn app:app"),
        ("acme/python", '["-m", "gunicorn", "app:app"]', ""),
        ("cgr.dev/chainguard/python\nENTRYPOINT []", '["gunicorn", "app:app"]', "gunicorn app:app"),
        ("cgr.dev/chainguard/python AS base\nENTRYPOINT []\nFROM base", '["main.py"]', "main.py"),
    ],
)
def test_an_image_that_is_an_interpreter_starts_what_it_is_given(base: str, command: str, written: str) -> None:
    files = {"Dockerfile": f"FROM {base}\nWORKDIR /app\nCOPY . .\nCMD {command}\n", "main.py": "", "app.py": ""}
    [service] = inspect(MemoryTree(files), ()).deployment.services
    assert (service.step.written if service.step is not None else "") == written
