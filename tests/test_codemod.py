"""Changes to Python files: what the named ones do, letter by letter, and what is refused."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.codemod import CannotChange, as_edits, check_python, spelled_out
from prodlint.finding import Change, Fix, Guard, Safety, WithoutArgument
from prodlint.source import Source, Span


def call_in(text: str, name: str) -> Span:
    """The first call of a function in a text."""
    for node in ast.walk(ast.parse(text)):
        segment = ast.get_source_segment(text, node) or ""
        if isinstance(node, ast.Call) and segment.startswith(f"{name}("):
            start = text.index(segment)
            return Span(Source("shop.py", text), start, start + len(segment))
    raise AssertionError(f"no {name} in {text!r}")


def changed(text: str, change: Change) -> str:
    [edit] = as_edits(change)
    result = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    check_python("shop.py", text, result)
    return result


def guarded(text: str) -> str:
    return changed(text, Guard(call_in(text, "app.run")))


def without(text: str, name: str) -> str:
    return changed(text, WithoutArgument(call_in(text, "run"), name))


def test_a_statement_goes_under_a_guard_and_its_comments_stay_with_it() -> None:
    assert guarded("a = 1\n\n# serve\napp.run(port=1)  # bye\nb = 2\n") == (
        'a = 1\n\n# serve\nif __name__ == "__main__":\n    app.run(port=1)  # bye\nb = 2\n'
    )


def test_a_statement_over_several_lines_is_indented_and_its_strings_are_not() -> None:
    assert guarded('app.run(\n    "é",\n    """x\ny""",\n)\n') == (
        'if __name__ == "__main__":\n    app.run(\n        "é",\n        """x\ny""",\n    )\n'
    )


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_guard_keeps_the_line_ends_and_indents_as_the_file_does(end: str) -> None:
    text = end.join(["def f():", "\tpass", "app.run(", "\t1,", ")", ""])
    guard = ['if __name__ == "__main__":', "\tapp.run(", "\t\t1,", "\t)", ""]
    assert guarded(text) == end.join(["def f():", "\tpass", *guard])


def test_a_last_line_without_an_end_gets_none() -> None:
    assert guarded("app.run()") == 'if __name__ == "__main__":\n    app.run()'


@pytest.mark.parametrize("text", ["a = app.run()\n", "app.run(); b = 1\n", "with a:\n    app.run()\n", "(app.run())\n"])
def test_what_is_more_than_a_statement_of_its_own_is_not_guarded(text: str) -> None:
    with pytest.raises(CannotChange, match=r"shop\.py:\d is part of another statement"):
        guarded(text)


def test_an_argument_goes_with_its_comma() -> None:
    assert without("run(a, reload=True)\n", "reload") == "run(a)\n"
    assert without("run(reload=True)\n", "reload") == "run()\n"
    assert without("run(reload=True, host=h)\n", "reload") == "run(host=h)\n"
    assert without("run(\n    a,\n    reload=True,\n    host=h,\n)\n", "reload") == "run(\n    a,\n    host=h,\n)\n"
    assert without("run(\n    a,\n    reload=True\n)\n", "reload") == "run(\n    a\n)\n"
    assert without("é = run('é', reload=not x, **rest)", "reload") == "é = run('é', **rest)"


def test_an_argument_that_is_not_there_is_not_removed() -> None:
    with pytest.raises(CannotChange, match="no argument reload"):
        without("run(**{'reload': True})\n", "reload")


NEWER = [
    "try:\n    pass\nexcept A, B:\n    pass\n",
    "x = t'{name}'\n",
    "type Pair[T = int] = tuple[T, T]\n",
    "x = f'{'nested'}'\n",
]


@pytest.mark.parametrize("text", NEWER)
def test_syntax_newer_than_the_running_python_is_changed_like_any_other(text: str) -> None:
    whole = f"{text}app.run()\n"
    start = whole.index("app.run")
    span = Span(Source("shop.py", whole), start, start + len("app.run()"))
    assert changed(whole, Guard(span)) == f'{text}if __name__ == "__main__":\n    app.run()\n'


def test_a_text_that_is_no_python_any_more_is_refused() -> None:
    with pytest.raises(CannotChange, match=r"shop\.py would be no Python any more"):
        check_python("shop.py", "a = 1\n", "a = (1\n")
    with pytest.raises(CannotChange, match=r"shop\.py is not Python that can be read"):
        check_python("shop.py", "a = (1\n", "a = 1\n")


@pytest.mark.parametrize(
    "deep", ["-" * 20_000 + "1", "f" + "()" * 20_000, "1" + " + 1" * 20_000, "(" * 5000 + ")" * 5000]
)
def test_nesting_without_end_is_refused_and_kills_nothing(deep: str) -> None:
    with pytest.raises(CannotChange):
        check_python("shop.py", "a = 1\n", f"a = {deep}\n")


STATEMENTS = st.sampled_from(
    [
        "a = 1",
        "# a note",
        "",
        "def f(x):\n    return x",
        "if a:\n    b = 2\nelse:\n    c = 3",
        "s = '''x\n y'''",
        "class C: pass",
    ]
)
ARGUMENTS = st.lists(
    st.sampled_from(["1", "'é'", "port=5000", "debug = True", '"""x\ny"""', "lambda: 0"]).filter(bool), max_size=3
)


@given(
    st.lists(STATEMENTS, max_size=4),
    st.lists(STATEMENTS, max_size=4),
    ARGUMENTS,
    st.sampled_from([", ", ",\n  ", " ,\n\n"]),
)
@settings(max_examples=100, deadline=None)
def test_guarding_changes_one_statement_and_nothing_else(
    before: list[str], after: list[str], arguments: list[str], comma: str
) -> None:
    arguments = sorted(arguments, key=lambda one: "=" in one and not one.startswith("lambda"))
    if len(set(arguments)) < len(arguments):
        return
    lines = [*before, f"app.run({comma.join(arguments)})", *after]
    text = "\n".join(lines) + "\n"
    result = guarded(text)
    old, new = ast.parse(text).body, ast.parse(result).body
    at = next(index for index, node in enumerate(old) if "app.run" in ast.unparse(node))
    assert isinstance(new[at], ast.If)
    assert [ast.dump(node) for node in [*new[:at], *new[at].body, *new[at + 1 :]]] == [ast.dump(node) for node in old]
    start = text.index("app.run")
    assert result.startswith(text[:start])
    assert result.endswith(text[start + len(lines[len(before)]) :])


def test_a_fix_is_spelled_out_as_edits_or_left_to_be_made_by_hand() -> None:
    text = "app.run()\n"
    whole = spelled_out(Fix("guard", (Guard(call_in(text, "app.run")),), Safety.SAFE))
    assert [(edit.span.text, edit.replacement) for edit in whole.edits] == [
        (text, 'if __name__ == "__main__":\n    app.run()\n')
    ]
    text = "a = app.run()\n"
    broken = spelled_out(Fix("guard", (Guard(call_in(text, "app.run")),), Safety.SAFE))
    assert (broken.edits, broken.safety) == ((), Safety.MANUAL)
