"""Settings files by chance, run by real Python: whatever static evaluation calls known must be what it computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from modules_by_chance import OUTSIDE, VALUES, VARIABLES, Program
from real_python import RealPython, differences

from prodlint.deployment.condition import NOWHERE, Lookup, from_outside
from prodlint.deployment.evaluation.interpreter import Namespace, namespace
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import Known, Unknown

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def python() -> Iterator[RealPython]:
    real = RealPython()
    yield real
    real.close()


def _evaluated(files: Mapping[str, str], lookup: Lookup) -> Namespace:
    repository = Repository(files, lambda path: files[path].encode())
    return namespace(repository, ("",), "shop/settings.py", lookup)


def _exactly(environment: Mapping[str, str]) -> Lookup:
    return lambda name: Known(environment[name], NOWHERE) if name in environment else None


_environments = st.dictionaries(st.sampled_from(VARIABLES), st.sampled_from(VALUES), max_size=3)
_seeds = st.lists(st.integers(0, 1 << 40), min_size=1, max_size=9)
_STARS = (
    "from .base import *",
    "from shop.base import *",
    "from . import base\nfrom .base import *\nbase.L1.append(9)",
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(seeds=_seeds, environment=_environments, seed=st.integers(0, 9))
def test_what_is_known_of_a_module_is_what_python_computes(
    python: RealPython, seeds: list[int], environment: dict[str, str], seed: int
) -> None:
    files = {"shop/__init__.py": "", "shop/settings.py": Program(seeds).text}
    outside = OUTSIDE.replace("SEED", str(seed))
    real = python.run({**files, "outside.py": outside}, "shop.settings", environment)
    open_names, closed_names = _evaluated(files, from_outside), _evaluated(files, _exactly(environment))
    for name in real:
        value = open_names.get(name)
        assert not isinstance(value, Unknown) or "cannot be evaluated" not in value.reason
    if isinstance(real, str):
        return
    assert differences(open_names, real, environment) == []
    assert differences(closed_names, real, environment) == []


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(base=_seeds, seeds=_seeds, first=st.sampled_from(_STARS), environment=_environments)
def test_what_is_known_of_a_module_that_imports_another_is_what_python_computes(
    python: RealPython, base: list[int], seeds: list[int], first: str, environment: dict[str, str]
) -> None:
    text = Program(seeds[:5], [first]).text
    files = {"shop/__init__.py": "", "shop/base.py": Program(base).text, "shop/settings.py": text}
    real = python.run({**files, "outside.py": OUTSIDE.replace("SEED", "1")}, "shop.settings", environment)
    names = _evaluated(files, _exactly(environment))
    if isinstance(real, dict):
        assert differences(names, real, environment) == []


def test_most_of_a_module_without_secrets_is_known(python: RealPython) -> None:
    known = total = 0
    for seed in range(20):
        text = Program(range(seed, seed + 5)).text
        environment = {"HOSTS": "a,b"}
        files = {"shop/__init__.py": "", "shop/settings.py": text}
        real = python.run({**files, "outside.py": OUTSIDE.replace("SEED", "1")}, "shop.settings", environment)
        if isinstance(real, dict):
            names = _evaluated(files, _exactly(environment))
            shown = [name for name in real if real[name][0] not in ("other", "type", "function")]
            total += len(shown)
            known += sum(isinstance(names[name], Known) for name in shown)
    assert known > total * 0.6
