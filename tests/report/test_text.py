"""The text that people read: whole renderings, and what a hostile file cannot do to them."""

import unicodedata
from textwrap import dedent

from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.finding import Edit, Evidence, Finding, Fix, Safety, Severity
from prodlint.report import Report, Summary, Terminal, renderer
from prodlint.report.text import render, render_finding
from prodlint.source import Source, Span

DOCKERFILE = Source(
    "Dockerfile",
    dedent("""\
        FROM python:3.13-slim
        COPY app.py requirements.txt ./
        RUN pip install -r requirements.txt
        CMD ["flask", "run", "--host=0.0.0.0"]
    """),
)
APP = Source("app.py", "from flask import Flask\n" + "\n" * 8 + "app = Flask(__name__)\n")


def place(source: Source, text: str) -> Span:
    start = source.text.index(text)
    return Span(source, start, start + len(text))


def shown(finding: Finding, width: int | None = None) -> str:
    return render_finding(finding, Terminal(width=width)) + "\n"


def one_line(text: str, part: str, width: int | None = None) -> str:
    """How a part of a one-line file is shown, without the lines around it."""
    finding = Finding(place(Source("f", text), part), "m", rule="r")
    return "\n".join(render_finding(finding, Terminal(width=width)).splitlines()[3:])


DEV_SERVER = Finding(
    place(DOCKERFILE, '"flask", "run"'),
    "Dockerfile starts Flask's development server",
    evidence=(Evidence(place(APP, "app = Flask(__name__)"), "the app it serves: app:app"),),
    help=(
        "An application server handles many requests at once and restarts a worker that dies. "
        "With `gunicorn --bind=0.0.0.0:8000 app:app` it listens on port 8000."
    ),
    fix=Fix("Serve app:app with gunicorn", (Edit(place(DOCKERFILE, "CMD"), "CMD"),), Safety.UNSAFE),
    severity=Severity.ERROR,
    rule="dev-server-in-production",
)


def test_a_finding_is_shown_with_its_source_its_evidence_its_help_and_its_fix():
    assert shown(DEV_SERVER, 80) == dedent("""\
        error[dev-server-in-production]: Dockerfile starts Flask's development server
          --> Dockerfile:4:6
           |
         4 | CMD ["flask", "run", "--host=0.0.0.0"]
           |      ^^^^^^^^^^^^^^
           |
          ::: app.py:10:1
           |
        10 | app = Flask(__name__)
           | --------------------- the app it serves: app:app
           |
           = help: An application server handles many requests at once and restarts a
                   worker that dies. With `gunicorn --bind=0.0.0.0:8000 app:app` it
                   listens on port 8000.
           = fix: Serve app:app with gunicorn (unsafe, apply with --unsafe-fixes)
    """)


def test_a_report_ends_with_the_verdict_and_what_was_understood():
    root = Finding(place(DOCKERFILE, "FROM"), "the image runs as root", severity=Severity.WARNING, rule="root-user")
    understood = "1 service: web: flask run in Docker"
    report = Report((root, DEV_SERVER), Summary(41, 0.094, understood, hidden_by_comments=3, hidden_by_settings=1))
    assert renderer("text")(report, Terminal(width=100)) == dedent("""\
        warning[root-user]: the image runs as root
         --> Dockerfile:1:1
          |
        1 | FROM python:3.13-slim
          | ^^^^

        error[dev-server-in-production]: Dockerfile starts Flask's development server
          --> Dockerfile:4:6
           |
         4 | CMD ["flask", "run", "--host=0.0.0.0"]
           |      ^^^^^^^^^^^^^^
           |
          ::: app.py:10:1
           |
        10 | app = Flask(__name__)
           | --------------------- the app it serves: app:app
           |
           = help: An application server handles many requests at once and restarts a worker that dies. With
                   `gunicorn --bind=0.0.0.0:8000 app:app` it listens on port 8000.
           = fix: Serve app:app with gunicorn (unsafe, apply with --unsafe-fixes)

        Found 1 error, 1 warning. (3 hidden by comments, 1 by settings)
        To be fixed: 1 with --unsafe-fixes. See what changes with --diff.
        1 service: web: flask run in Docker; 41 files, 0.09 s
    """)


def test_a_clean_run_says_so_in_two_lines():
    report = Report((), Summary(1, None, "no service found"))
    assert render(report, Terminal()) == "No problems found.\nno service found; 1 file\n"
    assert render(Report((), Summary(0, hidden_by_settings=2)), Terminal()) == (
        "No problems found. (2 hidden by settings)\n0 files\n"
    )


def test_severities_are_counted_from_the_worst():
    spans = [place(DOCKERFILE, "FROM")] * 6
    levels = [Severity.INFO, Severity.WARNING, Severity.ERROR, Severity.WARNING, Severity.ERROR, None]
    findings = tuple(Finding(span, "m", severity=level, rule="r") for span, level in zip(spans, levels, strict=True))
    assert "Found 2 errors, 3 warnings, 1 info.\n" in render(Report(findings, Summary(1)), Terminal())


def test_colours_mark_severity_places_and_underlines():
    finding = Finding(place(DOCKERFILE, "FROM"), "runs as root", help="Add `USER`.", severity=Severity.ERROR, rule="r")
    red, blue, bold, off = "\x1b[1;31m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"
    assert render_finding(finding, Terminal(colour=True)).splitlines() == [
        f"{red}error[r]{off}: {bold}runs as root{off}",
        f" {blue}-->{off} Dockerfile:1:1",
        f"{blue}  |{off}",
        f"{blue}1 |{off} FROM python:3.13-slim",
        f"{blue}  |{off} {red}^^^^{off}",
        f"{blue}  |{off}",
        f"  {blue}={off} {bold}help:{off} Add `USER`.",
    ]


def test_a_span_of_up_to_three_lines_is_shown_whole():
    source = Source("Dockerfile", "FROM x\nRUN apt-get update \\\n\n    && apt-get install -y curl\n")
    finding = Finding(place(source, source.text[7:-1]), "m", rule="r")
    assert shown(finding) == dedent("""\
        warning[r]: m
         --> Dockerfile:2:1
          |
        2 | RUN apt-get update \\
          | ^^^^^^^^^^^^^^^^^^^^
        3 |
        4 |     && apt-get install -y curl
          |     ^^^^^^^^^^^^^^^^^^^^^^^^^^
    """)


def test_a_longer_span_is_shown_by_its_first_and_last_line_with_the_note_at_the_end():
    source = Source("compose.yaml", "services:\n  web:\n    a: 1\n    b: 2\n    c: 3\n  db:\n")
    service = place(source, "web:\n    a: 1\n    b: 2\n    c: 3\n  ")
    finding = Finding(place(source, "db:"), "m", (Evidence(service, "needs it"),), rule="r")
    assert shown(finding) == dedent("""\
        warning[r]: m
         --> compose.yaml:6:3
          |
        6 |   db:
          |   ^^^
          |
         ::: compose.yaml:2:3
          |
        2 |   web:
          |   ----
        ...
        5 |     c: 3
          |     ---- needs it
    """)


def test_an_empty_span_is_shown_as_one_caret():
    source = Source("Procfile", "web: flask run\n")
    assert shown(Finding(Span(source, 14, 14), "m", rule="r")) == dedent("""\
        warning[r]: m
         --> Procfile:1:15
          |
        1 | web: flask run
          |               ^
    """)


def test_the_end_of_a_file_and_an_empty_file_can_be_shown():
    assert shown(Finding(Span(Source("a", "x\n"), 2, 2), "m", rule="r")) == dedent("""\
        warning[r]: m
         --> a:2:1
          |
        2 |
          | ^
    """)
    assert shown(Finding(Source("b", "").span, "m", rule="r")).endswith("1 |\n  | ^\n")


def test_a_span_that_holds_the_end_of_its_line_is_underlined_up_to_it():
    assert one_line("a b\r\nc\n", "b\r\n") == "1 | a b\n  |   ^"


def test_tabs_and_wide_characters_keep_the_underline_below_its_text():
    assert one_line("\tx\t= 1", "= 1") == "1 |     x    = 1\n  |          ^^^"
    assert one_line("名前 = '値段'", "'値段'") == "1 | 名前 = '値段'\n  |        ^^^^^^"
    assert one_line("e\u0301 = 1", "1") == "1 | e\u0301 = 1\n  |     ^"
    assert one_line("1\u20dd = 2", "2") == "1 | 1\u20dd = 2\n  |     ^"


def test_a_long_line_is_cropped_around_its_span():
    line = "a" * 5000 + "<here>" + "b" * 5000
    assert one_line(line, "<here>", 60) == dedent("""\
        1 | …aaaaaaaaaaaaaaaaaa<here>bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…
          |                    ^^^^^^""")
    assert one_line("<here>" + "b" * 60, "<here>", 40) == dedent("""\
        1 | <here>bbbbbbbbbbbbbbbbbbbbbbbbbbbb…
          | ^^^^^^""")
    assert one_line("b" * 60 + "<here>", "<here>", 40) == dedent("""\
        1 | …bbbbbbbbbbbbbbbbbbbbbbbbbbbb<here>
          |                              ^^^^^^""")
    assert one_line("b" * 60, "b" * 60, 40) == dedent("""\
        1 | bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^""")


def test_a_note_that_does_not_fit_beside_its_underline_goes_below_it():
    source = Source("a", "x" * 70 + "y\n")
    note = "these words are too many for the few columns that are left behind the underline"
    finding = Finding(place(source, "x"), "m", (Evidence(place(source, "y"), note),), rule="r")
    assert shown(finding, 80).splitlines()[6:] == [
        " ::: a:1:71",
        "  |",
        "1 | " + "x" * 70 + "y",
        "  | " + " " * 70 + "-",
        "  | " + " " * 36 + "these words are too many for the few",
        "  | " + " " * 36 + "columns that are left behind the",
        "  | " + " " * 36 + "underline",
    ]


def test_help_keeps_its_lines_and_the_shape_of_what_is_to_be_copied():
    text = "Write:\n\n    workers = 4\n\ttimeout = 30\n\nand start it again.\n"
    lines = shown(Finding(place(DOCKERFILE, "FROM"), "m", help=text, rule="r")).splitlines()[5:]
    assert lines == [
        "  |",
        "  = help: Write:",
        "",
        "              workers = 4",
        "              timeout = 30",
        "",
        "          and start it again.",
    ]


def test_a_command_in_backquotes_is_not_broken():
    text = "Start it with the command `gunicorn --workers 4 app:app` and no other."
    lines = shown(Finding(place(DOCKERFILE, "FROM"), "m", help=text, rule="r"), 50).splitlines()[6:]
    assert lines == [
        "  = help: Start it with the command",
        "          `gunicorn --workers 4 app:app` and no",
        "          other.",
    ]


def test_each_safety_of_a_fix_says_how_it_is_applied():
    edits = (Edit(place(DOCKERFILE, "FROM"), "FROM"),)
    lines = [
        shown(Finding(place(DOCKERFILE, "FROM"), "m", fix=fix, rule="r")).splitlines()[-1]
        for fix in (
            Fix("a", edits, Safety.SAFE),
            Fix("b", edits, Safety.UNSAFE),
            Fix("c", edits, Safety.MANUAL),
            Fix("d", (), Safety.SAFE),
        )
    ]
    assert lines == [
        "  = fix: a (safe, apply with --fix)",
        "  = fix: b (unsafe, apply with --unsafe-fixes)",
        "  = fix: c (by hand)",
        "  = fix: d (by hand)",
    ]


def test_what_a_terminal_or_a_build_log_would_obey_is_made_visible():
    source = Source("evil\x1b]0;t\x07/\u202efile.py", "key = '\x1b[2J\u202e\udc80' ##[set-env]\n")
    finding = Finding(
        source.line_span(1),
        "message\nwith a line feed ##[error]",
        (Evidence(place(source, "##[set-env]"), "note\r\x9b"),),
        help="::set-output name=x::y\n  ::error::z",
        fix=Fix("::error::"),
        rule="r\x1b",
    )
    assert shown(finding) == dedent(r"""
        warning[r\x1b]: message\nwith a line feed #\x23[error]
         --> evil\x1b]0;t\x07/\u202efile.py:1:1
          |
        1 | key = '\x1b[2J\u202e\udc80' #\x23[set-env]
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
         ::: evil\x1b]0;t\x07/\u202efile.py:1:16
          |
        1 | key = '\x1b[2J\u202e\udc80' #\x23[set-env]
          |                             -------------- note\r\x9b
          |
          = help: ::set-output name=x::y
                    \x3a:error::z
          = fix: ::error:: (by hand)
    """).lstrip("\n")


def test_a_file_of_one_huge_line_is_no_slower_than_it_is_long():
    source = Source("a.js", "x" * 5_000_000)
    findings = tuple(Finding(Span(source, at, at + 9), "m", rule="r") for at in range(0, 5_000_000, 50_000))
    assert len(render(Report(findings, Summary(1)), Terminal(width=80))) < 40_000


HOSTILE = st.text(
    st.one_of(st.characters(), st.sampled_from("\n\r\t\x1b:#[ `…a\u202e名\u0301\u2028\x85\ud800\0")), max_size=200
)


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    def span() -> Span:
        source = Source(draw(HOSTILE), draw(HOSTILE))
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(source.text))] * 2)))
        return Span(source, start, end)

    evidence = tuple(Evidence(span(), draw(HOSTILE)) for _ in range(draw(st.integers(0, 2))))
    fix = draw(st.none() | st.builds(Fix, HOSTILE))
    return Finding(span(), draw(HOSTILE), evidence, draw(HOSTILE), fix, rule=draw(HOSTILE))


@given(
    st.lists(findings(), max_size=2), HOSTILE, st.none() | st.integers(-1, 200), st.sampled_from(["text", "concise"])
)
@settings(max_examples=300, deadline=None)
def test_nothing_raises_and_nothing_printed_is_obeyed(found, understood, width, name):
    text = renderer(name)(Report(tuple(found), Summary(1, understood=understood)), Terminal(width=width))
    assert text.endswith("\n")
    for line in text.split("\n"):
        assert line.isprintable()
        assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in line)
        # The mark of evidence begins like a command; the name of that command would be `:`.
        assert not line.lstrip().startswith("::") or line.lstrip().startswith("::: ")
        assert "##[" not in line
    if name == "concise":
        assert text.count("\n") == len(found) + 2


def test_the_closing_lines_say_how_many_findings_can_be_fixed_and_how():
    edits = (Edit(place(DOCKERFILE, "CMD"), "CMD"),)
    fixes = [Fix("a", edits, safety) for safety in (Safety.UNSAFE, Safety.SAFE, Safety.MANUAL, Safety.SAFE)]
    findings = tuple(Finding(place(DOCKERFILE, "FROM"), "m", fix=fix, rule="r") for fix in (*fixes, Fix("b"), None))
    lines = renderer("text")(Report(findings, Summary(1)), Terminal(width=100)).splitlines()
    assert lines[-2] == "To be fixed: 2 with --fix, 1 with --unsafe-fixes. See what changes with --diff."
    lines = renderer("text")(Report(findings[-2:], Summary(1)), Terminal(width=100)).splitlines()
    assert lines[-2] == "Found 2 warnings."
