"""Deployment files that are templates are not read, and told."""

import pytest

from prodlint.deployment import Deployment
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree


def deployment(files: dict[str, str]) -> Deployment:
    return inspect(MemoryTree({"x.txt": "", **files}), []).deployment


@pytest.mark.parametrize("field", ["{{project_name}}", "{{ project_name }}", "{{ name | lower }}"])
def test_a_file_with_fields_that_is_no_yaml_is_a_template(field: str) -> None:
    text = f"services:\n- name: {field}-web\n  type: web\n"
    found = deployment({"render.yaml": text})
    assert not found.services
    assert [(one.system, str(one.span)) for one in found.unread] == [("a template (`{{…}}`)", "render.yaml:2")]


@pytest.mark.parametrize(
    "files",
    [
        # A field in a text is no obstacle, Go's templates and charts have readers, examples deploy nothing.
        {"render.yaml": "services:\n- {type: web, name: a, startCommand: 'gunicorn {{x}}:app'}\n"},
        {"chart/Chart.yaml": "name: a\n", "chart/templates/app.yaml": "{{- if .Values.x }}\nkind: Pod\n{{- end }}\n"},
        {"examples/render.yaml": "services:\n- name: {{x}}-a\n"},
        {"render.yaml": "services: [\n"},
        {"notes.yaml": "a: {{x}}-b\n"},
    ],
)
def test_what_is_no_template_of_a_deployment_is_not_told_as_one(files: dict[str, str]) -> None:
    assert not [one for one in deployment(files).unread if "template" in one.system]
