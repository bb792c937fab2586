"""What all tests share: their options, their order, and how many processes run them."""

import os
from typing import NoReturn

import pytest

from prodlint.deployment.value import EnvDriven, Known

# The repositories of test_projects.py have tests of their own, which are not ours to run.
collect_ignore = ["projects"]


def _refuse(value: Known[object] | EnvDriven[object]) -> NoReturn:
    raise TypeError(f"a value was asked for its truth, which one that is unknown has not: {value!r}")


# `value or other` raises for a value that is unknown, and in tests for any: few of them hold one that is.
Known.__bool__ = EnvDriven.__bool__ = _refuse  # type: ignore[attr-defined]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-output", action="store_true", help="rewrite the expected output of rules and projects")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """The processes of `-n auto`: one more than there are CPUs, as tests wait for servers a third of their time."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What installs packages comes first: nothing takes longer, and all processes but one would wait for it."""
    items.sort(key=lambda item: item.get_closest_marker("installs") is None)
