"""Shell words: their parts, each with its exact place, and the words that bash itself makes of them."""

from __future__ import annotations

import pytest

from prodlint.source import Source, Span, SyntaxProblem, Text
from prodlint.syntax.shell import Unparsed, parse_shell, split_words, walk
from prodlint.syntax.word import Expansion, Literal, Part, Substitution, Word


def words(text: str) -> tuple[Word, ...]:
    """The words of the only command of a script, which holds nothing unread."""
    script = parse_shell(Source("run.sh", text).content)
    assert not [node for node in walk(script.body) if isinstance(node, Unparsed)]
    (command,) = script.commands()
    return command.words


def argument(text: str) -> Word:
    """A text as the only argument of a command."""
    _, word = words(f"x {text}")
    return word


def shown(part: Part | Word) -> object:
    """A part or a word in short: `~` for text without quotes, `=` for text in quotes."""
    if isinstance(part, Literal):
        return ("=" if part.quoted else "~") + part.text.value
    if isinstance(part, Word):
        return [shown(one) for one in part.parts]
    if isinstance(part, Substitution):
        return ("run" if part.quoted else "run, split", part.span.text)
    return (part.name, part.operator, None if part.operand is None else shown(part.operand), part.quoted)


def place(span: Span) -> tuple[int, int, int, int]:
    """First line and column, then line and column just behind the last character."""
    return span.first.line, span.first.column, span.last.line, span.last.column


def places(text: Text) -> list[int]:
    """The column of each character."""
    return [text.source.position(offset).column for offset in text.offsets[:-1]]


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        pytest.param("abc", ["~abc"], id="plain"),
        pytest.param("a#b", ["~a#b"], id="a number sign inside of a word is no comment"),
        pytest.param("--x=y,{a,b}*?[c]~", ["~--x=y,{a,b}*?[c]~"], id="patterns and braces stay"),
        pytest.param("'a b'", ["=a b"], id="single quotes"),
        pytest.param("'a\\b$x`\"'", ['=a\\b$x`"'], id="nothing has a meaning in single quotes"),
        pytest.param('"a b"', ["=a b"], id="double quotes"),
        pytest.param(r'"\$\`\"\\\a"', ['=$`"\\\\a'], id="what a backslash escapes in double quotes"),
        pytest.param('"a\'b"', ["=a'b"], id="a single quote in double quotes"),
        pytest.param("a'b'\"c\"d", ["~a", "=bc", "~d"], id="quotes inside of a word"),
        pytest.param("''", ["="], id="empty single quotes are an argument"),
        pytest.param('""', ["="], id="empty double quotes are an argument"),
        pytest.param("''a", ["~a"], id="empty quotes before text leave nothing"),
        pytest.param(r"a\ b", ["~a", "= ", "~b"], id="an escaped blank"),
        pytest.param(r"\;\&\|\(\)\<\>", ["=;&|()<>"], id="escaped operators"),
        pytest.param("\\", ["=\\"], id="a backslash at the end of the text"),
        pytest.param("a\\\nb", ["~a", "~b"], id="a continued word"),
        pytest.param('"a\\\nb"', ["=ab"], id="a line continued in double quotes"),
        pytest.param("'a\\\nb'", ["=a\\\nb"], id="no line is continued in single quotes"),
        pytest.param('"a\nb"', ["=a\nb"], id="a line end in quotes"),
        pytest.param("$x", [("x", "", None, False)], id="a variable"),
        pytest.param('"$x"', [("x", "", None, True)], id="a quoted variable"),
        pytest.param("$x_1-y", [("x_1", "", None, False), "~-y"], id="where a name ends"),
        pytest.param("$10", [("1", "", None, False), "~0"], id="one digit is a name"),
        pytest.param("${10}", [("10", "", None, False)], id="more digits in braces"),
        pytest.param("$@$*$#$?$-$$$!", [(name, "", None, False) for name in "@*#?-$!"], id="special parameters"),
        pytest.param("${#}${?}${-}", [(name, "", None, False) for name in "#?-"], id="special parameters in braces"),
        pytest.param("$", ["~$"], id="a dollar sign alone"),
        pytest.param('"$"$.', ["=$", "~$."], id="a dollar sign before what is no name"),
        pytest.param("${x}y", [("x", "", None, False), "~y"], id="braces"),
        pytest.param("${x:-y z}", [("x", ":-", ["~y z"], False)], id="a default with a blank"),
        pytest.param("${x-}", [("x", "-", [], False)], id="an empty default"),
        pytest.param("${x:=a;b>c}", [("x", ":=", ["~a;b>c"], False)], id="operators in an operand are text"),
        pytest.param("${x:?'no }'}", [("x", ":?", ["=no }"], False)], id="a quoted brace"),
        pytest.param(r"${x+\}}", [("x", "+", ["=}"], False)], id="an escaped brace"),
        pytest.param("${x:-${y:-z}}", [("x", ":-", [("y", ":-", ["~z"], False)], False)], id="nested defaults"),
        pytest.param(
            '"${x:-a ${y:-"b c"}}"',
            [("x", ":-", ["=a ", ("y", ":-", ["=b c"], True)], True)],
            id="nested defaults in quotes",
        ),
        pytest.param("\"${x:-'y'}\"", [("x", ":-", ["='y'"], True)], id="single quotes in quotes are text"),
        pytest.param("${x:-$(y)}", [("x", ":-", [("run, split", "$(y)")], False)], id="commands as a default"),
        pytest.param("${x#*/}", [("x", "other", None, False)], id="a prefix cut off"),
        pytest.param("\"${x%'}'}\"", [("x", "other", None, True)], id="the pattern keeps its quotes"),
        pytest.param("${x//\\//_}", [("x", "other", None, False)], id="a replacement"),
        pytest.param("${x:1:2}", [("x", "other", None, False)], id="a part"),
        pytest.param("${x: -1}", [("x", "other", None, False)], id="a part from the end"),
        pytest.param("${x^^}", [("x", "other", None, False)], id="in capitals"),
        pytest.param("${#x}", [("x", "other", None, False)], id="a length"),
        pytest.param("${!x}", [("x", "other", None, False)], id="an indirection"),
        pytest.param("${x[1]}", [("x", "other", None, False)], id="an element"),
        pytest.param("${x[@]}", [("x", "[@]", None, False)], id="all elements"),
        pytest.param('"${x[*]}"', [("x", "[*]", None, True)], id="all elements as one"),
        pytest.param('${x[@]+"${x[@]}"}', [("x", "[@]", None, True)], id="all elements, if there are any"),
        pytest.param('${x[@]+"${y[@]}"}', [("x", "other", None, False)], id="elements if there are others"),
        pytest.param("${x[@]:1}", [("x", "other", None, False)], id="some elements"),
        pytest.param("${}", [("run, split", "${}")], id="braces without a name"),
        pytest.param("$(a b)", [("run, split", "$(a b)")], id="commands"),
        pytest.param('"$(a "b c")"', [("run", '$(a "b c")')], id="quotes in commands in quotes"),
        pytest.param("$(a ')' # )\n)x", [("run, split", "$(a ')' # )\n)"), "~x"], id="brackets in quotes and comments"),
        pytest.param(
            "$(case a in b) c;; esac)", [("run, split", "$(case a in b) c;; esac)")], id="the bracket of a pattern"
        ),
        pytest.param("$(a <<E\n)\nE\n)", [("run, split", "$(a <<E\n)\nE\n)")], id="a here-document in commands"),
        pytest.param("$((1 + (2)))", [("run, split", "$((1 + (2)))")], id="arithmetic"),
        pytest.param("$((1 << 2))", [("run, split", "$((1 << 2))")], id="a shift is no here-document"),
        pytest.param("$((a); (b))", [("run, split", "$((a); (b))")], id="two subshells"),
        pytest.param("$[1 + 2]", [("run, split", "$[1 + 2]")], id="arithmetic of old"),
        pytest.param("`a 'b' \\`c\\``", [("run, split", "`a 'b' \\`c\\``")], id="backquotes"),
        pytest.param('"`a "b"`"', [("run", '`a "b"`')], id="backquotes in quotes"),
        pytest.param("<(a b)", [("run, split", "<(a b)")], id="a file of what a command prints"),
        pytest.param("--x=>(a)", ["~--x=", ("run, split", ">(a)")], id="a file that a command reads"),
        pytest.param("@(a|b c)*", ["~@(a|b c)*"], id="an extended pattern"),
        pytest.param("$'a\\nb'", ["=a\nb"], id="the escapes of C"),
        pytest.param("$'\\''x", ["='", "~x"], id="a quote escaped as in C"),
        pytest.param("$'\\x41\\102\\u00e9\\U1F600\\cA\\e\\q'", ["=ABé😀\x01\x1b\\q"], id="characters by number"),
        pytest.param("$'\\xc3\\xa9'", ["=é"], id="a character byte by byte"),
        pytest.param("$'a\\0b'c", ["=a", "~c"], id="what follows a NUL is dropped"),
        pytest.param("\"$'a'\"", ["=$'a'"], id="no escapes of C in double quotes"),
        pytest.param('$"a $x"', ["=a ", ("x", "", None, True)], id="a text to translate"),
        pytest.param("${{ a.b }}/c", [("run, split", "${{ a.b }}"), "~/c"], id="an expression of GitHub"),
        pytest.param(
            "'x${{ a }}y'", ["=x", ("run", "${{ a }}"), "=y"], id="GitHub fills in inside of single quotes, too"
        ),
        pytest.param(
            "\"${{ a && 'x}}' || '' }}\"", [("run", "${{ a && 'x}}' || '' }}")], id="braces in a string of GitHub's"
        ),
    ],
)
def test_the_parts_of_a_word(written: str, parts: list[object]) -> None:
    assert [shown(part) for part in argument(written).parts] == parts


@pytest.mark.parametrize("written", ["a", "'a b'", '"$x"c', "${x:-y}", "$(a)", "`a`", "$'\\n'", "a\\ b", "--x=1"])
def test_a_word_covers_its_quotes(written: str) -> None:
    word = words(f"run  {written}  z")[1]
    assert word.written == written
    assert place(word.span) == (1, 6, 1, 6 + len(written))


def test_a_word_over_two_lines_ends_on_the_second() -> None:
    assert place(argument('"a\nbc"d').span) == (1, 3, 2, 5)


def test_each_character_knows_where_it_was_written() -> None:
    content = words("x a'b'\"c\"\\d$'e\\tf'")[1].content
    assert content is not None
    assert content.value == "abcde\tf"
    assert places(content) == [3, 5, 8, 10, 14, 15, 17]


def test_an_escape_lies_at_its_backslash() -> None:
    (part,) = argument(r'"a\"b"').parts
    assert isinstance(part, Literal)
    assert (part.text.value, places(part.text)) == ('a"b', [4, 5, 7])


def test_a_continued_word_has_both_places() -> None:
    first, second = argument("ab\\\ncd").parts
    assert isinstance(first, Literal)
    assert isinstance(second, Literal)
    assert [place(part.text.span) for part in (first, second)] == [(1, 3, 1, 5), (2, 1, 2, 3)]


def test_an_empty_argument_lies_behind_its_quotes() -> None:
    (part,) = argument("''").parts
    assert isinstance(part, Literal)
    assert place(part.text.span) == (1, 5, 1, 5)


def test_expansions_and_their_operands_have_exact_places() -> None:
    first, second = argument('"$x-${y:-a ${z}}"').parts[0::2]
    assert isinstance(first, Expansion)
    assert isinstance(second, Expansion)
    assert second.operand is not None
    inner = second.operand.parts[1]
    assert isinstance(inner, Expansion)
    spans = (first.span, second.span, second.operand.span, inner.span)
    assert [span.text for span in spans] == ["$x", "${y:-a ${z}}", "a ${z}", "${z}"]
    assert [span.column for span in spans] == [4, 7, 12, 14]


def test_an_empty_operand_lies_before_the_brace() -> None:
    (part,) = argument("${x:-}").parts
    assert isinstance(part, Expansion)
    assert part.operand is not None
    assert place(part.operand.span) == (1, 8, 1, 8)


def test_a_literal_word_has_a_value_and_any_other_has_none() -> None:
    assert argument("a'b c'").literal == "ab c"
    assert argument("a$x").literal is None
    assert argument("a$x").content is None
    assert str(argument("a$x")) == "a$x"
    assert str(argument("'a b'")) == "a b"


def test_a_word_of_a_text_expands_nothing() -> None:
    text = Source("x", "$a").content
    word = Word.of(text)
    assert (word.literal, word.span) == ("$a", text.span)


@pytest.mark.parametrize(
    "written", ["'a", '"a', '"$(a"', "$(a", "`a", "${x", "${x:-'}", "$'a", '"${x:-"}"', "$((1)", "<(a", "((1)"]
)
def test_what_is_not_closed_is_not_read(written: str) -> None:
    script = parse_shell(Source("x", f"a\nb {written}").content)
    assert [type(node).__name__ for node in script.body.items] == ["Command", "Unparsed"]
    assert place(script.body.items[1].span)[:2] == (2, 1)


@pytest.mark.parametrize(
    ("written", "values"),
    [
        pytest.param("a  b\tc\nd", ["a", "b", "c", "d"], id="blanks"),
        pytest.param("a'b c'\"d e\" ''", ["ab cd e", ""], id="quotes"),
        pytest.param(r"a\ b \"c " r'"d\"\\\e"', ["a b", '"c', 'd"\\\\e'], id="backslashes"),
        pytest.param("a;b|c&&d $x #e `f` >g", ["a;b|c&&d", "$x", "#e", "`f`", ">g"], id="no shell reads it"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_words_without_a_shell(written: str, values: list[str]) -> None:
    assert [word.literal for word in split_words(Source("x", written).content)] == values


def test_words_without_a_shell_have_exact_places() -> None:
    first, second = split_words(Source("x", "a\n 'b c'd").content)
    assert [place(word.span) for word in (first, second)] == [(1, 1, 1, 2), (2, 2, 2, 8)]
    assert second.content is not None
    assert places(second.content) == [3, 4, 5, 7]


@pytest.mark.parametrize(
    ("written", "message", "column"),
    [
        ("a 'b", "the quote ' that opens here is not closed", 3),
        ('a b"c\\', 'the quote " that opens here is not closed', 4),
        ("ab \\", "nothing follows the backslash", 4),
    ],
)
def test_what_no_words_can_be_made_of_is_told(written: str, message: str, column: int) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        split_words(Source("x", written).content)
    assert (caught.value.message, caught.value.span.column) == (message, column)
