"""What is known of images of others that ours are built on: what they hold, and what they start by themselves."""

from __future__ import annotations

from prodlint.deployment.backing_service import backing_product
from prodlint.deployment.command import CommandLine, exec_form
from prodlint.deployment.value import NO, UNKNOWN, Answer
from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.shell import split_words

__all__ = [
    "base_brings_servers",
    "base_command",
    "base_entrypoint",
    "is_of_lambda",
    "is_official",
    "leaves_unset",
    "python_in",
    "shell_of",
    "task_folder",
]

# Where the images lie that Docker publishes.
_LIBRARIES = frozenset(
    (
        *("", "docker.io", "docker.io/library", "library"),
        *("mirror.gcr.io", "mirror.gcr.io/library", "public.ecr.aws/docker/library"),
    )
)
_OFFICIAL = frozenset("python debian ubuntu alpine buildpack-deps pypy amazonlinux rockylinux almalinux".split())
_OF_OTHER_LANGUAGES = frozenset("node golang ruby php perl rust openjdk eclipse-temurin".split())
_EMPTY = ("ghcr.io/astral-sh/uv", "astral/uv", "gcr.io/distroless/python3", "cgr.dev/chainguard/python")

# Images that are named for the Python in them: `python:3.13-slim`, `uv:0.9-python3.13-bookworm`,
# `tiangolo/uvicorn-gunicorn-fastapi:python3.11`, `public.ecr.aws/lambda/python:3.12`.
_PYTHON = regex(r"(?P<version>\d+(?:\.\d+){0,2})(?=$|[-@a-z])")
_IN_TAG = regex(r":[^:/]*python(?P<version>\d+\.\d+(?:\.\d+)?)(?=$|[-@])")
# `mcr.microsoft.com/devcontainers/python:1-3.12`: the version of the image stands in front of that of Python.
_OF_IMAGE = regex(r"(?:\d+(?:\.\d+){0,2}|dev)-(?=\d)")

# The CMD of the official images, read on 2026-11-26 from their Dockerfiles.
_COMMANDS = {
    "nginx": "nginx -g 'daemon off;'",
    "Apache httpd": "httpd-foreground",
    "Caddy": "caddy run --config /etc/caddy/Caddyfile --adapter caddyfile",
    "Traefik": "traefik",
    "HAProxy": "haproxy -f /usr/local/etc/haproxy/haproxy.cfg",
    "PostgreSQL": "postgres",
    "MySQL": "mysqld",
    "MariaDB": "mariadbd",
    "MongoDB": "mongod",
    "Redis": "redis-server",
    "Valkey": "valkey-server",
    "Memcached": "memcached",
    "RabbitMQ": "rabbitmq-server",
}

# Which program `/bin/sh` is (serving page, 2.1, Signal path).
_DEBIAN = ("debian", "ubuntu", "buildpack-deps", "python", "pypy")
_TAGS_OF_DEBIAN = ("slim", "bookworm", "trixie", "bullseye", "buster")
_REDHAT = ("amazonlinux", "rockylinux", "almalinux")


def _is_one_of(names: frozenset[str], image: str) -> bool:
    """Whether Docker publishes an image under one of some names."""
    folder, name = _folder_and_name(image)
    return name in names and folder in _LIBRARIES


def _folder_and_name(image: str) -> tuple[str, str]:
    """What stands before the last part of an image's name, and that part without tag and digest."""
    folder, _, name = image.partition("@")[0].rpartition("/")
    return folder, name.partition(":")[0]


def shell_of(base: str | None) -> str | None:
    """The program behind `/bin/sh` of a well-known image without an ENTRYPOINT; None where nobody here knows it."""
    if base is None:
        return None
    if not (_is_one_of(_OFFICIAL, base) or base.startswith(("ghcr.io/astral-sh/uv:", "astral/uv:"))):
        return None
    if "windows" in base:
        return None
    name, _, tag = base.partition("@")[0].partition(":")
    if "alpine" in name or "alpine" in tag:
        return "busybox"
    if name.rpartition("/")[2] in _REDHAT:
        return "bash"
    return "dash" if name.endswith(_DEBIAN) or any(one in tag for one in _TAGS_OF_DEBIAN) else None


def is_official(image: str) -> bool:
    """Whether an image is that of a language or a system, which Docker publishes: it holds nothing of anybody's."""
    return _is_one_of(_OFFICIAL | _OF_OTHER_LANGUAGES, image)


def leaves_unset(base: str | None, name: str) -> bool:
    """Whether an image is known not to set a variable: those of systems and of Python set few, each known by name.

    Their Dockerfiles (docker-library/python, pypy; debuerreotype) have PATH, LANG, GPG_KEY, PYTHON_… and PYPY_….
    """
    if base is None or not _is_one_of(_OFFICIAL, base) or "windows" in base:
        return False
    return name not in ("PATH", "LANG", "LC_ALL", "GPG_KEY") and not name.startswith(("PYTHON_", "PYPY_"))


def base_brings_servers(base: str | None) -> Answer:
    """NO for images of which it is known that they hold no Python server, else UNKNOWN (container page, 2.8)."""
    if base is None:
        return UNKNOWN
    return NO if _is_one_of(_OFFICIAL, base) or base == "scratch" or base.startswith(_EMPTY) else UNKNOWN


def base_command(base: str | None, span: Span) -> CommandLine | None:
    """What an image starts that names no command of its own, when its base is a well-known server."""
    written = _COMMANDS.get(backing_product(base)) if base is not None else None
    return None if written is None else exec_form(split_words(Text.at(written, span)), span)


# Images without a shell that are an interpreter: what a CMD says is for it (their documentation, 2026-11-27).
_INTERPRETERS = (
    (regex(r"^gcr\.io/distroless/python3(-debian\d+)?([:@]|$)"), "/usr/bin/python3"),
    (regex(r"^(cgr\.dev/chainguard|(docker\.io/)?chainguard)/python([:@]|$)"), "/usr/bin/python"),
)


def base_entrypoint(base: str | None, command: CommandLine | None, span: Span) -> CommandLine | None:
    """The interpreter that an image's base starts with words which are no program: options, or a file of Python."""
    first = command.words[0].literal or "" if command is not None and command.words else ""
    if base is None or command is None or not (first.startswith("-") or first.endswith(".py")):
        return None
    found = next((program for pattern, program in _INTERPRETERS if pattern.match(base)), None)
    return None if found is None else exec_form(split_words(Text.at(found, span)), span)


def is_of_lambda(base: str | None) -> bool:
    """Whether an image is one of those that AWS Lambda has for functions in Python."""
    folder, name = _folder_and_name(base or "")
    return name == "aws-lambda-python" or (name == "python" and folder.rpartition("/")[2] == "lambda")


def task_folder(base: str | None) -> str | None:
    """Where an image for AWS Lambda begins and looks for the code (`LAMBDA_TASK_ROOT`); None for other images.

    Source: AWS, "Deploy Python Lambda functions with container images".
    """
    return "/var/task" if is_of_lambda(base) else None


def python_in(base: str | None) -> str | None:
    """The version of Python that an image of others is named for, None where its name tells none."""
    folder, _, last = (base or "").rpartition("/")
    name, _, tag = last.partition(":")
    of_image = _OF_IMAGE.match(tag) if folder.rpartition("/")[2] == "devcontainers" else None
    tag = tag if of_image is None else tag[of_image.end() :]
    found = _PYTHON.match(tag) if name in ("python", "pypy") else None
    if found is None and "python" in tag:
        found = _IN_TAG.search(base or "")
    return found["version"] if found is not None else None
