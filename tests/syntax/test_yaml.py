"""YAML: values as they are written, every character in its place, and no way to make the reader fail."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from prodlint.source import Source
from prodlint.syntax.yaml import Document, Mapping, Node, Scalar, Sequence, YamlProblem, parse_yaml


def documents(text: str) -> tuple[Document, ...]:
    return parse_yaml(Source("compose.yaml", text))


def root(text: str) -> Mapping:
    (document,) = documents(text)
    assert isinstance(document.root, Mapping)
    return document.root


def scalar(text: str, *path: str | int) -> Scalar:
    node = root(text).path(*path)
    assert isinstance(node, Scalar)
    return node


def problem(text: str) -> YamlProblem:
    with pytest.raises(YamlProblem) as caught:
        documents(text)
    return caught.value


def named(mapping: Mapping) -> list[tuple[str, Node]]:
    return [(key.value, value) for key, value in mapping.items() if isinstance(key, Scalar)]


def scalars(node: Node | None) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from scalars(item)
    elif isinstance(node, Mapping):
        for key, value in node.pairs:
            yield from scalars(key)
            yield from scalars(value)


def written_at(node: Scalar) -> list[str]:
    """What stands in the source where each character of the value lies."""
    return [node.text.source.text[place] for place in node.text.offsets[:-1]]


@pytest.mark.parametrize("value", ["on", "no", "3.10", "22:22", "0755", "1_000", "2024-01-01", ".inf", "0x10", "y"])
def test_a_value_stays_as_it_is_written(value: str) -> None:
    node = scalar(f"a: {value} # why\n", "a")
    assert (node.value, node.text.value, node.span.text, node.style) == (value, value, value, "plain")


@pytest.mark.parametrize("written", ["a:", "a: ~", "a: null", "a: Null # c", "a: !!null x", "a: &x", "{a: , b: c}"])
def test_nothing_a_tilde_and_null_are_null(written: str) -> None:
    assert scalar(written, "a").is_null


@pytest.mark.parametrize("written", ["a: ''", 'a: "null"', "a: nil", "a: !reset null", "a: !!str", "a: |\n", "a: !"])
def test_what_is_quoted_or_tagged_is_not_null(written: str) -> None:
    assert not scalar(written, "a").is_null


def test_tags_are_data() -> None:
    top = root(
        "a: !Ref Name\nb: !reference [.base, script]\nc: !override\n  - x\nd: !vault |\n  66\n  33\n"
        "e: !Sub &x '${A}'\nf: &y !GetAtt {k: v}\ng: !!str 1\nh: ! 1\ni: 1\nj: !<tag:x,2000:y> z\n"
    )
    tags = {key: node.tag for key, node in named(top)}
    assert tags == {
        "a": "!Ref",
        "b": "!reference",
        "c": "!override",
        "d": "!vault",
        "e": "!Sub",
        "f": "!GetAtt",
        "g": "tag:yaml.org,2002:str",
        "h": "tag:yaml.org,2002:str",
        "i": "tag:yaml.org,2002:int",
        "j": "tag:x,2000:y",
    }
    spans = {key: node.span.text for key, node in named(top)}
    assert spans == {
        "a": "Name",
        "b": "[.base, script]",
        "c": "- x",
        "d": "|\n  66\n  33",
        "e": "'${A}'",
        "f": "{k: v}",
        "g": "1",
        "h": "1",
        "i": "1",
        "j": "z",
    }


def test_the_span_of_a_block_collection_ends_with_its_last_value() -> None:
    top = root("a: &anchor # why\n  # more\n  b: 1\n  c:\n    - x\n    - y   # c\n\n# end\nd: {e: [1, 2]}\n\n")
    assert {key: node.span.text for key, node in named(top)} == {
        "a": "b: 1\n  c:\n    - x\n    - y",
        "d": "{e: [1, 2]}",
    }
    assert top.span.text.endswith("[1, 2]}")
    key = top.key("d")
    assert key is not None
    assert (key.span.line, key.span.column) == (9, 1)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85"])
@pytest.mark.parametrize("header", ["|", "|-", "|+", "|2", "|-2 # why", ">", ">-", ">+", ">2", ">2+"])
def test_each_character_of_a_block_has_its_place(header: str, end: str) -> None:
    lines = ["run: " + header, "", "  set -e", "  é 𝄞", "", "", "    deeper", "  \ttab", "  x  ", "", "", "b: c", ""]
    text = end.join(lines)
    node = scalar(text, "run")
    assert node.value == yaml.load(text, yaml.CSafeLoader)["run"]
    places = list(node.text.offsets[:-1])
    assert places == sorted(set(places))
    for character, written in zip(node.value, written_at(node), strict=True):
        assert written == character or (character in " \n" and written in end)
    assert node.span.text == text[text.index(header[0]) : text.index("x  ") + 1]


def test_a_script_in_a_block_points_into_the_file() -> None:
    node = scalar("jobs:\n  build:\n    run: |\n      set -e\n      echo hello\n", "jobs", "build", "run")
    at = node.value.index("hello")
    span = node.text.span_of(at, at + 5)
    assert (span.text, span.line, span.column) == ("hello", 5, 12)


def test_folds_and_escapes_lie_where_they_are_written() -> None:
    text = "a: \"x\\\n   y\\n \\u00e9\\x41\\U0001d11e\\/ \n\n  z\\\"\"\nb: it\n  is  \n\n  so # c\nc: 'it''s\n  so'\n"
    top = root(text)
    for key, value in (("a", 'xy\n éA𝄞/\nz"'), ("b", "it is\nso"), ("c", "it's so")):
        node = top.get(key)
        assert isinstance(node, Scalar)
        assert node.value == node.text.value == value
        places = list(node.text.offsets[:-1])
        assert places == sorted(set(places))
        for character, written in zip(value, written_at(node), strict=True):
            assert written == character or written == "\\" or (character == " " and written == "\n")
    folded = top.get("b")
    assert isinstance(folded, Scalar)
    assert folded.text.span_of(3, 5).line == 6


def test_the_text_of_a_quoted_value_is_without_its_quotes() -> None:
    node = scalar('a: "8000:80"\n', "a")
    assert (node.span.text, node.text.span.text, node.style) == ('"8000:80"', "8000:80", "double")
    assert scalar("a: ''", "a").text.span.start == 4


def test_places_count_characters_whatever_their_width_and_behind_a_byte_order_mark() -> None:
    for mark in ("", "\ufeff", "\ufeff\ufeff"):
        text = f"{mark}é𝄞: ä\r\n# ü\r\n\uac00: [𝄞, x]\r\n"
        for node in scalars(root(text)):
            assert node.span.text == node.value
    crlf = root("a: b\r\nc: d\r\n").key("c")
    assert crlf is not None
    assert crlf.span.line == 2


def test_merge_keys_follow_the_rules_of_yaml() -> None:
    text = (
        "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz: {<<: [*x, *y], c: 5}\nw: &w\n  <<: *x\n  a: 9\n"
        "v: {k: 1, <<: *w}\nu: {<<: plain}\nt: {'<<': *x}\n"
    )
    top = root(text)
    for key, value in {"z": {"a": "1", "b": "2", "c": "5"}, "w": {"a": "9", "b": "2"}, "u": {"<<": "plain"}}.items():
        node = top.get(key)
        assert isinstance(node, Mapping)
        assert {
            str(k.value): v.value for k, v in node.items() if isinstance(k, Scalar) and isinstance(v, Scalar)
        } == value
    chained = top.get("v")
    assert isinstance(chained, Mapping)
    assert chained.keys() == ("k", "a", "b")
    assert chained.get("a") is top.path("w", "a")
    assert chained.merged == (top.get("w"),)
    merged_key = chained.key("b")
    assert merged_key is not None
    assert merged_key.span.line == 1
    quoted = top.get("t")
    assert isinstance(quoted, Mapping)
    assert quoted.keys() == ("<<",)


def test_a_merge_of_nothing_brings_nothing() -> None:
    top = root("x: &x\n  <<: []\ny:\n  <<: *x\n  a: 1\n")
    for key, keys in {"x": (), "y": ("a",)}.items():
        node = top.get(key)
        assert isinstance(node, Mapping)
        assert node.keys() == keys


def test_of_a_repeated_key_the_last_wins_and_both_are_kept() -> None:
    top = root("a: 1\nb: 2\na: 3\n")
    assert [value.span.line for _, value in top.pairs] == [1, 2, 3]
    assert top.keys() == ("a", "b")
    found, key = top.get("a"), top.key("a")
    assert isinstance(found, Scalar)
    assert key is not None
    assert (found.value, key.span.line) == ("3", 3)


def test_an_alias_is_the_anchored_node_itself() -> None:
    top = root("a: &x [1]\nb: *x\nc: &x {k: v}\nd: *x\n")
    assert top.get("b") is top.get("a")
    assert top.get("d") is top.get("c")


def test_a_path_goes_through_mappings_and_sequences() -> None:
    top = root("a: [{b: c}]\n8080: x\n")
    found = top.path("a", 0, "b")
    assert isinstance(found, Scalar)
    assert found.value == "c"
    assert top.get("8080") is not None
    assert top.path("a", 1, "b") is top.path("a", "b") is top.path("x", "y") is None
    assert top.path() is top


def test_keys_may_be_collections() -> None:
    top = root("a: {{ name }}\n[x]: y\n")
    assert top.keys() == ("a",)
    assert [type(key) for key, _ in top.items()] == [Scalar, Sequence]


def test_an_empty_document_has_no_root() -> None:
    assert documents("") == documents("# only a comment\n") == ()
    assert [document.root for document in documents("---\n---\n# c\n")] == [None, None]
    first, second = documents("a: 1\n---\nb: 2\n")
    assert (first.span.text, second.span.text) == ("a: 1\n", "---\nb: 2\n")


def test_documents_before_a_broken_one_are_kept() -> None:
    caught = problem("a: 1\n---\nb: 2\n---\nc: [\n")
    assert [document.root.keys() for document in caught.documents if isinstance(document.root, Mapping)] == [
        ("a",),
        ("b",),
    ]
    assert caught.span.line == 6


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: b: c\n", 1, 5, "second `: `"),
        ("a:\n\tb: 1\n", 2, 1, "tab"),
        ("a: 1\nb: @x\n", 2, 4, "quote it"),
        ("a: 1\nb: *.py\n", 2, 4, "needs quotes"),
        ("a: 1\nb: *x\n", 2, 4, "`&x`"),
        ("a: &x {b: *x}\n", 1, 11, "hold itself"),
        ("é: \x07\n", 1, 4, "U+0007"),
        ('a: 1\nb: "x\nc: d\n', 2, 4, "never closed"),
        ("a: 1\nb: [x\nc: d\n", 2, 4, "not closed"),
        ("a: 'b' c\n", 1, 8, "closes too early"),
        ("- a\nb: c\n", 2, 1, "aligned with line 1"),
        ("a:\n  b: 1\n c: 2\n", 3, 2, "aligned with line 1"),
        ("a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> x\n", 2, 1, "merge conflict"),
        ("{% if x %}\na: b\n", 1, 2, "cannot begin"),
    ],
)
def test_a_fault_is_told_in_plain_words_at_its_place(text: str, line: int, column: int, words: str) -> None:
    caught = problem(text)
    assert words in caught.message
    assert (caught.span.line, caught.span.column) == (line, column)


@pytest.mark.parametrize(
    "text",
    [
        *("[" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000, "[" * 300 + "]" * 300),
        "\n".join(" " * depth + "a:" for depth in range(3000)),
    ],
)
def test_deep_nesting_is_a_problem_and_no_crash(text: str) -> None:
    assert "nested" in problem(text).message


def test_nesting_through_aliases_counts() -> None:
    levels = ["a0: &a0 x"] + [f"a{n}: &a{n} [[[[*a{n - 1}]]]]" for n in range(1, 100)]
    assert "nested" in problem("\n".join(levels)).message
    assert documents("\n".join(levels[:40]))


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    bomb = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 50)]
    assert "aliases" in problem("\n".join(bomb)).message
    keys = ", ".join(f"k{n}: v" for n in range(1000))
    merges = [f"m{n}: {{<<: *base}}" for n in range(1000)]
    assert "aliases" in problem("\n".join([f"base: &base {{{keys}}}", *merges])).message


def test_a_huge_file_is_refused() -> None:
    assert "larger than" in problem("a: b\n" * 1_100_000).message


def attempt(text: str) -> tuple[tuple[Document, ...], YamlProblem | None]:
    try:
        return documents(text), None
    except YamlProblem as caught:
        return caught.documents, caught


@given(st.text(st.characters(codec=None), max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_gives_documents_or_a_problem(text: str) -> None:
    found, caught = attempt(text)
    assert caught is None or 0 <= caught.span.start <= caught.span.end <= len(text)
    for document in found:
        assert all(node.text.value == node.value for node in scalars(document.root))


PIECES = [
    "a",
    "b",
    "é",
    ": ",
    "- ",
    "\n",
    "\n\n",
    "\n  ",
    "  ",
    "\t",
    "|",
    ">-\n",
    "|+2\n  ",
    "'",
    '"',
    "\\n",
    "\\\n",
    "#",
]
PIECES += [" # c", "\r\n", "[", "]", "{", "}", ", ", "&x ", "*x", "!t ", "? ", "---\n", "''", "<<: ", "\x85", "𝄞", "~"]


def values(node: yaml.Node) -> object:
    if isinstance(node, yaml.ScalarNode):
        return (node.tag, node.value, node.style or None)
    if isinstance(node, yaml.SequenceNode):
        return [values(item) for item in node.value]
    assert isinstance(node, yaml.MappingNode)
    return [(values(key), values(value)) for key, value in node.value]


def our_values(node: Node) -> object:
    if isinstance(node, Scalar):
        style = {"plain": None, "single": "'", "double": '"', "literal": "|", "folded": ">"}[node.style]
        return (node.tag, node.value, style)
    if isinstance(node, Sequence):
        return [our_values(item) for item in node.items]
    return [(our_values(key), our_values(value)) for key, value in node.pairs]


@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join))
@settings(max_examples=200, deadline=None)
def test_nodes_are_those_of_pyyaml(text: str) -> None:
    try:
        expected = [values(node) for node in yaml.compose_all(text, yaml.CSafeLoader)]
    except (yaml.YAMLError, RecursionError):
        assume(False)
    empty = ("tag:yaml.org,2002:null", "", None)
    found, caught = attempt(text)
    if caught is not None:
        assert "hold itself" in caught.message
        return
    assert [our_values(document.root) if document.root else empty for document in found] == expected
    for document in found:
        for node in scalars(document.root):
            places = list(node.text.offsets[:-1])
            assert node.text.value == node.value
            assert places == sorted(set(places)) or node.value.isspace()


words = st.text("ab é𝄞\n\t'\"\\#:-{}[]&*!|>%@`,?\x85\u2028\x07", max_size=30)
data = st.recursive(
    words, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=8
)


def plain(node: Node | None) -> object:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Mapping)
    return {key.value: plain(value) for key, value in node.items() if isinstance(key, Scalar)}


@given(
    data,
    st.sampled_from([None, "'", '"', "|", ">"]),
    st.sampled_from([None, True, False]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([10, 20, 80]),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_what_pyyaml_writes_is_read_back_with_every_character_in_its_place(
    value: object, style: str | None, flow: bool | None, end: str, width: int, unicode: bool
) -> None:
    text = yaml.dump(
        value, default_style=style, default_flow_style=flow, line_break=end, width=width, allow_unicode=unicode
    )
    try:
        if yaml.load(text, yaml.CSafeLoader) != value:
            assume(False)
    except yaml.YAMLError:
        assume(False)
    (document,) = documents(text)
    assert plain(document.root) == value
    for node in scalars(document.root):
        places = list(node.text.offsets[:-1])
        assert node.text.value == node.value
        assert places == sorted(set(places))
        for character, written in zip(node.value, written_at(node), strict=True):
            if written != character:
                escaped = written == "\\" and node.style == "double"
                folded = character in " \n" and written in "\r\n\x85\u2028\u2029"
                assert escaped or folded


def test_without_the_c_extension_the_nodes_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\ufeffé: &a !t [x, 'y']\nrun: |2-\n    z\n   w\nb: >\n  q\n  r\nc: *a\nd: \"\\u00e9\n  f\"\ne: f\n  g\n"
    fast = [(node.value, node.span.start, node.span.end, node.text.offsets) for node in scalars(root(text))]
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert [(node.value, node.span.start, node.span.end, node.text.offsets) for node in scalars(root(text))] == fast
    assert "nested" in problem("[" * 100_000).message
    assert "merge conflict" in problem("<<<<<<< HEAD\na: 1\n=======\n").message
    problem('a: "\\U99999999"')


def test_importing_the_module_does_not_load_pyyaml() -> None:
    code = "import sys, prodlint.syntax.yaml; sys.exit('yaml' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
