"""What a comment hides, and what is said about one that is not understood."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.finding import Finding, Safety, Severity
from prodlint.source import Source, Span
from prodlint.suppression import Suppressions, may_suppress, read_suppressions

KNOWN = frozenset({"dev-server", "root-user", "missing-healthcheck"})


def read(path: str, text: str, *, require_reason: bool = False) -> tuple[Source, Suppressions]:
    source = Source(path, text)
    return source, read_suppressions(source, KNOWN, require_reason=require_reason)


def hidden(path: str, text: str, rule: str = "dev-server") -> list[int]:
    """The lines on which a finding of a rule is hidden; a finding lies on each line."""
    source, suppressions = read(path, text)
    lines = range(1, len(source.line_starts) + 1)
    return [line for line in lines if suppressions.hiding(Finding(source.line_span(line), "m", rule=rule))]


def problems(path: str, text: str) -> list[tuple[str, str]]:
    """What is said about the comments of a file: each message with its help."""
    return [(problem.message, problem.help) for problem in read(path, text)[1].problems]


def test_a_comment_behind_something_hides_on_its_line():
    text = "a = 1\napp.run()  # prodlint: ignore[dev-server] -- a demo\nb = 1\n"
    assert hidden("app.py", text) == [2]
    assert hidden("app.py", text, "root-user") == []


def test_a_comment_on_a_line_of_its_own_hides_on_the_next_line_that_holds_more():
    assert hidden("Dockerfile", "# prodlint: ignore[dev-server]\n# why\n\nCMD flask run\nUSER x\n") == [4]


def test_several_comments_above_a_line_all_apply_to_it():
    text = "# prodlint: ignore[dev-server]\n# prodlint: ignore[root-user]\nCMD flask run\n"
    assert hidden("Dockerfile", text) == hidden("Dockerfile", text, "root-user") == [3]


def test_one_comment_may_name_several_rules():
    text = "x: 1  # prodlint: ignore[dev-server, root-user] -- one reason\n"
    assert hidden("a.yaml", text) == hidden("a.yaml", text, "root-user") == [1]


def test_a_comment_above_an_instruction_hides_on_all_lines_of_it():
    text = "FROM x\n# prodlint: ignore[dev-server]\nRUN a \\\n    && b \\\n    && c\nCMD d\n"
    assert hidden("Dockerfile", text) == [3, 4, 5]


def test_a_comment_inside_a_continuation_hides_on_the_line_below_it():
    text = "FROM x\nRUN a \\\n# prodlint: ignore[dev-server]\n    && b \\\n    && c\nCMD d\n"
    assert hidden("Dockerfile", text) == [4]


def test_a_comment_on_the_first_line_of_a_statement_hides_on_all_lines_of_it():
    assert hidden("app.py", "app.run(  # prodlint: ignore[dev-server]\n    1,\n    2,\n)\nx = 1\n") == [1, 2, 3, 4]
    assert hidden("app.py", "app.run(\n    # prodlint: ignore[dev-server]\n    1,\n    2,\n)\nx = 1\n") == [3]


def test_a_comment_for_the_file_stands_in_the_comments_at_its_top():
    text = "#!/usr/bin/env python\n# prodlint: ignore-file[dev-server] -- a demo\n\nimport flask\napp.run()\n"
    assert hidden("app.py", text) == [1, 2, 3, 4, 5, 6]
    assert problems("app.py", text) == []


def test_a_comment_for_the_file_anywhere_else_hides_nothing():
    text = "import flask\n# prodlint: ignore-file[dev-server]\napp.run()\n"
    assert hidden("app.py", text) == []
    assert problems("app.py", text) == [
        (
            "This comment hides nothing: `ignore-file` stands below the beginning of the content",
            "Move it to the comments at the top of the file, or write `ignore` for one line.",
        )
    ]


@pytest.mark.parametrize(
    "comment",
    [
        "#prodlint:ignore[dev-server]",
        "#  prodlint:  ignore  [ dev-server , ]",
        "# prodlint: ignore[dev-server] because it is a demo",
        "# prodlint: ignore[dev-server]: a demo",
        "# noqa: S201  # prodlint: ignore[dev-server]",
        "# prodlint: ignore[dev-server]  # noqa: S201",
    ],
)
def test_blanks_and_other_comments_do_not_matter(comment):
    assert hidden("app.py", f"app.run()  {comment}\n") == [1]
    assert problems("app.py", f"app.run()  {comment}\n") == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ignore[dev-server] -- see #12, it's a demo", "see #12, it's a demo"),
        ("ignore[dev-server] a demo", "a demo"),
        ("ignore[dev-server] --", ""),
        ("ignore[dev-server]", ""),
    ],
)
def test_the_reason_is_what_stands_behind_the_brackets(text, reason):
    assert [entry.reason for entry in read("a.yaml", f"a: 1  # prodlint: {text}\n")[1].entries] == [reason]


def test_a_missing_reason_is_told_where_one_is_required():
    text = "a: 1  # prodlint: ignore[dev-server]\nb: 1  # prodlint: ignore[dev-server] -- a demo\n"
    _, suppressions = read("a.yaml", text, require_reason=True)
    assert [(problem.span.line, problem.message) for problem in suppressions.problems] == [
        (1, "This suppression gives no reason")
    ]


@pytest.mark.parametrize(
    ("comment", "fault"),
    [
        ("prodlint: ignore", "it names no rule"),
        ("prodlint ignore", "it names no rule"),
        ("prodlint: ignore[]", "it names no rule"),
        ("prodlint: ignore[ , ]", "it names no rule"),
        ("prodlint: ignore[dev-server", "its bracket is not closed"),
        ("prodlint: ignore dev-server", "it is not written as a suppression"),
        ("prodlint: ignore=dev-server", "it is not written as a suppression"),
        ("prodlint: ignore(dev-server)", "it is not written as a suppression"),
        ("prodlint: ignore: dev-server", "it is not written as a suppression"),
        ("prodlint: ignore[dev-server], root-user", "it is not written as a suppression"),
        ("prodlint: ignore[dev-server][root-user]", "it is not written as a suppression"),
        ("prodlint: ingore[dev-server]", "it is not written as a suppression"),
        ("prodlint: disable=dev-server", "it is not written as a suppression"),
        ("prodlint: noqa", "it names no rule"),
        ("prodlint: ignore-next-line[dev-server]", "it is not written as a suppression"),
        ("prodlint: [dev-server]", "it is not written as a suppression"),
        ("Prodlint: ignore[dev-server]", "it is not written as a suppression"),
        ("PRODLINT: IGNORE", "it names no rule"),
        ("prodlint ignore[dev-server]", "it is not written as a suppression"),
        ("prodlint-ignore dev-server", "it is not written as a suppression"),
        ("prodlint=ignore: anything", "it is not written as a suppression"),
    ],
)
def test_a_near_miss_hides_nothing_and_is_told(comment, fault):
    text = f"command: flask run  # {comment}\n"
    assert may_suppress(text)
    assert hidden("a.yaml", text) == []
    assert problems("a.yaml", text) == [
        (f"This comment hides nothing: {fault}", "Write `# prodlint: ignore[rule-name] -- reason`.")
    ]


@pytest.mark.parametrize(
    "comment",
    [
        "prodlint checks this file",
        "prodlint",
        "prodlint: the port is the one that nginx asks for",
        "prodlint ignores this file, since it is a test",
        "prodlint skip list: see docs",
        "hide it with `prodlint: ignore`",
        "noqa: prodlint",
        "prodlinter: ignore",
    ],
)
def test_a_sentence_about_prodlint_is_only_a_comment(comment):
    assert problems("a.yaml", f"a: 1  # {comment}\n") == []


def test_a_string_is_not_a_comment():
    text = 'x = "# prodlint: ignore[dev-server]"\n"""\n# prodlint: ignore\n"""\n'
    assert hidden("app.py", text) == []
    assert problems("app.py", text) == []


def test_the_form_of_the_file_is_shown_in_the_help():
    assert problems("app.json", "{} // prodlint: ignore\n")[0][1] == (
        "Write `// prodlint: ignore[rule-name] -- reason`."
    )
    assert problems("a.html", "<!-- prodlint: ignore -->\n")[0][1] == (
        "Write `<!-- prodlint: ignore[rule-name] -- reason -->`."
    )


def test_a_comment_where_its_file_takes_none_is_told():
    text = "CMD flask run # prodlint: ignore[dev-server]\n"
    assert hidden("Dockerfile", text) == []
    message = "This comment hides nothing: in this kind of file a comment is on a line of its own"
    assert problems("Dockerfile", text) == [(message, "Move it to the line above.")]


def test_an_unknown_rule_is_told_with_the_nearest_name_and_the_others_still_hide():
    source, suppressions = read("a.yaml", "a: 1  # prodlint: ignore[dev-sever, root-user]\n")
    (problem,) = suppressions.problems
    assert problem.message == "`dev-sever` is not the name of a rule"
    assert problem.help == "Did you mean `dev-server`?"
    assert problem.span.text == "dev-sever"
    assert (problem.rule, problem.severity) == ("invalid-suppression", Severity.WARNING)
    assert problem.fix is not None
    assert problem.fix.safety is Safety.UNSAFE
    assert [(edit.span.text, edit.replacement) for edit in problem.fix.edits] == [("dev-sever", "dev-server")]
    assert hidden("a.yaml", source.text, "root-user") == [1]
    assert hidden("a.yaml", source.text) == []


def test_a_name_like_no_other_and_a_name_for_all_are_told():
    assert problems("a.yaml", "a: 1  # prodlint: ignore[xyz, all]\n") == [
        ("`xyz` is not the name of a rule", "`prodlint rules` lists the names."),
        ("`all` is not the name of a rule", "A suppression hides only the rules that it names."),
    ]


def test_a_finding_behind_the_last_line_is_not_hidden():
    _, suppressions = read("a.yaml", "a: 1  # prodlint: ignore[dev-server]")
    longer = Source("a.yaml", "a: 1\n\n\n")
    assert suppressions.hiding(Finding(longer.line_span(4), "m", rule="dev-server")) == []


def test_thousands_of_wrong_comments_are_not_all_told():
    names = ", ".join(f"dev-{number}" for number in range(500))
    assert len(problems("a.yaml", f"a: 1  # prodlint: ignore[{names}]\n" * 9)) == 100


@given(st.text(st.sampled_from("prodlint: ignore[dev-server],\n#\t -file\r'\"")), st.sampled_from(["a.py", "a.yaml"]))
@settings(max_examples=200, deadline=None)
def test_no_comment_raises_and_every_problem_has_a_place(text, path):
    source = Source(path, f"x # prodlint{text}")
    suppressions = read_suppressions(source, KNOWN)
    for span in [problem.span for problem in suppressions.problems]:
        assert 0 <= span.start < span.end <= len(source.text)
    suppressions.hiding(Finding(Span(source, len(source.text), len(source.text)), "m", rule="dev-server"))
