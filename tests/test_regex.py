"""Expressions that are compiled when they are first used."""

from __future__ import annotations

import re

import pytest

from prodlint.regex import compiled_on_first_use, regex


def test_it_is_what_re_would_have_compiled() -> None:
    lazy = regex(r"(\w+)=(?P<value>\w*)", re.IGNORECASE)
    compiled = re.compile(r"(\w+)=(?P<value>\w*)", re.IGNORECASE)
    assert lazy.findall("a=b c=") == compiled.findall("a=b c=")
    assert (lazy.pattern, lazy.flags, lazy.groupindex) == (compiled.pattern, compiled.flags, compiled.groupindex)


def test_a_malformed_expression_raises_when_it_is_used() -> None:
    wrong = regex("(")
    with pytest.raises(re.error):
        wrong.match("")


def test_what_is_compiled_within_waits_and_nothing_stays_changed() -> None:
    compiling = re.compile
    with compiled_on_first_use():
        waiting = re.compile("(")
        right = re.compile("a+")
    assert re.compile is compiling
    assert right.sub("b", "caat") == "cbt"
    with pytest.raises(re.error):
        waiting.match("")
    with pytest.raises(ValueError, match="inside"), compiled_on_first_use():
        raise ValueError("inside")
    assert re.compile is compiling
