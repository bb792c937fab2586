"""The JSON report: its exact shape, its published schema, and what programs may rely on."""

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import prodlint
import prodlint.report
from prodlint.finding import Edit, Evidence, Finding, Fix, Safety, Severity
from prodlint.report import Report, Summary, Terminal, renderer
from prodlint.source import Source, Span

SCHEMA = json.loads(Path(prodlint.report.__file__).with_name("findings.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

DOCKERFILE = Source("Dockerfile", "FROM python\nCMD flask run\n")
APP = Source("app.py", "app = Flask('名前')\n")
DEV_SERVER = Finding(
    Span(DOCKERFILE, 16, 25),
    "starts Flask's development server",
    (Evidence(Span(APP, 0, 17), "the app it serves"),),
    "Use gunicorn.",
    Fix("Serve it with gunicorn", (Edit(Span(DOCKERFILE, 16, 25), "gunicorn app:app"),), Safety.UNSAFE),
    Severity.ERROR,
    "dev-server-in-production",
)


def written(*findings: Finding, **summary: Any) -> Any:
    text = renderer("json")(Report(findings, Summary(**{"files": 1, **summary})), Terminal(colour=True, width=10))
    document = json.loads(text)
    VALIDATOR.validate(document)
    return document


def test_the_schema_is_itself_valid():
    Draft202012Validator.check_schema(SCHEMA)


def test_a_report_is_written_in_full():
    report = Report((DEV_SERVER,), Summary(41, 0.09, "1 service: flask run", hidden_by_comments=3))
    assert renderer("json")(report, Terminal()) == dedent("""\
        {
          "version": 1,
          "findings": [
            {
              "rule": "dev-server-in-production",
              "message": "starts Flask's development server",
              "severity": "error",
              "location": {
                "path": "Dockerfile",
                "line": 2,
                "column": 5,
                "end_line": 2,
                "end_column": 14
              },
              "evidence": [
                {
                  "location": {
                    "path": "app.py",
                    "line": 1,
                    "column": 1,
                    "end_line": 1,
                    "end_column": 18
                  },
                  "note": "the app it serves"
                }
              ],
              "help": "Use gunicorn.",
              "fix": {
                "title": "Serve it with gunicorn",
                "safety": "unsafe",
                "edits": [
                  {
                    "location": {
                      "path": "Dockerfile",
                      "line": 2,
                      "column": 5,
                      "end_line": 2,
                      "end_column": 14
                    },
                    "replacement": "gunicorn app:app"
                  }
                ]
              },
              "fingerprint": "FINGERPRINT"
            }
          ],
          "summary": {
            "prodlint": "VERSION",
            "errors": 1,
            "warnings": 0,
            "infos": 0,
            "hidden": {
              "comments": 3,
              "settings": 0
            },
            "files": 41,
            "seconds": 0.09,
            "understood": "1 service: flask run"
          }
        }
    """).replace("VERSION", prodlint.__version__).replace(
        "FINGERPRINT", written(DEV_SERVER)["findings"][0]["fingerprint"]
    )


def test_what_is_not_there_is_null_or_empty_but_never_missing():
    bare = written(Finding(Span(DOCKERFILE, 0, 0), "m", rule="r"))["findings"][0]
    assert bare["fix"] is None
    assert bare["evidence"] == []
    assert bare["help"] == ""
    assert bare["severity"] == "warning"
    assert bare["location"] == {"path": "Dockerfile", "line": 1, "column": 1, "end_line": 1, "end_column": 1}


def test_a_range_over_lines_ends_just_behind_its_last_character():
    location = written(Finding(DOCKERFILE.span, "m", rule="r"))["findings"][0]["location"]
    assert location == {"path": "Dockerfile", "line": 1, "column": 1, "end_line": 3, "end_column": 1}


def test_a_report_without_findings_has_an_empty_list():
    assert written(files=0)["findings"] == []


def test_the_log_of_a_build_finds_no_command_in_it():
    source = Source("::error::.py", "##[error]")
    finding = Finding(source.span, "##[error]\n::error::x", rule="r")
    text = renderer("json")(Report((finding,), Summary(1)), Terminal())
    assert "##[" not in text
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())
    assert json.loads(text)["findings"][0]["message"] == "##[error]\n::error::x"


@pytest.mark.parametrize("where", ["", "summary", "findings.0", "findings.0.location", "findings.0.fix.edits.0"])
def test_the_schema_refuses_what_it_does_not_name(where):
    document = written(DEV_SERVER)
    part = document
    for step in filter(None, where.split(".")):
        part = part[int(step) if step.isdigit() else step]
    part["more"] = 1
    assert not VALIDATOR.is_valid(document)


TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


@given(TEXT.filter(bool), TEXT, TEXT, TEXT)
@settings(max_examples=100, deadline=None)
def test_any_text_comes_back_as_it_was(path, content, message, note):
    source = Source(path, content)
    finding = Finding(source.span, message, (Evidence(source.span, note),), rule="r")
    text = renderer("json")(Report((finding,), Summary(1)), Terminal())
    assert text.isascii()
    document = json.loads(text)
    VALIDATOR.validate(document)
    read = document["findings"][0]
    assert (read["location"]["path"], read["message"], read["evidence"][0]["note"]) == (path, message, note)
