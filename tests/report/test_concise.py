"""One line a finding, for editors and grep."""

from prodlint.finding import Evidence, Finding, Fix, Severity
from prodlint.report import Report, Summary, Terminal, renderer
from prodlint.source import Source, Span

SOURCE = Source("deploy/Dockerfile", "FROM python\nCMD flask run\n")
FOUND = (
    Finding(SOURCE.line_span(1), "the image has no tag", severity=Severity.WARNING, rule="unpinned-image"),
    Finding(
        Span(SOURCE, 16, 25),
        "starts a development server",
        (Evidence(SOURCE.line_span(1), "in this image"),),
        "Use gunicorn.",
        Fix("Do"),
        Severity.ERROR,
        "dev-server-in-production",
    ),
)


def test_each_finding_is_one_line_and_the_summary_follows():
    report = Report(FOUND, Summary(2, 0.5, "1 service: flask run", hidden_by_comments=1))
    assert renderer("concise")(report, Terminal()) == (
        "deploy/Dockerfile:1:1: warning[unpinned-image] the image has no tag\n"
        "deploy/Dockerfile:2:5: error[dev-server-in-production] starts a development server\n"
        "Found 1 error, 1 warning. (1 hidden by comments)\n"
        "1 service: flask run; 2 files, 0.50 s\n"
    )


def test_colours_mark_the_place_and_the_severity():
    line = renderer("concise")(Report(FOUND[:1], Summary(1)), Terminal(colour=True)).splitlines()[0]
    assert line == (
        "\x1b[1mdeploy/Dockerfile:1:1:\x1b[0m \x1b[1;33mwarning[unpinned-image]\x1b[0m the image has no tag"
    )


def test_a_file_name_cannot_become_a_command_of_the_build_log():
    source = Source("::error::x\n.py", "a")
    report = Report((Finding(source.span, "m", rule="r"),), Summary(1, understood="::stop-commands::x"))
    assert renderer("concise")(report, Terminal()) == (
        "\\x3a:error::x\\n.py:1:1: warning[r] m\nFound 1 warning.\n\\x3a:stop-commands::x; 1 file\n"
    )
