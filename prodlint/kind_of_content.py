"""What kind of file the first bytes prove, where a name says too little: any YAML may be anything."""

from __future__ import annotations

import re

from prodlint.kind import NAMES, Kind, classify

__all__ = ["HEAD_SIZE", "classify_content", "needs_content"]

HEAD_SIZE = 32 * 1024
"""Bytes of a file that are enough for `classify_content`."""

LARGEST_SCRIPT = 64 * 1024

# Expressions are kept as text and compiled when a file first asks: most runs need only a few.


def needs_content(path: str, kind: Kind | None, size: int) -> bool:
    """Whether the content of a file of this kind (by name) and size in bytes may tell more."""
    if kind in (Kind.YAML, Kind.DOCKERFILE, Kind.INI, Kind.NGINX):
        return True
    if kind is not None and kind is not Kind.SHELL:
        return False
    name = path[path.rfind("/") + 1 :]
    return name.endswith(".conf") or ("." not in name and size < LARGEST_SCRIPT)


def classify_content(path: str, head: bytes) -> Kind | None:
    """The kind that the first bytes of a file prove (`HEAD_SIZE` are enough); None when they say nothing.

    Asked for the files of `needs_content`: the answer is worth more than the one of `classify`.
    """
    kind = classify(path)
    if kind is Kind.YAML:
        return _of_yaml(path, head)
    if kind is Kind.DOCKERFILE:
        return _of_dockerfile(path, head)
    if kind in (Kind.INI, Kind.NGINX) or path.endswith(".conf"):
        return next((kind for pattern, kind in CONF_MARKS if re.search(pattern, head)), None)
    return _of_script(head)


FIRST_LINE_OF_DOCKERFILE = rb"(?i)(?:\xef\xbb\xbf)?(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(?:FROM|ARG)[ \t]"
DOCKERFILE_TEMPLATE = rb"(?m)^[ \t]*(?:\{%|(?:FROM|ARG|ENV|CMD|COPY|WORKDIR)[ \t][^\n]*\{\{)"


def _of_dockerfile(path: str, head: bytes) -> Kind | None:
    if re.search(DOCKERFILE_TEMPLATE, head):
        return Kind.TEMPLATE
    if path[path.rfind("/") + 1 :] in NAMES:
        return None
    return None if re.match(FIRST_LINE_OF_DOCKERFILE, head) else Kind.OTHER


SHELL_LINE = rb"#![ \t]*\S*/(?:env[ \t]+(?:-S[ \t]*)?)?(?:ba|da|a|k|z)?sh\b"
PYTHON_LINE = rb"#![ \t]*\S*/(?:env[ \t]+(?:-S[ \t]*)?)?python[\d.]*\b"


def _of_script(head: bytes) -> Kind | None:
    if b"\0" in head:
        return Kind.OTHER
    if not head.startswith(b"#!"):
        return None
    if re.match(SHELL_LINE, head):
        return Kind.SHELL
    return Kind.PYTHON if re.match(PYTHON_LINE, head) else Kind.OTHER


CONF_MARKS = (
    (rb"(?m)^\[(?:program|supervisord|group):?[^\]\n]*\]", Kind.SUPERVISOR),
    (rb"(?m)^\[uwsgi\]", Kind.UWSGI),
    (rb"(?m)^[ \t]*(?:server|upstream[ \t]+[\w.-]+|http)[ \t]*\{", Kind.NGINX),
)

YAML_TEMPLATE = rb"(?m)^[ \t]*\{[%{]|\{\{-? *(?:cookiecutter\.|\.Values\.|include )"
API_VERSION = rb"(?m)^[\"']?apiVersion[\"']?:[ \t]*[^\s#]"
OBJECT_KIND = rb"(?m)^[\"']?kind[\"']?:[ \t]*[^\s#]"
CLOUDFORMATION = rb"(?m)^(?:AWSTemplateFormatVersion:|Transform:[ \t]*[\"']?AWS::)"
RUNTIME = rb"(?m)^runtime:"
PLAYBOOK = rb"(?:---[^\n]*\n|[ \t]*(?:#[^\n]*)?\r?\n)*- (?:[^\n]*\n  )*?hosts:"
SERVICES = rb"(?m)^[\"']?services[\"']?:[ \t]*(?:&\w+[ \t]*)?(?:#[^\n]*)?\r?$"
SERVICE_LINE = rb"([ ]*)(?:[\"']?(image|build|extends)[\"']?[ \t]*:|([^#\s]))"


def _of_yaml(path: str, head: bytes) -> Kind | None:
    if head.startswith(b"#cloud-config"):
        return Kind.CLOUD_INIT
    if re.search(YAML_TEMPLATE, head):
        return Kind.TEMPLATE
    version = re.search(API_VERSION, head)
    if version and re.search(OBJECT_KIND, head):
        return Kind.SKAFFOLD if head.startswith(b"skaffold/", version.end() - 1) else Kind.KUBERNETES
    if re.search(CLOUDFORMATION, head):
        return Kind.CLOUDFORMATION
    if re.match(PLAYBOOK, head) or re.fullmatch(ANSIBLE_PATH, path):
        return Kind.ANSIBLE
    if path.startswith("app", path.rfind("/") + 1) and re.search(RUNTIME, head):
        return Kind.APP_ENGINE
    services = re.search(SERVICES, head)
    return Kind.COMPOSE if services and _are_compose_services(head[services.end() :]) else None


ANSIBLE_PATH = r"(?:.*/)?roles/[^/]+/(?:tasks|handlers)/[^/]+\.ya?ml"


def _are_compose_services(lines: bytes) -> bool:
    """Whether the lines under `services:` map names to mappings with an image or a build."""
    indent: int | None = None
    for line in lines.split(b"\n"):
        found = re.match(SERVICE_LINE, line)
        if found is None:
            continue
        depth = len(found[1])
        if depth == 0 or (found[3] == b"-" and (indent is None or depth <= indent)):
            return False
        if indent is None:
            indent = depth
        elif depth > indent and found[2]:
            return True
    return False
