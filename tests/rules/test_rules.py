"""Every rule's page and cases are its tests: flagged where they say so, and nowhere else."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from prodlint.engine import built_in_rules
from prodlint.rule import Rule
from prodlint.testing import Case, cases_of, check_case, check_project, example_cases, fixed, rendered

RULES = built_in_rules()
PAGES = Path(__file__).parent
# What one file alone tells: these have no second half.
SINGLE_FILE = frozenset(
    {
        "single-quoted-exec-form",
        "startup-handlers-ignored",
        "error-tracker-samples-everything",
        "print-instead-of-logging",
    }
)
_OUTPUT = re.compile(r"(?ms)^```output\n.*?^```$")


def page_of(rule: Rule) -> Path:
    return PAGES / rule.family / f"{rule.name}.md"


def joins_files(rule: Rule) -> bool:
    return rule.family in ("serving", "observability") and rule.name not in SINGLE_FILE


def is_joined(case: Case, rule: Rule) -> bool:
    """Whether a finding of a case rests on two files."""
    found = check_project(dict(case.files), [rule], case.options)
    return any({one.span.path, *(hop.span.path for hop in one.evidence)} != {one.span.path} for one in found)


def is_twin(*pair: Case) -> bool:
    """Whether a case that is clean differs in one line from one that is flagged."""
    case, twin = pair
    lines, others = ([line for _, text in sorted(one.files.items()) for line in text.split("\n")] for one in pair)
    different = sum(line != other for line, other in zip(lines, others, strict=False))
    return not twin.expected and case.files.keys() == twin.files.keys() and len(lines) == len(others) and different == 1


def all_cases() -> list[object]:
    return [
        pytest.param(rule, case, id=f"{rule.name}: {case.name}")
        for rule in RULES
        for case in (*example_cases(rule.page), *cases_of(page_of(rule).read_text(encoding="utf-8")))
    ]


@pytest.mark.parametrize(("rule", "case"), all_cases())
def test_a_rule_flags_what_its_cases_mark_and_nothing_else(rule: Rule, case: Case) -> None:
    assert check_case(case, [rule]) == ""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_has_three_traps_and_a_pinned_rendering(rule: Rule) -> None:
    cases = cases_of(page_of(rule).read_text(encoding="utf-8"))
    assert sum(not case.expected and not case.known_miss for case in cases) >= 3
    assert any(case.output is not None for case in cases)


@pytest.mark.parametrize("rule", [rule for rule in RULES if joins_files(rule)], ids=lambda rule: rule.name)
def test_a_rule_that_joins_files_has_a_twin_of_one_line(rule: Rule) -> None:
    cases = cases_of(page_of(rule).read_text(encoding="utf-8"))
    pairs = [(case, twin) for case, twin in pairwise(cases) if twin.name.endswith(" (twin)")]
    assert any(is_joined(case, rule) and is_twin(case, twin) for case, twin in pairs)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_example_is_flagged_and_what_to_use_instead_is_not(rule: Rule) -> None:
    bad, good = example_cases(rule.page)
    assert bad.expected
    assert not good.expected


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.fixes], ids=lambda rule: rule.name)
def test_fixing_the_example_yields_what_to_use_instead(rule: Rule) -> None:
    bad, good = example_cases(rule.page)
    assert fixed(bad.files, [rule], bad.options) == good.files


@pytest.mark.parametrize(("rule", "case"), all_cases())
def test_a_fixed_case_has_no_fix_left_and_what_was_fixed_is_no_more_flagged(rule: Rule, case: Case) -> None:
    found = check_project(dict(case.files), [rule], case.options)
    offered = [one for one in found if one.fix is not None and one.fix.edits]
    after = fixed(case.files, [rule], case.options)
    assert (after == case.files) == (not offered)
    if not offered:
        return
    left = check_project(after, [rule], case.options)
    assert not [one for one in left if one.fix is not None and one.fix.edits]
    assert len(left) == len(found) - len(offered)
    assert fixed(after, [rule], case.options) == after


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_offers_the_fixes_that_it_declares(rule: Rule) -> None:
    cases = (*example_cases(rule.page), *cases_of(page_of(rule).read_text(encoding="utf-8")))
    found = [one for case in cases for one in check_project(dict(case.files), [rule], case.options)]
    assert {one.fix.safety for one in found if one.fix is not None} == set(rule.fixes)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_findings_are_rendered_as_their_page_shows(rule: Rule, request: pytest.FixtureRequest) -> None:
    path = page_of(rule)
    text = path.read_text(encoding="utf-8")
    for case in cases_of(text):
        if case.output is None:
            continue
        output = rendered(case, [rule])
        if request.config.getoption("--update-output"):
            start = text.index(f"## {case.name}\n")
            fence = _OUTPUT.search(text, start)
            assert fence is not None
            text = text[: fence.start()] + f"```output\n{output}```" + text[fence.end() :]
            path.write_text(text, encoding="utf-8")
        else:
            assert output == case.output
