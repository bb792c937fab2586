"""From the findings of the rules to those that are reported."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from prodlint.finding import Finding, Safety, Severity
from prodlint.source import Source, Span
from prodlint.triage import Triaged, triage

KNOWN = frozenset({"dev-server", "root-user", "missing-healthcheck"})
ALL = KNOWN | {"unused-suppression", "invalid-suppression"}


def on(source: Source, line: int, rule: str = "dev-server", message: str = "m") -> Finding:
    return Finding(source.line_span(line), message, severity=Severity.ERROR, rule=rule)


def told(triaged: Triaged) -> list[tuple[str, int, str]]:
    return [(finding.path, finding.span.line, finding.rule) for finding in triaged.findings]


def fixed(source: Source, triaged: Triaged) -> str:
    """The text with the fixes of all findings applied, but for those that overlap a later one; each has to be safe."""
    text = source.text
    untouched = len(text)
    for finding in reversed(triaged.findings):
        assert finding.fix is not None
        assert finding.fix.safety is Safety.SAFE
        for edit in finding.fix.edits:
            if edit.span.end <= untouched:
                text = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
                untouched = edit.span.start
    return text


def after_fix(text: str, *findings: tuple[int, str], path: str = "app.py") -> str:
    source = Source(path, text)
    return fixed(source, triage([on(source, *at) for at in findings], [source], known_rules=KNOWN, ran=ALL))


def test_findings_are_sorted_by_path_line_column_and_rule():
    a, b = Source("a.py", "x\ny z\n"), Source("b.py", "x\n")
    late = Finding(Span(a, 4, 5), "m", rule="dev-server")
    found = [on(b, 1), late, on(a, 2, "root-user"), on(a, 2, "dev-server"), on(a, 1)]
    assert told(triage(found, [a, b], known_rules=KNOWN, ran=ALL)) == [
        ("a.py", 1, "dev-server"),
        ("a.py", 2, "dev-server"),
        ("a.py", 2, "root-user"),
        ("a.py", 2, "dev-server"),
        ("b.py", 1, "dev-server"),
    ]


def test_a_comment_hides_what_it_names_and_is_counted():
    source = Source("app.py", "app.run()  # prodlint: ignore[dev-server] -- a demo\napp.run()\n")
    found = [on(source, 1), on(source, 1, message="again"), on(source, 1, "root-user"), on(source, 2)]
    triaged = triage(found, [source], known_rules=KNOWN, ran=ALL)
    assert told(triaged) == [("app.py", 1, "root-user"), ("app.py", 2, "dev-server")]
    assert (triaged.suppressed, triaged.ignored) == (2, 0)


def test_settings_ignore_by_rule_and_path_and_are_counted():
    app, test = Source("app.py", "x\n"), Source("tests/app.py", "x\n")
    found = [on(app, 1), on(test, 1), on(test, 1, "root-user")]
    triaged = triage(
        found,
        [app, test],
        known_rules=KNOWN,
        ran=ALL,
        is_ignored=lambda rule, path: rule == "dev-server" and path.startswith("tests/"),
    )
    assert told(triaged) == [("app.py", 1, "dev-server"), ("tests/app.py", 1, "root-user")]
    assert (triaged.suppressed, triaged.ignored) == (0, 1)


def test_settings_give_another_severity_to_a_rule():
    source = Source("app.py", "x\n# prodlint: ignore\n")
    severities = {"dev-server": Severity.INFO, "invalid-suppression": Severity.ERROR}
    triaged = triage(
        [on(source, 1), on(source, 1, "root-user")], [source], known_rules=KNOWN, ran=ALL, severities=severities
    )
    assert [(finding.rule, finding.severity) for finding in triaged.findings] == [
        ("dev-server", Severity.INFO),
        ("root-user", Severity.ERROR),
        ("invalid-suppression", Severity.ERROR),
    ]


def test_only_the_paths_asked_for_are_reported_and_judged():
    a = Source("a.py", "x  # prodlint: ignore[dev-server]\ny\n# prodlint: ignore\n")
    b = Source("b.py", a.text)
    found = [on(a, 1), on(a, 2), on(b, 2)]
    triaged = triage(found, [a, b], known_rules=KNOWN, ran=ALL, is_reported=lambda path: path == "a.py")
    assert told(triaged) == [("a.py", 2, "dev-server"), ("a.py", 3, "invalid-suppression")]
    assert (triaged.suppressed, triaged.ignored) == (1, 0)


def test_a_comment_that_hides_nothing_is_told():
    source = Source("app.py", "x = 1  # prodlint: ignore[dev-server]\n")
    (finding,) = triage([], [source], known_rules=KNOWN, ran=ALL).findings
    assert (finding.rule, finding.severity) == ("unused-suppression", Severity.WARNING)
    assert finding.message == "This comment hides nothing: `dev-server` is not reported here"
    assert finding.span.text == "# prodlint: ignore[dev-server]"
    assert finding.help == "Delete it, so that it cannot hide a fault that comes later."


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        (
            "# prodlint: ignore-file[dev-server]\nx = 1\n",
            "This comment hides nothing: `dev-server` is not reported in this file",
            "# prodlint: ignore-file[dev-server]",
        ),
        (
            "x = 1  # prodlint: ignore[dev-server, missing-healthcheck] -- y\n",
            "This comment hides nothing: `dev-server` and `missing-healthcheck` are not reported here",
            "# prodlint: ignore[dev-server, missing-healthcheck] -- y",
        ),
        ("x = 1  # prodlint: ignore[root-user, dev-server] -- y\n", "`dev-server` is not reported here", "dev-server"),
        (
            "x = 1\n# prodlint: ignore[root-user]\n",
            "This comment hides nothing: `root-user` is not reported here",
            "# prodlint: ignore[root-user]",
        ),
    ],
)
def test_the_message_says_what_is_not_reported_and_where(text, message, place):
    source = Source("app.py", text)
    found = triage([on(source, 1, "root-user")], [source], known_rules=KNOWN, ran=ALL).findings
    assert [(one.message, one.span.text) for one in found if one.rule == "unused-suppression"] == [(message, place)]


def test_only_rules_that_ran_are_judged():
    source = Source("app.py", "x = 1  # prodlint: ignore[dev-server, root-user]\n")
    ran = frozenset({"unused-suppression", "dev-server"})
    (finding,) = triage([], [source], known_rules=KNOWN, ran=ran).findings
    assert finding.message == "`dev-server` is not reported here"
    assert triage([], [source], known_rules=KNOWN, ran=frozenset({"unused-suppression"})).findings == ()


def test_the_rules_about_comments_speak_only_when_they_are_selected():
    source = Source("app.py", "x = 1  # prodlint: ignore[dev-server]\n# prodlint: ignore\n")
    assert triage([], [source], known_rules=KNOWN, ran=KNOWN).findings == ()
    assert told(triage([], [source], known_rules=KNOWN, ran=KNOWN | {"invalid-suppression"})) == [
        ("app.py", 2, "invalid-suppression")
    ]


def test_the_rules_about_comments_are_known_and_never_judged_themselves():
    source = Source("app.py", "x = 1  # prodlint: ignore[unused-suppression, invalid-suppression]\n")
    assert triage([], [source], known_rules=KNOWN, ran=ALL).findings == ()


def test_a_comment_that_says_the_same_again_hides_nothing():
    source = Source("app.py", "# prodlint: ignore[dev-server]\napp.run()  # prodlint: ignore[dev-server]\n")
    assert told(triage([on(source, 2)], [source], known_rules=KNOWN, ran=ALL)) == [("app.py", 2, "unused-suppression")]


def test_a_file_is_judged_though_it_was_left_out_of_the_sources():
    source = Source("app.py", "x = 1  # prodlint: ignore[dev-server]\n")
    triaged = triage([on(source, 1)], [], known_rules=KNOWN, ran=ALL)
    assert (triaged.findings, triaged.suppressed) == ((), 1)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("x = 1\n    # prodlint: ignore[dev-server] -- y\nz = 1\n", "x = 1\nz = 1\n"),
        ("x = 1\r\n# prodlint: ignore[dev-server]\r\nz = 1\r\n", "x = 1\r\nz = 1\r\n"),
        ("x = 1\n# prodlint: ignore[dev-server]", "x = 1\n"),
        ("x = 1  # prodlint: ignore[dev-server] -- y\nz = 1\n", "x = 1\nz = 1\n"),
        ("x = 1  # prodlint: ignore[dev-server]\r\nz = 1\r\n", "x = 1\r\nz = 1\r\n"),
        ("x = 1  # noqa: E501  # prodlint: ignore[dev-server]\n", "x = 1  # noqa: E501\n"),
        ("x = 1  # prodlint: ignore[dev-server] -- y  # noqa: E501\n", "x = 1  # noqa: E501\n"),
        ("# prodlint: ignore[dev-server]  # noqa\nx = 1\n", "# noqa\nx = 1\n"),
    ],
)
def test_the_fix_deletes_the_comment_and_leaves_no_trace(text, left):
    assert after_fix(text) == left


def test_the_fix_of_a_bracketed_comment_leaves_what_stands_around_it():
    assert after_fix('{"a": /* prodlint: ignore[dev-server] */ 1}\n', path="a.json") == '{"a": 1}\n'
    assert after_fix("  <!-- prodlint: ignore[dev-server] -->\n<p>\n", path="a.html") == "<p>\n"


def test_the_fix_deletes_only_the_names_that_hide_nothing():
    text = "x = 1  # prodlint: ignore[dev-server, root-user , missing-healthcheck] -- y\n"
    source = Source("app.py", text)
    triaged = triage([on(source, 1, "root-user")], [source], known_rules=KNOWN, ran=ALL)
    assert fixed(source, triaged) == "x = 1  # prodlint: ignore[root-user] -- y\n"
    assert triaged.findings[0].fix is not None
    assert triaged.findings[0].fix.title == "Delete `dev-server` and `missing-healthcheck` from the comment"


PIECES = [
    "# prodlint: ignore[dev-server]",
    "# prodlint: ignore-file[dev-server, root-user]",
    "x = 1",
    "\n",
    "\n  ",
    "# y",
    " ",
]


@example("# prodlint: ignore[dev-server]  # prodlint: ignore[dev-server]\nx = 1", set())
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.sets(st.integers(1, 8)))
@settings(max_examples=300, deadline=None)
def test_after_the_fixes_no_comment_is_unused_and_the_code_is_the_same(text, lines):
    source = Source("a.yaml", text)
    lines = {line for line in lines if source.line(line).startswith("x")}
    triaged = triage(
        [on(source, line) for line in lines], [source], known_rules=KNOWN, ran=ALL - {"invalid-suppression"}
    )
    unused = tuple(finding for finding in triaged.findings if finding.rule == "unused-suppression")
    clean = Source("a.yaml", fixed(source, Triaged(unused)))
    code = [line.split("#")[0].strip() for line in text.split("\n")]
    after = [line.split("#")[0].strip() for line in clean.text.split("\n")]
    assert [line for line in after if line] == [line for line in code if line]
