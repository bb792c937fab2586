"""When jobs of GitLab CI run: `rules`, `only`, `except` and `when`, on each way in which the pipeline is set off.

Sources: GitLab, "CI/CD YAML syntax reference" (rules, workflow, when) and "Deprecated keywords" (only, except): the
first rule that matches decides, a job that none matches is not added, a job without rules is for branches and tags.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.pipeline import Condition, Occasion
from prodlint.deployment.releases.gitlab_expression import (
    DEFAULT_BRANCH,
    MERGE_REQUEST,
    holds,
    literals_of,
    matches,
)
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, answer
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence

__all__ = ["Asked", "When", "condition_of", "occasions_of", "rules_of"]

_BRANCH_VARIABLES = ("$CI_COMMIT_BRANCH", "$CI_COMMIT_REF_NAME")
_NAME = regex(r"[\w./-]{1,100}")
_MOST_NAMES = 20
_MOST_RULES = 200
_MOST_SHOWN = 3
_DEEPEST = 10
# Keywords of `only` and `except`, and the source of the pipelines that they are for.
_SOURCES = {
    "api": "api",
    "chat": "chat",
    "external": "external",
    "external_pull_requests": "external_pull_request_event",
    "merge_requests": MERGE_REQUEST,
    "pipelines": "pipeline",
    "pushes": "push",
    "schedules": "schedule",
    "triggers": "trigger",
    "web": "web",
}
_TOLD = {MERGE_REQUEST: "merge request", "web": "by hand", "trigger": "by a trigger token", "api": "by the API"}
_ADDED, _BY_HAND, _AFTER_FAILURE, _LEFT_OUT = "added", "by hand", "after a failure", "left out"
_WORDS = {_BY_HAND: "somebody starts it", _AFTER_FAILURE: "something failed before"}


class When(Record):
    """One rule: what it asks for, its files that must be there or have changed, and what it makes of its job."""

    written: str
    exists: Answer
    has_changes: bool
    changes: str
    outcome: str


class Asked(Record):
    """All that decides whether a job runs: its rules, None without any; else the refs of `only` and `except`."""

    rules: tuple[When, ...] | None
    only: tuple[str, ...] | None
    left_out: tuple[str, ...]
    is_open: bool
    outcome: str

    @property
    def expressions(self) -> tuple[str, ...]:
        return tuple(rule.written for rule in self.rules or ())

    @property
    def is_told(self) -> bool:
        return self.rules is not None or self.only is not None or bool(self.left_out) or self.is_open


def rules_of(
    rules: Node | None,
    only: Node | None,
    without: Node | None,
    when: Node | None,
    entries: dict[str, Node],
    paths: frozenset[str],
) -> Asked:
    """What a job, or the whole pipeline, asks for. `paths` are the files of the repository."""
    outcome = _outcome(when)
    found: tuple[When, ...] | None = None
    if isinstance(rules, Sequence) and rules.items:
        found = tuple(_rules(rules, entries, paths, outcome, 0))[:_MOST_RULES]
        return Asked(found, None, (), False, outcome)
    wanted, left_out = _refs(only), _refs(without)
    # Files, variables and clusters that `only` and `except` may ask for beside the refs are not looked at.
    is_open = rules is not None and not isinstance(rules, Sequence)
    is_open = is_open or any(isinstance(one, Mapping) and set(one.keys()) - {"refs"} for one in (only, without))
    return Asked(None, wanted, left_out or (), is_open, outcome)


def _rules(node: Sequence, entries: dict[str, Node], paths: frozenset[str], usual: str, depth: int) -> Iterator[When]:
    if node.tag.endswith("reference"):
        names = [one.value for one in node.items if isinstance(one, Scalar)]
        held: Node | None = entries.get(names[0]) if names else None
        for name in names[1:]:
            held = held.get(name) if isinstance(held, Mapping) else None
        if isinstance(held, Sequence) and depth < _DEEPEST:
            yield from _rules(held, entries, paths, usual, depth + 1)
        else:
            yield When("rules that are not in this repository", YES, False, "", _ADDED)
        return
    for item in node.items:
        if isinstance(item, Sequence) and depth < _DEEPEST:
            yield from _rules(item, entries, paths, usual, depth + 1)
        elif isinstance(item, Mapping):
            asked, when = item.get("if"), item.get("when")
            changes = item.get("changes")
            changed = changes.get("paths") if isinstance(changes, Mapping) else changes
            yield When(
                asked.value.strip() if isinstance(asked, Scalar) else "",
                _exist(item.get("exists"), paths),
                changes is not None,
                _shown(tuple(_texts(changed))),
                usual if when is None else _outcome(when),
            )


def _outcome(when: Node | None) -> str:
    written = when.value if isinstance(when, Scalar) else "on_success"
    return {"manual": _BY_HAND, "never": _LEFT_OUT, "on_failure": _AFTER_FAILURE}.get(written, _ADDED)


def _exist(node: Node | None, paths: frozenset[str]) -> Answer:
    """`exists`: one of the files is enough."""
    if node is None:
        return YES
    names = tuple(_texts(node))
    if isinstance(node, Mapping) or not names or len(names) > _MOST_RULES:
        return UNKNOWN
    if any(name.removeprefix("/") in paths for name in names):
        return YES
    return NO if all(_NAME.fullmatch(name) and not name.endswith("/") for name in names) else UNKNOWN


def _texts(node: Node | None) -> Iterator[str]:
    if isinstance(node, Scalar) and not node.is_null:
        yield node.value
    elif isinstance(node, Sequence):
        for item in node.items:
            if isinstance(item, Scalar):
                yield item.value


def _refs(node: Node | None) -> tuple[str, ...] | None:
    if node is None:
        return None
    held = node.get("refs") if isinstance(node, Mapping) else node
    return tuple(_texts(held)) or None


def occasions_of(whole: Asked, asked: tuple[Asked, ...]) -> tuple[tuple[Occasion, ...], frozenset[str]]:
    """All ways in which a pipeline may be set off, those that its jobs tell apart each by itself.

    With them the branches that are told apart, those for which no pipeline is made among them. A pipeline whose jobs
    ask for nothing is set off by any push.
    """
    every = (whole, *asked)
    if not any(one.is_told for one in every):
        return (Occasion("push", told="push"),), frozenset()
    expressions = [text for one in every for text in one.expressions]
    refs = [ref for one in every for ref in (*(one.only or ()), *one.left_out)]
    named = [name for text in expressions for name in literals_of(text, _BRANCH_VARIABLES)]
    named += [ref for ref in refs if ref not in _SOURCES and ref not in ("branches", "tags")]
    names = tuple(dict.fromkeys(name for name in named if _NAME.fullmatch(name)))[:_MOST_NAMES]
    sources = {source for text in expressions for source in literals_of(text, ("$CI_PIPELINE_SOURCE",))}
    sources |= {_SOURCES[ref] for ref in refs if ref in _SOURCES}
    if any("$CI_MERGE_REQUEST_" in text for text in expressions):
        sources.add(MERGE_REQUEST)
    has_default = any("$CI_DEFAULT_BRANCH" in text for text in expressions)
    found = [Occasion("push", f"refs/heads/{name}", True, f"push to {name}") for name in names]
    found += [Occasion("push", DEFAULT_BRANCH, False, "push to the default branch")] if has_default else []
    found.append(Occasion("push", "refs/heads/", False, "push to another branch" if found else "push to a branch"))
    found.append(Occasion("push", "refs/tags/", False, "push of a tag"))
    for source in sorted(sources - {"push"}):
        if _NAME.fullmatch(source):
            ref = "refs/merge-requests/" if source == MERGE_REQUEST else ""
            found.append(Occasion(source, ref, False, _TOLD.get(source, source)))
    named_ones = frozenset(names)
    return tuple(one for one in found if _outcomes(whole, one, named_ones, True) != {_LEFT_OUT}), named_ones


def condition_of(asked: Asked, occasions: tuple[Occasion, ...], names: frozenset[str]) -> Condition:
    """On which occasions a job is in its pipeline, and runs without somebody who starts it."""
    outcomes = [(one, _outcomes(asked, one, names, False)) for one in occasions]
    may = tuple(one for one, found in outcomes if found != {_LEFT_OUT})
    does = tuple(one for one, found in outcomes if found == {_ADDED})
    by_hand = tuple(one for one, found in outcomes if found in ({_BY_HAND}, {_BY_HAND, _ADDED}))
    return Condition(_told(asked), may, does, by_hand)


def _outcomes(asked: Asked, occasion: Occasion, names: frozenset[str], is_whole: bool) -> set[str]:
    """Everything that may become of a job on an occasion."""
    if asked.rules is None:
        found = UNKNOWN if asked.is_open else YES
        wanted = asked.only or (() if is_whole else ("branches", "tags"))
        for_it = _any_ref(wanted, occasion, names) if wanted else YES
        left_out = _any_ref(asked.left_out, occasion, names)
        if for_it is NO or (left_out is YES and not asked.is_open):
            return {_LEFT_OUT}
        sure = for_it is YES and left_out is NO and found is YES
        return {asked.outcome} if sure else {asked.outcome, _LEFT_OUT}
    outcomes: set[str] = set()
    for rule in asked.rules:
        matched = _matched(rule, occasion, names)
        if matched is not NO:
            outcomes.add(rule.outcome)
        if matched is YES:
            return outcomes
    return {*outcomes, _LEFT_OUT}


def _matched(rule: When, occasion: Occasion, names: frozenset[str]) -> Answer:
    """All that a rule asks for must hold; which files change is not known."""
    found = holds(rule.written, occasion, names) if rule.written else YES
    if found is NO or rule.exists is NO:
        return NO
    return YES if found is YES and rule.exists is YES and not rule.has_changes else UNKNOWN


def _any_ref(refs: tuple[str, ...], occasion: Occasion, names: frozenset[str]) -> Answer:
    found = NO
    for ref in refs:
        one = _ref(ref, occasion, names)
        if one is YES:
            return YES
        found = UNKNOWN if one is UNKNOWN else found
    return found


def _ref(ref: str, occasion: Occasion, names: frozenset[str]) -> Answer:
    """One of `only` or `except`: a keyword, a branch or tag by its name, or a pattern of one."""
    is_open = not occasion.ref or not occasion.event
    if ref in _SOURCES:
        return answer(_SOURCES[ref] == occasion.event) if occasion.event else UNKNOWN
    if ref in ("branches", "tags"):
        folder = "refs/heads/" if ref == "branches" else "refs/tags/"
        return UNKNOWN if is_open else answer(occasion.ref.startswith(folder))
    if occasion.event == MERGE_REQUEST:
        return NO
    if occasion.is_whole:
        name = occasion.ref.removeprefix("refs/heads/")
        return matches(ref, name) if ref.startswith("/") else answer(ref == name) if _NAME.fullmatch(ref) else UNKNOWN
    is_other = occasion.ref in ("refs/heads/", "refs/tags/") and ref in names
    return NO if is_other else UNKNOWN


def _told(asked: Asked) -> str:
    """What decides about a job, for people."""
    if asked.rules is None:
        told = [f"it is for {_shown(asked.only)}"] if asked.only else []
        told += [f"not for {_shown(asked.left_out)}"] if asked.left_out else []
        told += ["what else it asks for holds"] if asked.is_open else []
        told += [_WORDS[asked.outcome]] if asked.outcome in _WORDS else []
        return " and ".join(told)
    adding = [_rule(rule) for rule in asked.rules if rule.outcome != _LEFT_OUT]
    never = [_rule(rule) for rule in asked.rules if rule.outcome == _LEFT_OUT and (rule.written or rule.has_changes)]
    told = [" or ".join(dict.fromkeys(one for one in adding if one))]
    told += [f"not {' or '.join(f'({one})' for one in dict.fromkeys(never))}"] if never else []
    return " and ".join(one for one in told if one)


def _rule(rule: When) -> str:
    told = [rule.written] if rule.written else []
    told += ["a file is there"] if rule.exists is UNKNOWN else []
    told += [f"{rule.changes or 'a file'} changes"] if rule.has_changes else []
    told += [_WORDS[rule.outcome]] if rule.outcome in _WORDS else []
    return " and ".join(told)


def _shown(names: tuple[str, ...]) -> str:
    more = f" or {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return " or ".join(names[:_MOST_SHOWN]) + more
