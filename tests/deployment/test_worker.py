"""Workers and schedulers: what their command tells them."""

import pytest

from prodlint.deployment import Service
from prodlint.deployment.process import Role
from prodlint.deployment.servers.worker_settings import Worker
from prodlint.deployment.value import Unknown
from prodlint.inspection import inspect
from prodlint.tree import MemoryTree


def service(command: str) -> Service:
    (found,) = inspect(MemoryTree({"Procfile": f"worker: {command}\n"}), []).deployment.services
    return found


def worker(command: str) -> Worker:
    found = service(command).worker
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("command", "product", "target"),
    [
        ("celery -A shop worker -l info", "celery worker", "shop"),
        ("celery --app=shop.celery:app beat", "celery beat", "shop.celery:app"),
        ("python -m celery -A shop worker", "celery worker", "shop"),
        ("CELERY_APP=shop celery worker", "celery worker", "shop"),
        ("dramatiq -p 4 shop.tasks shop.more", "dramatiq", "shop.tasks"),
        ("arq shop.worker.WorkerSettings", "arq", "shop.worker.WorkerSettings"),
        ("huey_consumer shop.huey -w 4", "huey_consumer", "shop.huey"),
        ("taskiq worker --workers 3 shop:broker shop.tasks", "taskiq worker", "shop:broker"),
        ("taskiq scheduler shop:scheduler", "taskiq scheduler", "shop:scheduler"),
    ],
)
def test_a_worker_is_known_with_its_app(command: str, product: str, target: str) -> None:
    found = worker(command)
    assert (found.product, getattr(found.target, "value", found.target)) == (product, target)


@pytest.mark.parametrize(
    ("command", "name", "value"),
    [
        ("celery -A shop worker -c 4", "concurrency", "4"),
        ("celery -A shop worker --concurrency=4 -P gevent", "pool", "gevent"),
        ("celery -A shop worker", "pool", "prefork"),
        ("celery -A shop worker --max-tasks-per-child 100", "max_tasks_per_child", 100),
        ("celery -A shop worker -Q high,low -E", "queues", "high,low"),
        ("dramatiq shop", "threads", 8),
        ("dramatiq shop --processes 4 -Q a b", "queues", ("a", "b")),
        ("huey_consumer shop.huey -w 4 -k process", "worker_class", "process"),
        ("rq worker --with-scheduler high", "with_scheduler", True),
        ("rq worker -ds random high", "dequeue_strategy", "random"),
        ("taskiq worker shop:broker", "workers", 2),
        ("taskiq worker -tp '*.py' shop:broker", "tasks_pattern", ("*.py",)),
    ],
)
def test_its_options_are_settings(command: str, name: str, value: object) -> None:
    assert worker(command).settings.known(name) == value


def test_a_beat_may_run_inside_of_a_worker() -> None:
    assert worker("celery -A shop worker -B").has_scheduler
    assert worker("celery -A shop beat").has_scheduler
    assert not worker("celery -A shop worker").has_scheduler
    assert service("celery -A shop beat").role is Role.BEAT


def test_what_no_word_tells_is_unknown() -> None:
    assert isinstance(worker("rq worker high").target, Unknown)
    assert isinstance(worker("celery worker").target, Unknown)
    assert service("celery -A shop inspect ping").worker is None
    assert service("gunicorn app:app").worker is None
