"""Expressions of GitLab CI: answered for each way in which a pipeline is set off, unknown where nothing tells."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.deployment.pipeline import Occasion
from prodlint.deployment.releases.gitlab_expression import DEFAULT_BRANCH, holds
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer

MAIN = Occasion("push", "refs/heads/main", True)
OTHER = Occasion("push", "refs/heads/")
DEFAULT = Occasion("push", DEFAULT_BRANCH)
TAG = Occasion("push", "refs/tags/")
REVIEW = Occasion("merge_request_event", "refs/merge-requests/")
NIGHTLY = Occasion("schedule")
NAMES = frozenset(("main", "develop"))


@pytest.mark.parametrize(
    ("text", "occasion", "found"),
    [
        ('$CI_COMMIT_BRANCH == "main"', MAIN, YES),
        ("$CI_COMMIT_BRANCH == 'main'", OTHER, NO),
        ('$CI_COMMIT_BRANCH == "unheard"', OTHER, UNKNOWN),
        ('$CI_COMMIT_BRANCH == "main"', TAG, NO),
        ('$CI_COMMIT_BRANCH == "main"', REVIEW, NO),
        ('$CI_COMMIT_BRANCH == "main"', NIGHTLY, UNKNOWN),
        ('"main" == $CI_COMMIT_BRANCH', MAIN, YES),
        ("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", DEFAULT, YES),
        ("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", OTHER, NO),
        ("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", MAIN, UNKNOWN),
        ("$CI_COMMIT_BRANCH != $CI_DEFAULT_BRANCH", TAG, YES),
        ("$CI_COMMIT_TAG", TAG, YES),
        ("$CI_COMMIT_TAG", MAIN, NO),
        ("$CI_COMMIT_TAG", NIGHTLY, UNKNOWN),
        ("$CI_COMMIT_TAG == null", MAIN, YES),
        ("$CI_COMMIT_TAG != null && $CI_COMMIT_BRANCH", TAG, NO),
        ("$CI_COMMIT_TAG =~ /^v/", TAG, UNKNOWN),
        ("$CI_COMMIT_TAG =~ /^v/", MAIN, NO),
        ("$CI_COMMIT_TAG !~ /^v/", MAIN, YES),
        ("$CI_COMMIT_BRANCH =~ /^ma.n$/", MAIN, YES),
        ("$CI_COMMIT_BRANCH =~ /^MAIN$/", MAIN, NO),
        ("$CI_COMMIT_BRANCH =~ /^MAIN$/i", MAIN, YES),
        ("$CI_COMMIT_BRANCH =~ /^(main|develop)$/", MAIN, YES),
        ("$CI_COMMIT_BRANCH =~ /^(m+)+$/", MAIN, UNKNOWN),
        ("$CI_COMMIT_BRANCH =~ /\\Amain\\z/", MAIN, UNKNOWN),
        ("$CI_COMMIT_BRANCH =~ $PATTERN", MAIN, UNKNOWN),
        ('$CI_PIPELINE_SOURCE == "merge_request_event"', REVIEW, YES),
        ('$CI_PIPELINE_SOURCE == "merge_request_event"', MAIN, NO),
        ("$CI_MERGE_REQUEST_IID", REVIEW, YES),
        ("$CI_MERGE_REQUEST_IID", MAIN, NO),
        ('$CI_MERGE_REQUEST_TARGET_BRANCH_NAME == "main"', REVIEW, UNKNOWN),
        ("$DEPLOY", MAIN, UNKNOWN),
        ('$DEPLOY == "yes" && $CI_COMMIT_TAG', MAIN, NO),
        ('$DEPLOY == "yes" || $CI_COMMIT_BRANCH', MAIN, YES),
        ("$CI_COMMIT_BRANCH || $CI_COMMIT_TAG && $DEPLOY", MAIN, YES),
        ("($CI_COMMIT_BRANCH || $CI_COMMIT_TAG) && $CI_COMMIT_TAG", MAIN, NO),
        ("$CI_COMMIT_BRANCH ==", MAIN, UNKNOWN),
        ("$CI_COMMIT_BRANCH && (", MAIN, UNKNOWN),
        ("main", MAIN, UNKNOWN),
        ("", MAIN, UNKNOWN),
        ("(" * 90 + "$CI_COMMIT_BRANCH", MAIN, UNKNOWN),
        ("$CI_COMMIT_BRANCH && " * 5000 + "$CI_COMMIT_BRANCH", MAIN, UNKNOWN),
    ],
)
def test_an_expression_is_answered_by_what_sets_the_pipeline_off(text: str, occasion: Occasion, found: Answer) -> None:
    assert holds(text, occasion, NAMES) is found


# A small evaluator of what GitLab documents, over variables whose values are all known.
Values = dict[str, "str | None"]
BRANCHES = ("main", "develop", "feature/a", "release-1")
Tree = tuple[str, "Tree | str", "Tree | str"]
LEAVES = st.one_of(
    st.tuples(st.sampled_from(("==", "!=")), st.sampled_from(("BRANCH", "TAG")), st.sampled_from((*BRANCHES, "v1"))),
    st.tuples(st.sampled_from(("=~", "!~")), st.sampled_from(("BRANCH", "TAG")), st.sampled_from(("^v", "n$", "^fea"))),
    st.tuples(st.just("is"), st.sampled_from(("BRANCH", "TAG", "OWN")), st.just("")),
    st.tuples(st.just("null"), st.sampled_from(("BRANCH", "TAG")), st.just("")),
)
TREES = st.recursive(LEAVES, lambda inner: st.tuples(st.sampled_from(("&&", "||")), inner, inner), max_leaves=6)


def written(tree: Tree) -> str:
    kind, left, right = tree
    if kind in ("&&", "||"):
        assert not isinstance(left, str)
        assert not isinstance(right, str)
        return f"({written(left)}) {kind} ({written(right)})"
    name = f"$CI_COMMIT_{left}" if left != "OWN" else "$OWN"
    if kind in ("is", "null"):
        return name if kind == "is" else f"{name} == null"
    return f"{name} {kind} /{right}/" if "~" in kind else f'{name} {kind} "{right}"'


def computed(tree: Tree, values: Values) -> bool:
    kind, left, right = tree
    if kind in ("&&", "||"):
        assert not isinstance(left, str)
        assert not isinstance(right, str)
        both = (computed(left, values), computed(right, values))
        return all(both) if kind == "&&" else any(both)
    value = values[str(left)]
    if kind in ("is", "null"):
        return bool(value) if kind == "is" else value is None
    found = value == right if "=" in (kind[1], kind[0]) and "~" not in kind else re.search(str(right), value or "")
    return bool(found) is not kind.startswith("!")


@given(TREES, st.sampled_from(("main", "another", "a tag")), st.sampled_from((None, "", "yes")))
@settings(max_examples=100, deadline=None)
def test_what_is_answered_is_what_holds_for_every_ref_of_the_occasion(tree: Tree, which: str, own: str | None) -> None:
    occasion, refs = {
        "main": (MAIN, ("main",)),
        "another": (OTHER, ("feature/a", "release-1", "x", "van")),
        "a tag": (TAG, ("v1", "2.0", "plan")),
    }[which]
    found = holds(written(tree), occasion, NAMES)
    for ref in refs:
        values: Values = {"BRANCH": None, "TAG": None, "OWN": own}
        values["TAG" if which == "a tag" else "BRANCH"] = ref
        assert found is UNKNOWN or (found is YES) is computed(tree, values)
    if which == "main" and "$OWN" not in written(tree):
        assert found is not UNKNOWN
