"""A finding keeps its fingerprint when lines move, and no two share one."""

from prodlint.finding import Finding
from prodlint.record import replace
from prodlint.report.fingerprint import fingerprints
from prodlint.source import Source, Span


def found(text: str, part: str, *, path: str = "Dockerfile", rule: str = "r", message: str = "m") -> Finding:
    source = Source(path, text)
    start = text.index(part)
    return Finding(Span(source, start, start + len(part)), message, rule=rule)


def key(*args: str, **kwargs: str) -> str:
    return fingerprints([found(*args, **kwargs)])[0]


PLAIN = key("FROM x\nCMD flask run\n", "flask run")


def test_it_stays_when_lines_move_indentation_changes_or_the_message_is_worded_anew():
    assert key("# new\n\n\nFROM x\nCMD flask run\nEXPOSE 1\n", "flask run") == PLAIN
    assert key("FROM x\n\tCMD   flask run  \r\n", "flask run") == PLAIN
    assert key("FROM x\nCMD flask run\n", "flask run", message="other") == PLAIN


def test_it_changes_with_the_rule_the_file_the_line_and_what_the_line_is_blamed_for():
    others = [
        key("FROM x\nCMD flask run\n", "flask run", rule="other"),
        key("FROM x\nCMD flask run\n", "flask run", path="other/Dockerfile"),
        key("FROM x\nCMD flask run --debug\n", "flask run"),
        key("FROM x\nCMD flask run\n", "CMD"),
    ]
    assert len({PLAIN, *others}) == 5


def test_findings_that_agree_in_all_are_counted():
    finding = found("a\na\n", "a")
    below = replace(finding, span=finding.span.source.line_span(2))
    first, second = fingerprints([finding, below])
    assert first != second
    assert fingerprints([below, finding]) == [first, second]


def test_a_long_span_counts_by_its_first_line():
    assert key("web:\n  a: 1\n  b: 2\n", "web:\n  a: 1\n") == key("web:\n  a: 5\n  c: 6\n", "web:\n  a: 5\n")
