"""Unit files: settings at their places, and command lines split as libsystemd splits them."""

import ctypes
import glob

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.source import Source, SyntaxProblem, Text
from prodlint.syntax.systemd import Unit, exec_lines, parse_unit, unit_words
from prodlint.syntax.word import Expansion, Substitution

LIBRARIES = glob.glob("/usr/lib/*/systemd/libsystemd-shared-*.so") + glob.glob(
    "/usr/lib/systemd/libsystemd-shared-*.so"
)


def unit(text: str) -> Unit:
    return parse_unit(Source("shop.service", text))


def text_of(value: str) -> Text:
    return Source("shop.service", value).content


def words(value: str) -> list[str]:
    return [word.value for word, _ in unit_words(text_of(value))]


def test_settings_have_their_section_and_place() -> None:
    found = unit(
        "Stray=1\n[Unit]\nDescription = The shop \n\n  # note\n; note\n[Service]\nExecStart=/bin/a b\n  User=shop\n"
    )
    assert [(one.name, [(each.key, each.value.value) for each in one.settings]) for one in found.sections] == [
        ("Unit", [("Description", "The shop")]),
        ("Service", [("ExecStart", "/bin/a b"), ("User", "shop")]),
    ]
    setting = found.get("Service", "ExecStart")
    assert setting is not None
    assert str(setting.value.span) == "shop.service:8"
    assert setting.value.span.text == "/bin/a b"


def test_a_backslash_continues_over_comments_and_becomes_a_space() -> None:
    found = unit("[Service]\nExecStart=/bin/a \\\n# --never\n  --b \\\n\n  User=x\nGroup=y \\")
    assert [(one.key, one.value.value) for one in found.sections[0].settings] == [
        ("ExecStart", "/bin/a    --b"),
        ("User", "x"),
        ("Group", "y"),
    ]


def test_words_of_a_continued_line_lie_on_their_own_line() -> None:
    setting = unit("[Service]\nExecStart=/bin/a \\\n  --b\n").get("Service", "ExecStart")
    assert setting is not None
    assert [word.span.line for word in exec_lines(setting.value)[0].words] == [2, 3]


def test_an_empty_setting_takes_back_a_list_and_the_last_value_counts() -> None:
    found = unit("[Service]\nExecStart=/a\nExecStart=\nExecStart=/b\nExecStart=/c\nUser=x\nUser=y\nGroup=z\nGroup=\n")
    assert [one.value.value for one in found.all("Service", "ExecStart")] == ["/b", "/c"]
    user = found.get("Service", "User")
    assert user is not None
    assert user.value.value == "y"
    assert found.get("Service", "Group") is None


def test_prefixes_are_taken_off_and_an_argument_zero_is_left_out() -> None:
    (line,) = exec_lines(text_of("-@/bin/sh sh -c x"))
    assert (line.prefixes, [str(word) for word in line.words]) == ("-@", ["/bin/sh", "-c", "x"])
    (line,) = exec_lines(text_of("+/bin/a -b"))
    assert (line.prefixes, [str(word) for word in line.words]) == ("+", ["/bin/a", "-b"])


def test_semicolons_separate_commands_and_an_escaped_one_does_not() -> None:
    found = exec_lines(text_of("/bin/a b ; /bin/c \\; ';' d;e"))
    assert [[str(word) for word in line.words] for line in found] == [["/bin/a", "b"], ["/bin/c", ";", ";", "d;e"]]


def test_variables_and_specifiers_are_parts_of_words() -> None:
    (line,) = exec_lines(text_of("/bin/a $OPTS ${PORT} -b:${PORT}x '$$HOME' a$b %i x%%y"))
    shapes = [[type(part).__name__ for part in word.parts] for word in line.words[1:]]
    assert shapes == [
        ["Expansion"],
        ["Expansion"],
        ["Literal", "Expansion", "Literal"],
        ["Literal", "Literal"],
        ["Literal"],
        ["Substitution"],
        ["Literal", "Literal", "Literal"],
    ]
    options, port = line.words[1].parts[0], line.words[2].parts[0]
    assert isinstance(options, Expansion)
    assert isinstance(port, Expansion)
    assert (options.name, options.quoted, port.name, port.quoted) == ("OPTS", False, "PORT", True)
    assert [word.literal for word in line.words[4:6]] == ["$HOME", "a$b"]
    assert isinstance(line.words[6].parts[0], Substitution)
    assert line.words[7].literal == "x%y"


def test_a_colon_keeps_variables_as_they_are_written() -> None:
    (line,) = exec_lines(text_of(":/bin/a $OPTS ${PORT} $$"))
    assert [word.literal for word in line.words[1:]] == ["$OPTS", "${PORT}", "$$"]


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (r"\x41", "A"),
        (r"\101", "A"),
        (r"\u00e4", "ä"),
        (r"\s", " "),
        (r"\q", r"\q"),
        (r"\404", r"\404"),
        (r"\xa0", "\ufffd"),
    ],
)
def test_escapes_are_those_of_c_and_unknown_ones_stay(value: str, word: str) -> None:
    assert words(value) == [word]


@pytest.mark.parametrize("value", ["'a", 'b "c', "a'b"])
def test_an_open_quote_is_a_problem(value: str) -> None:
    with pytest.raises(SyntaxProblem):
        unit_words(text_of(value))


@settings(deadline=None, max_examples=150)
@given(st.text(st.sampled_from("ab=[]\\\n#; $%'\"\r\t"), max_size=60))
def test_any_file_is_read_and_places_hold_what_they_say(text: str) -> None:
    source = Source("x.service", text)
    for section in parse_unit(source).sections:
        assert section.span.text.strip() == section.span.text
        for setting in section.settings:
            assert setting.key.strip() in setting.span.text
            for character, offset in zip(setting.value.value, setting.value.offsets, strict=False):
                assert character == " " or text[offset] == character
            try:
                exec_lines(setting.value)
            except SyntaxProblem:
                continue


@pytest.mark.real
@pytest.mark.skipif(not LIBRARIES, reason="systemd is not installed")
@settings(deadline=None, max_examples=200)
@given(st.text(st.sampled_from("ab \t'\"\\xsn041;$"), max_size=30))
def test_words_are_those_of_libsystemd(value: str) -> None:
    ours: list[str] | None
    try:
        ours = words(value)
    except SyntaxProblem:
        ours = None
    assert ours == words_of_libsystemd(value)


def words_of_libsystemd(value: str) -> list[str] | None:
    """`extract_first_word` with the flags that ExecStart= uses; None when it refuses the line."""
    library = ctypes.CDLL(LIBRARIES[0])
    buffer = ctypes.create_string_buffer(value.encode())
    place = ctypes.c_void_p(ctypes.addressof(buffer))
    found: list[str] = []
    unescape, relaxed, unquote = 1 << 1, 1 << 2, 1 << 5
    for _ in range(100):
        before = place.value
        word = ctypes.c_char_p()
        result = library.extract_first_word(ctypes.byref(place), ctypes.byref(word), None, unescape | unquote)
        if result < 0:
            place = ctypes.c_void_p(before)
            result = library.extract_first_word(
                ctypes.byref(place), ctypes.byref(word), None, unescape | relaxed | unquote
            )
        if result < 0:
            return None
        if result == 0:
            return found
        found.append((word.value or b"").decode("utf-8", "replace"))
    raise AssertionError("libsystemd does not end")
