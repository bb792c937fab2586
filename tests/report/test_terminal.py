"""When colours are shown."""

import subprocess
import sys

import pytest

from prodlint.report import FORMATS, ColourChoice, Terminal, renderer, wants_colour


@pytest.mark.parametrize(
    ("environ", "on_terminal", "in_pipe"),
    [
        ({}, True, False),
        ({"TERM": "xterm"}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": "0"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": ""}, True, False),
        ({"CLICOLOR_FORCE": "1"}, True, True),
        ({"CLICOLOR_FORCE": "0"}, True, False),
        ({"CLICOLOR_FORCE": ""}, True, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1", "GITHUB_ACTIONS": "true"}, False, False),
        ({"GITHUB_ACTIONS": "true"}, True, True),
        ({"GITHUB_ACTIONS": "true", "TERM": "dumb"}, True, True),
        ({"GITHUB_ACTIONS": ""}, True, False),
    ],
)
def test_left_to_itself_the_environment_and_the_stream_decide(environ, on_terminal, in_pipe):
    assert wants_colour(ColourChoice.AUTO, environ, True) is on_terminal
    assert wants_colour(ColourChoice.AUTO, environ, False) is in_pipe


def test_an_explicit_choice_wins_over_everything():
    assert wants_colour(ColourChoice.ALWAYS, {"NO_COLOR": "1", "TERM": "dumb"}, False)
    assert not wants_colour(ColourChoice("never"), {"FORCE_COLOR": "1", "GITHUB_ACTIONS": "true"}, True)


def test_an_unknown_width_is_120_columns_and_a_tiny_one_40():
    assert [Terminal(width=width).columns for width in (None, 0, 39, 80)] == [120, 40, 40, 80]


def test_a_format_that_does_not_exist_is_a_key_error():
    assert set(FORMATS) >= {"text", "concise", "json"}
    with pytest.raises(KeyError):
        renderer("yaml")


def test_a_format_is_loaded_when_it_is_asked_for():
    code = "import sys, prodlint.report; print(any(name in sys.modules for name in prodlint.report.FORMATS.values()))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
