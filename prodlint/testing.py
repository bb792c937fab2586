"""Check one rule on a project that is written as text: for the tests of rules and of plugins.

A page of cases is Markdown. A fence with a title is a file; the marker `# <- rule-name` (`// <-
rule-name` in JSON) at the end of a line says that the rule must be flagged there, and is cut off
before the file is written. A case without a marker must not be flagged at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prodlint.finding import Finding, Safety
from prodlint.fix import settle
from prodlint.inspection import Policy, inspect
from prodlint.record import Record, field
from prodlint.regex import regex
from prodlint.report import Terminal
from prodlint.report.text import render_finding
from prodlint.rule import Rule, RuleFunction
from prodlint.tree import MemoryTree

__all__ = ["Case", "cases_of", "check_case", "check_project", "example_cases", "fixed", "rendered", "rule_of"]

_FENCE = regex(r'^(?P<marks>`{3,})(?P<language>\w*)(?:[ \t]+title="(?P<title>[^"]+)")?[ \t]*$')
_MARKER = regex(r"[ \t]*(?:#|//) <- ([a-z0-9-]+)[ \t]*$")
_HEADING = regex(r"^#{2,} +(.+?)\s*$")


class Case(Record):
    """One project with what must be flagged in it: (path, line, rule) of each marker.

    `output` is the pinned rendering of its findings, None without one. A `known_miss` case records
    a fault that is not found; it fails when it starts to be.
    """

    name: str
    files: Mapping[str, str]
    expected: tuple[tuple[str, int, str], ...] = ()
    output: str | None = None
    known_miss: bool = False
    options: Mapping[str, object] = field(default_factory=dict)


def rule_of(function: RuleFunction) -> Rule:
    """What `@rule` made of a function."""
    described = getattr(function, "__prodlint_rule__", None)
    if not isinstance(described, Rule):
        raise TypeError(f"{function!r} is not a rule: put @rule above it")
    return described


def check_project(
    files: Mapping[str, str | bytes], rules: Iterable[Rule | RuleFunction], options: Mapping[str, object] | None = None
) -> tuple[Finding, ...]:
    """The findings of some rules on a project in memory. What a rule raises is raised."""
    chosen = [one if isinstance(one, Rule) else rule_of(one) for one in rules]
    policy = Policy(options=options or {}, known_rules=frozenset(one.name for one in chosen))
    result = inspect(MemoryTree(files), chosen, policy)
    for crash in result.crashes:
        raise crash.cause
    return result.triaged.findings


def fixed(
    files: Mapping[str, str | bytes], rules: Iterable[Rule | RuleFunction], options: Mapping[str, object] | None = None
) -> dict[str, str | bytes]:
    """A project in memory once every fix of some rules is applied, the unsafe ones among them.

    Raises AssertionError where a fix cannot be applied.
    """
    chosen = tuple(rules)
    content = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}

    def look(changed: Mapping[str, bytes]) -> tuple[None, Iterable[Finding], Callable[[str], bytes | None]]:
        now = {**content, **changed}
        return None, check_project(now, chosen, options), now.get

    outcome, _ = settle(look, (Safety.SAFE, Safety.UNSAFE), lambda path, read: None)
    if outcome.refused or outcome.is_unfinished:
        raise AssertionError("; ".join(one.reason for one in outcome.refused) or "the fixes go on without end")
    return {
        path: outcome.after[path].decode() if path in outcome.after and isinstance(text, str) else text
        for path, text in files.items()
    }


def check_case(case: Case, rules: Iterable[Rule | RuleFunction]) -> str:
    """What is wrong with a case: an empty string when the rules flag just what its markers say."""
    found = {(one.path, one.span.line, one.rule) for one in check_project(dict(case.files), rules, case.options)}
    expected = set(case.expected)
    if case.known_miss:
        return "" if not found else f"the known miss is found now, at {_listed(found)}: mark it as a case of its own"
    problems = []
    if missing := expected - found:
        problems.append(f"not flagged: {_listed(missing)}")
    if extra := found - expected:
        problems.append(f"flagged without reason: {_listed(extra)}")
    return "; ".join(problems)


def _listed(places: Iterable[tuple[str, int, str]]) -> str:
    return ", ".join(f"{path}:{line} {rule}" for path, line, rule in sorted(places))


def rendered(case: Case, rules: Iterable[Rule | RuleFunction]) -> str:
    """The findings of a case as the text format prints them, without its closing lines."""
    findings = check_project(dict(case.files), rules, case.options)
    return "\n\n".join(render_finding(finding, Terminal(width=100)).rstrip() for finding in findings) + "\n"


def cases_of(markdown: str) -> tuple[Case, ...]:
    """The cases of a page: one for each heading that holds files."""
    cases = []
    for heading, lines in _sections(markdown):
        files, expected, output = _files(lines)
        if files:
            cases.append(Case(heading, files, tuple(expected), output, "known-miss" in heading))
    return tuple(cases)


def example_cases(page: str) -> tuple[Case, Case]:
    """A rule's own page: the project that must be flagged, and the one to use instead."""
    section = next((lines for heading, lines in _sections(page) if heading == "Example"), None)
    if section is None:
        raise ValueError('the page has no heading "Example"')
    cut = next((index for index, line in enumerate(section) if line.strip() == "Use instead:"), None)
    if cut is None:
        raise ValueError('the example has no line "Use instead:"')
    bad, expected, output = _files(section[:cut])
    good, unexpected, _ = _files(section[cut:])
    return Case("Example", bad, tuple(expected), output), Case("Use instead", good, tuple(unexpected))


def _sections(markdown: str) -> list[tuple[str, list[str]]]:
    sections: list[tuple[str, list[str]]] = [("", [])]
    fence = ""
    for line in markdown.splitlines():
        opened = _FENCE.match(line)
        if fence:
            fence = "" if line.strip() == fence else fence
        elif opened:
            fence = opened["marks"]
        elif heading := _HEADING.match(line):
            sections.append((heading[1], []))
            continue
        sections[-1][1].append(line)
    return sections


def _files(lines: list[str]) -> tuple[dict[str, str], list[tuple[str, int, str]], str | None]:
    files: dict[str, str] = {}
    expected: list[tuple[str, int, str]] = []
    output: str | None = None
    index = 0
    while index < len(lines):
        opened = _FENCE.match(lines[index])
        index += 1
        if opened is None:
            continue
        body: list[str] = []
        while index < len(lines) and lines[index].strip() != opened["marks"]:
            body.append(lines[index])
            index += 1
        index += 1
        if opened["language"] == "output":
            output = "".join(f"{line}\n" for line in body)
        elif opened["title"]:
            written = []
            for number, line in enumerate(body, 1):
                while marker := _MARKER.search(line):
                    expected.append((opened["title"], number, marker[1]))
                    line = line[: marker.start()]
                written.append(line)
            files[opened["title"]] = "".join(f"{line}\n" for line in written)
    return files, expected, output
