"""Numbers that are computed from the CPUs of the machine: what they are called, and what they are at least."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.deployment.servers.concurrency import processes_of
from prodlint.deployment.servers.server import Server
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, PerCpu, is_several

Serve = Callable[..., Server]
_HEAD = "import multiprocessing, os\nfrom os import cpu_count\n"


@pytest.mark.parametrize(
    ("expression", "formula", "several"),
    [
        ("multiprocessing.cpu_count()", "CPUs", UNKNOWN),
        ("multiprocessing.cpu_count() * 2 + 1", "CPUs × 2 + 1", YES),
        ("2 * cpu_count() + 1", "CPUs × 2 + 1", YES),
        ("(os.cpu_count() or 1) + 1", "CPUs + 1", YES),
        ("(cpu_count() + 1) * 2", "(CPUs + 1) × 2", YES),
        ("int(cpu_count() * 1.5)", "CPUs × 1.5", UNKNOWN),
        ("len(os.sched_getaffinity(0)) * 2 + 1", "CPUs × 2 + 1", YES),
        ("cpu_count() // 2", "CPUs / 2", UNKNOWN),
        ("cpu_count() - 1", "CPUs - 1", UNKNOWN),
        ("max(cpu_count(), 2)", "CPUs, at least 2", YES),
        ("min(cpu_count() * 2 + 1, 4)", "CPUs × 2 + 1, at most 4", YES),
        ("min([cpu_count(), 12])", "CPUs, at most 12", UNKNOWN),
        ("max(cpu_count() * 2, 2)", "CPUs × 2", YES),
    ],
)
def test_workers_by_the_cpus_have_a_formula(serve: Serve, expression: str, formula: str, several: Answer) -> None:
    server = serve("gunicorn app:app", {"gunicorn.conf.py": f"{_HEAD}workers = {expression}\n"})
    value = server.settings.value("workers")
    assert isinstance(value, PerCpu)
    assert (value.formula, is_several(processes_of(server))) == (formula, several)


@pytest.mark.parametrize(
    ("expression", "number"),
    [
        ("min(cpu_count(), 1)", 1),
        ("min(max(int(cpu_count()), 2), 1)", 1),
        ("min(cpu_count() * 2 + 1, 3)", 3),
        ("max(min(cpu_count(), 4), 4)", 4),
        ("max(min(cpu_count(), 4), 6)", 6),
    ],
)
def test_limits_that_leave_one_number_are_that_number(serve: Serve, expression: str, number: int) -> None:
    server = serve("gunicorn app:app", {"gunicorn.conf.py": f"{_HEAD}workers = {expression}\n"})
    assert server.settings.known("workers") == number


@pytest.mark.parametrize(
    "expression",
    [
        "int(os.environ.get('WORKERS', cpu_count() * 2))",
        "int(os.getenv('WORKERS') or cpu_count() * 2)",
        "int(os.environ['WORKERS']) if 'WORKERS' in os.environ else cpu_count() * 2",
    ],
)
def test_a_variable_comes_before_the_cpus(serve: Serve, expression: str) -> None:
    files = {"gunicorn.conf.py": f"{_HEAD}workers = {expression}\n"}
    value = serve("gunicorn app:app", files).settings.value("workers")
    assert isinstance(value, EnvDriven)
    assert (value.name, str(value.default)) == ("WORKERS", "CPUs × 2")
    assert is_several(processes_of(serve("gunicorn app:app", files))) is UNKNOWN
    assert is_several(processes_of(serve("gunicorn app:app", files, WORKERS="1"))) is NO


@pytest.mark.parametrize("line", ["f'{cpu_count()}0'", "str(cpu_count())", "cpu_count() ** 2", "-cpu_count()"])
def test_what_is_not_followed_is_unknown(serve: Serve, line: str) -> None:
    server = serve("gunicorn app:app", {"gunicorn.conf.py": f"{_HEAD}workers = {line}\n"})
    assert is_several(processes_of(server)) is UNKNOWN


@pytest.mark.parametrize(
    ("word", "formula", "several"),
    [
        ("$(nproc)", "CPUs", UNKNOWN),
        ('"$(nproc --all)"', "CPUs", UNKNOWN),
        ("`nproc`", "CPUs", UNKNOWN),
        ("$((2 * $(nproc) + 1))", "CPUs × 2 + 1", YES),
        ("$(( $(nproc) * 2 ))", "CPUs × 2", YES),
        ("$(nproc | head -1)", "", UNKNOWN),
        ("$(cat workers)", "", UNKNOWN),
    ],
)
def test_the_shell_counts_the_cpus_too(serve: Serve, word: str, formula: str, several: Answer) -> None:
    server = serve(f"gunicorn --workers {word} app:app")
    assert getattr(server.settings.value("workers"), "formula", "") == formula
    assert is_several(processes_of(server)) is several


_NUMBERS = st.integers(1, 9).map(str)
_EXPRESSIONS = st.recursive(
    st.just("cpu_count()"),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["*", "+", "-", "//"]), _NUMBERS).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(st.sampled_from(["min", "max"]), inner, _NUMBERS).map(
            lambda parts: f"{parts[0]}({parts[1]}, {parts[2]})"
        ),
        inner.map(lambda one: f"int({one} * 1.5)"),
    ),
    max_leaves=4,
)


@given(_EXPRESSIONS, st.integers(1, 128))
@settings(deadline=None, max_examples=60)
def test_what_python_computes_lies_within_the_bounds(serve: Serve, expression: str, cpus: int) -> None:
    computed = eval(expression, {"cpu_count": lambda: cpus, "min": min, "max": max, "int": int})
    value = serve("gunicorn app:app", {"gunicorn.conf.py": f"{_HEAD}threads = {expression}\n"}).settings.value(
        "threads"
    )
    if isinstance(value, PerCpu):
        assert value.least <= computed
        assert value.most is None or computed <= value.most
