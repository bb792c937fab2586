"""`.env` files: names, values, expansions and the text that other dialects need."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.source import Source, SyntaxProblem
from prodlint.syntax.dotenv import DotenvEntry, parse_dotenv
from prodlint.syntax.word import Expansion, Literal, Word


def entries(text: str) -> tuple[DotenvEntry, ...]:
    return parse_dotenv(Source(".env", text))


def entry(text: str) -> DotenvEntry:
    (found,) = entries(text)
    return found


def literal(text: str) -> str | None:
    value = entry(text).value
    assert value is not None
    return value.literal


def expansions(word: Word | None) -> list[Expansion]:
    assert word is not None
    return [part for part in word.parts if isinstance(part, Expansion)]


@pytest.mark.parametrize(
    ("line", "value", "quote"),
    [
        ("A=x", "x", ""),
        ("A=", "", ""),
        ("A=   ", "", ""),
        ("  A = x  ", "x", ""),
        ("A: x", "x", ""),
        ("export A=x", "x", ""),
        ("export\tA = x", "x", ""),
        ('A="x # y" # c', "x # y", '"'),
        ("A='x # y'# c", "x # y", "'"),
        ("A=x # c", "x", ""),
        ("A=x#c", "x#c", ""),
        ("A=#c", "#c", ""),
        ("A= # c", "", ""),
        ("A=x y  z", "x y  z", ""),
        ("A=it's", "it's", ""),
        ('A=a"b"', 'a"b"', ""),
        ("A='$B ${C}'", "$B ${C}", "'"),
        ("A='it\\'s \\\\ \\n'", "it's \\ \\n", "'"),
        (r'A="\t\"\\\$B\d"', '\t"\\$B\\d', '"'),
        (r"A=\n\$B", "\\n$B", ""),
        ("A=$$ $1 $ ${ ${} ${1} $(x)", "$$ $1 $ ${ ${} ${1} $(x)", ""),
        ('A="x\ny"', "x\ny", '"'),
        ("A='x\n# y\n'", "x\n# y\n", "'"),
        ("A=postgres://u:p@h/d?x=y", "postgres://u:p@h/d?x=y", ""),
        ('A="x', '"x', ""),
        ('A="x"y', '"x"y', ""),
        ("A='x' 'y'", "'x' 'y'", ""),
    ],
)
def test_a_line_is_a_name_and_a_value(line: str, value: str, quote: str) -> None:
    found = entry(line + "\r\n# the end\r\n")
    assert found.value is not None
    assert (found.name, found.value.literal, found.quote) == ("A", value, quote)
    assert found.exported is line.startswith("export")
    assert found.separator == (":" if line.startswith("A:") else "=")


def test_a_name_alone_has_no_value() -> None:
    found = entries("A\nexport B # c\nC=\n")
    assert [(part.name, part.value, part.separator, part.exported) for part in found[:2]] == [
        ("A", None, "", False),
        ("B", None, "", True),
    ]
    assert found[2].value is not None
    assert found[1].raw.value == ""


@pytest.mark.parametrize("line", ["", "# A=1", "  # A", "two words", "=x", "?", "A b=c", "'A'=x"])
def test_a_line_that_is_no_entry_is_passed_over(line: str) -> None:
    assert [found.name for found in entries(f"{line}\nB=1")] == ["B"]


def test_the_raw_text_is_kept_for_other_dialects() -> None:
    found = entries("A = \"x # y\" # c\r\nB='x\r\ny' # c\r\nC=x # c  \n")
    assert [part.raw.value for part in found] == [' "x # y" # c', "'x\r\ny' # c", "x # c  "]
    assert [part.raw.span.text for part in found] == [part.raw.value for part in found]


def test_places_are_exact() -> None:
    text = '# é\r\n  export A = "é\\n$B" # c\r\nC=x\n'
    first, second = entries(text)
    assert (first.span.text, first.name_span.text, first.name_span.line) == ('export A = "é\\n$B"', "A", 2)
    assert first.value is not None
    assert first.value.span.text == '"é\\n$B"'
    start, end = first.value.parts
    assert isinstance(start, Literal)
    assert isinstance(end, Expansion)
    assert (start.text.value, start.text.span.text, start.quoted) == ("é\n", "é\\n", True)
    assert [text[place] for place in start.text.offsets] == ["é", "\\", "$"]
    assert (end.name, end.span.text, end.quoted) == ("B", "$B", True)
    assert second.span.text == "C=x"


@pytest.mark.parametrize("quote", ["", '"'])
def test_expansions_stand_in_unquoted_and_double_quoted_values(quote: str) -> None:
    found = entry(f"A={quote}p$B-${{C}}${{D:-x ${{E:?no}} z}}${{F/a/b}}s{quote}")
    assert found.value is not None
    assert found.value.literal is None
    b, c, d, f = expansions(found.value)
    assert [(part.name, part.operator, part.span.text) for part in (b, c, f)] == [
        ("B", "", "$B"),
        ("C", "", "${C}"),
        ("F", "other", "${F/a/b}"),
    ]
    assert (d.name, d.operator, d.quoted) == ("D", ":-", bool(quote))
    assert d.operand is not None
    assert d.operand.written == "x ${E:?no} z"
    (e,) = expansions(d.operand)
    assert e.operand is not None
    assert (e.name, e.operator, e.operand.literal) == ("E", ":?", "no")
    assert [part.text.value for part in found.value.parts if isinstance(part, Literal)] == ["p", "-", "s"]


@pytest.mark.parametrize("operator", [":-", "-", ":=", "=", ":?", "?", ":+", "+"])
def test_each_operator_is_told(operator: str) -> None:
    (found,) = expansions(entry(f"A=${{B{operator}}}").value)
    assert found.operand is not None
    assert (found.name, found.operator, found.operand.literal) == ("B", operator, "")


def test_repeated_names_are_kept_in_order() -> None:
    assert [(found.name, found.span.line) for found in entries("A=1\nB=2\nA=3\n")] == [("A", 1), ("B", 2), ("A", 3)]


def test_deep_nesting_ends_in_an_unknown_operator() -> None:
    found = entry("A=" + "${B:-" * 10_000 + "}" * 10_000)
    part, depth = expansions(found.value)[0], 0
    while part.operand is not None:
        (part,), depth = expansions(part.operand), depth + 1
    assert depth < 50
    assert part.operator == "other"
    assert literal("A=" + "${B:-" * 10_000) == "${B:-" * 10_000


def test_hostile_files_are_read_in_time() -> None:
    with pytest.raises(SyntaxProblem, match="larger than"):
        entries("A=b\n" * 1_300_000)
    for text in ("A=x" + " " * 300_000 + "y", 'A="x\n' * 20_000, "A='\\", "A" * 300_000, "export " * 50_000):
        entries(text)
    entries("A=" + "$B" * 100_000)


PIECES = [
    "A=",
    "B: ",
    "export ",
    "C",
    " ",
    "\n",
    "\n",
    "\r\n",
    "'",
    '"',
    "\\",
    "$",
    "${",
    "}",
    ":-",
    "#",
    " # ",
    "é",
    "x",
]


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
@settings(max_examples=300, deadline=None)
def test_whatever_is_written_each_part_lies_in_its_place(text: str) -> None:
    end = 0
    for found in entries(text):
        assert end <= found.span.start <= found.name_span.start
        assert found.name_span.text == found.name
        assert found.raw.value == found.raw.span.text
        end = found.span.end
        if found.value is None:
            continue
        assert found.value.span.end == end
        inner = found.value.written[len(found.quote) : len(found.value.written) - len(found.quote)]
        assert (
            "".join(part.span.text if isinstance(part, Expansion) else part.text.span.text for part in written(found))
            == inner
        )
        for part in found.value.parts:
            if isinstance(part, Literal):
                for character, place in zip(part.text.value, part.text.offsets, strict=False):
                    assert text[place] in (character, "\\")


def written(found: DotenvEntry) -> list[Literal | Expansion]:
    assert found.value is not None
    return [part for part in found.value.parts if isinstance(part, (Literal, Expansion))]
