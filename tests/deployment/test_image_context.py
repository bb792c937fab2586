"""The context of a build: which folder it is, and what is ignored in it."""

import pytest
from built_images import FILES, build, file_at


@pytest.mark.parametrize(
    ("path", "text", "context"),
    [
        ("Dockerfile", "COPY app /srv", ""),
        ("docker/Dockerfile", "COPY app /srv", ""),
        ("docker/Dockerfile", "COPY start.sh /srv/", "docker"),
        ("docker/web/Dockerfile", "COPY docker/web/start.sh /", ""),
        ("api/Dockerfile", "COPY . /srv", "api"),
        ("api/Dockerfile", "COPY nowhere /srv", None),
        ("docker/Dockerfile", "COPY --from=x nowhere /srv\nCOPY manage.py /srv/", ""),
        ("services/api/Dockerfile", "COPY api/own.py /srv/", "services"),
    ],
)
def test_the_context_is_the_folder_that_explains_the_sources(path: str, text: str, context: str | None) -> None:
    files = {
        "app/main.py": "",
        "manage.py": "",
        "docker/start.sh": "",
        "docker/web/start.sh": "",
        "api/main.py": "",
        "services/api/own.py": "",
    }
    assert build(f"FROM python:3.13\n{text}\n", files, path).context == context


def test_ignored_files_are_not_in_the_image() -> None:
    files = {**FILES, ".dockerignore": "secrets\n**/*.sh\n!scripts/start.sh\nrequirements-dev.txt\n"}
    image = build("FROM python:3.13\nCOPY . /srv\nCOPY requirements*.txt /req/\n", files)
    assert file_at(image, "/srv/secrets/key.py", FILES) is None
    assert file_at(image, "/srv/scripts/start.sh", FILES) == "scripts/start.sh"
    assert file_at(image, "/srv/manage.py", FILES) == "manage.py"
    assert file_at(image, "/req/requirements.txt", FILES) == "requirements.txt"
    assert file_at(image, "/req/requirements-dev.txt", FILES) is None


def test_the_ignore_file_of_a_dockerfile_replaces_that_of_the_context() -> None:
    files = {**FILES, ".dockerignore": "*\n", "docker/web.Dockerfile.dockerignore": "secrets\n"}
    image = build("FROM python:3.13\nCOPY . /srv\n", files, "docker/web.Dockerfile", context="")
    assert file_at(image, "/srv/manage.py", FILES) == "manage.py"
    assert file_at(image, "/srv/secrets/key.py", FILES) is None


def test_an_ignore_file_lies_at_the_root_of_the_context() -> None:
    files = {"api/main.py": "", ".dockerignore": "**\n", "api/.dockerignore": "main.py\n"}
    assert file_at(build("FROM a\nCOPY api /srv\n", files, context=""), "/srv/main.py", files) is None
    image = build("FROM a\nCOPY . /srv\n", {**files, "api/x.py": ""}, "api/Dockerfile", context="api")
    assert file_at(image, "/srv/main.py", files) is None
    assert file_at(image, "/srv/x.py", {"api/x.py": ""}) == "api/x.py"


def test_a_refused_ignore_file_ignores_nothing_for_certain() -> None:
    image = build("FROM a\nCOPY . /srv\n", {**FILES, ".dockerignore": "[a\n"})
    assert file_at(image, "/srv/manage.py", FILES) == "manage.py"


def test_files_of_another_stage_keep_what_was_ignored_away() -> None:
    files = {**FILES, ".dockerignore": "secrets\n"}
    image = build("FROM a AS b\nCOPY . /srv\nFROM a\nCOPY --from=b /srv /web\n", files)
    assert file_at(image, "/web/secrets/key.py", FILES) is None
    assert file_at(image, "/web/manage.py", FILES) == "manage.py"
