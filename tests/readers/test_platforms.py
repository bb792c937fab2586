"""Heroku's, Render's and Fly's own files: processes, images, folders, what runs before, what is not deployed."""

import pytest

from prodlint.deployment import Environment, Platform, Role, Service
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree

IMAGE = 'FROM python:3.13\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "image:app"]\n'


def services(files: dict[str, str]) -> dict[str, Service]:
    found = inspect(MemoryTree(files), []).deployment.services
    assert len({one.name for one in found}) == len(found)
    return {one.name: one for one in found}


def told(files: dict[str, str]) -> dict[str, str]:
    """What each service of a platform runs."""
    return {name: one.written for name, one in services(files).items() if one.process.platform is not Platform.DOCKER}


class TestHeroku:
    """heroku.yml, the manifest of the container stack."""

    @pytest.mark.parametrize(
        ("manifest", "processes"),
        [
            ("build: {docker: {web: Dockerfile}}\n", {"web": "gunicorn image:app"}),
            ("build: {docker: {web: {dockerfile: Dockerfile}}}\n", {"web": "gunicorn image:app"}),
            ("build: {docker: {web: Dockerfile}}\nrun: {web: gunicorn run:app}\n", {"web": "gunicorn run:app"}),
            (
                "build: {docker: {web: Dockerfile}}\nrun: {web: {command: [gunicorn run:app]}}\n",
                {"web": "gunicorn run:app"},
            ),
            (
                "build: {docker: {web: Dockerfile}}\nrun: {worker: {command: [rq worker], image: web}}\n",
                {"web": "gunicorn image:app", "worker": "rq worker"},
            ),
            ("run: {web: {command: [cd x, gunicorn y]}}\n", {"web": "gunicorn y"}),
            (
                "build: {docker: {web: Dockerfile}}\nrelease: {image: web, command: [./manage.py migrate]}\n",
                {"web": "gunicorn image:app", "release": "./manage.py migrate"},
            ),
        ],
    )
    def test_builds_and_commands_are_processes(self, manifest: str, processes: dict[str, str]) -> None:
        assert told({"heroku.yml": manifest, "Dockerfile": IMAGE}) == processes

    def test_a_procfile_beside_it_is_not_read(self) -> None:
        files = {"heroku.yml": "run: {web: gunicorn manifest}\n", "Procfile": "web: gunicorn procfile\n"}
        assert told(files) == {"web": "gunicorn manifest"}

    def test_roles_follow_the_names(self) -> None:
        manifest = "build: {docker: {web: Dockerfile, jobs: Dockerfile}}\nrelease: {image: web, command: [./x]}\n"
        found = services({"heroku.yml": manifest, "Dockerfile": IMAGE.replace("gunicorn", "serve")})
        assert {name: one.role for name, one in found.items()} == {
            "web": Role.WEB,
            "jobs": Role.WORKER,
            "release": Role.RELEASE,
        }

    @pytest.mark.parametrize(
        "manifest", ["", "[]", "run: 7\n", "build: {docker: [a]}\n", "release: {command: {}}\n", "a: [\n"]
    )
    def test_another_shape_declares_nothing(self, manifest: str) -> None:
        assert told({"heroku.yml": manifest}) == {}


class TestRender:
    """render.yaml, the blueprint."""

    @staticmethod
    def service(*lines: str, **files: str) -> Service:
        body = "".join(f"  {line}\n" for line in ("name: one", *lines))
        found = services(
            {
                "render.yaml": f"services:\n- type: web\n{body}",
                "Dockerfile": IMAGE,
                "api/Dockerfile": IMAGE.replace("image:", "api:"),
                **files,
            }
        )
        return found["one"]

    @pytest.mark.parametrize(
        ("lines", "written"),
        [
            (["runtime: python", "startCommand: gunicorn a:b"], "gunicorn a:b"),
            (["env: python", "startCommand: gunicorn a:b"], "gunicorn a:b"),
            (["runtime: python", "startCommand: python manage.py migrate && gunicorn a:b"], "gunicorn a:b"),
            (["runtime: python", "rootDir: api", "startCommand: ./start.sh"], "gunicorn started:app"),
            (["runtime: docker"], "gunicorn image:app"),
            (["runtime: docker", "dockerfilePath: ./api/Dockerfile"], "gunicorn api:app"),
            (["runtime: docker", "rootDir: api"], "gunicorn api:app"),
            (["runtime: docker", "dockerCommand: gunicorn other:app"], "gunicorn other:app"),
        ],
    )
    def test_a_service_runs_its_start_command_or_its_image(self, lines: list[str], written: str) -> None:
        assert self.service(*lines, **{"api/start.sh": "exec gunicorn started:app\n"}).written == written

    @pytest.mark.parametrize(
        ("kind", "role"), [("web", Role.WEB), ("pserv", Role.WEB), ("worker", Role.WORKER), ("cron", Role.WORKER)]
    )
    def test_the_type_tells_the_role(self, kind: str, role: Role) -> None:
        text = f"services:\n- {{type: {kind}, name: one, runtime: python, startCommand: ./x}}\n"
        assert services({"render.yaml": text})["one"].role is role

    @pytest.mark.parametrize(
        "line", ["type: redis, name: x", "type: keyvalue, name: x", "type: web, runtime: static, name: x"]
    )
    def test_what_runs_no_code_is_no_service(self, line: str) -> None:
        assert told({"render.yaml": f"services:\n- {{{line}}}\n"}) == {}

    def test_variables_reach_the_command(self) -> None:
        service = self.service(
            "runtime: python",
            "startCommand: ${SERVER} a:b",
            "envVars: [{key: SERVER, value: gunicorn}, {key: X, generateValue: true}, {fromGroup: y}]",
        )
        assert service.written == "gunicorn a:b"

    @pytest.mark.parametrize(
        "text",
        ["", "services: 7\n", "services: [7, {type: [web]}, {}]\n", "services: [{type: web, envVars: 7}]\n", "a: [\n"],
    )
    def test_another_shape_starts_nothing(self, text: str) -> None:
        assert [one for one in inspect(MemoryTree({"render.yaml": text}), []).deployment.services if one.step] == []


class TestFly:
    """fly.toml."""

    @pytest.mark.parametrize(
        ("text", "processes"),
        [
            ("app = 'x'\n", {"app": "gunicorn image:app"}),
            ("[processes]\nweb = 'gunicorn a:b'\njobs = 'rq worker'\n", {"web": "gunicorn a:b", "jobs": "rq worker"}),
            ("[build]\ndockerfile = 'api/Dockerfile'\n", {"app": "gunicorn api:app"}),
            ("[build]\ndockerfile = 'Dockerfile.multi'\nbuild-target = 'one'\n", {"app": "gunicorn one:app"}),
            ("[build]\ndockerfile = 'Dockerfile.multi'\nbuild-target = ''\n", {"app": "gunicorn two:app"}),
            (
                "[deploy]\nrelease_command = 'python manage.py migrate'\n",
                {"app": "gunicorn image:app", "release": "python manage.py migrate"},
            ),
            ("[processes]\nweb = 'bash -c \"gunicorn a:b\"'\n", {"web": "gunicorn a:b"}),
        ],
    )
    def test_processes_are_given_to_the_image_as_words(self, text: str, processes: dict[str, str]) -> None:
        multi = 'FROM python:3.13 AS one\nCMD ["gunicorn", "one:app"]\nFROM one AS two\nCMD ["gunicorn", "two:app"]\n'
        files = {
            "fly.toml": text,
            "Dockerfile": IMAGE,
            "api/Dockerfile": IMAGE.replace("image:", "api:"),
            "Dockerfile.multi": multi,
        }
        found = inspect(MemoryTree(files), []).deployment.services
        assert {one.name: one.written for one in found if one.process.platform is Platform.FLY} == processes

    @pytest.mark.parametrize(
        ("groups", "dialled"),
        [("app web", ["app"]), ("web worker", ["web"]), ("api beat", ["api"]), ("zero", ["zero"]), ("", ["app"])],
    )
    def test_a_service_that_names_no_group_is_that_of_the_default_one(self, groups: str, dialled: list[str]) -> None:
        listed = "".join(f"{one} = 'gunicorn a:b'\n" for one in groups.split())
        text = "[http_service]\ninternal_port = 80\n" + (f"[processes]\n{listed}" if listed else "")
        found = inspect(MemoryTree({"fly.toml": text, "Dockerfile": IMAGE}), []).deployment.services
        assert [one.name for one in found if one.process.exposures] == dialled

    @pytest.mark.parametrize(
        ("path", "environment"),
        [
            ("fly.toml", Environment.PRODUCTION),
            ("fly.staging.toml", Environment.PRODUCTION),
            ("fly.dev.toml", Environment.DEVELOPMENT),
            ("examples/fly.toml", Environment.DEVELOPMENT),
        ],
    )
    def test_its_name_tells_the_environment(self, path: str, environment: Environment) -> None:
        found = services({path: "[processes]\nweb = 'gunicorn a:b'\n"})
        assert found["web"].environment is environment

    @pytest.mark.parametrize(
        "text", ["a = [", "processes = 7\n", "[processes]\nweb = 7\n", '[processes]\nweb = "\'"\n', ""]
    )
    def test_another_shape_starts_nothing(self, text: str) -> None:
        assert [one for one in inspect(MemoryTree({"fly.toml": text}), []).deployment.services if one.step] == []
