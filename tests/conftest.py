"""Options that all tests share."""

import pytest

# The repositories of test_projects.py have tests of their own, which are not ours to run.
collect_ignore = ["projects"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-output", action="store_true", help="rewrite the expected output of rules and projects")
