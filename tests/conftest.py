"""Options that all tests share."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-output", action="store_true", help="rewrite the `output` fences of the rules' pages")
