"""What an app makes while it is imported and forked workers cannot use: open connections, and threads.

A fork copies the memory and the open sockets of a process, and of its threads the one that forks (fork(2)).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice

from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCall, served_code
from prodlint.deployment.servers.concurrency import forks_after_import
from prodlint.deployment.service import Service
from prodlint.deployment.value import YES, Value, is_several
from prodlint.finding import Evidence
from prodlint.record import Record
from prodlint.source import Span
from prodlint.syntax.python import PythonModule

__all__ = ["BeforeFork", "made_before_fork"]


class BeforeFork(Record):
    """A connection, or a thread, that is made before workers are forked: `what` is the call as it is written."""

    span: Span
    what: str
    is_thread: bool
    evidence: tuple[Evidence, ...] = ()


_CONNECTS = frozenset(
    {
        "psycopg.connect",
        "psycopg.Connection.connect",
        "psycopg2.connect",
        "pymysql.connect",
        "MySQLdb.connect",
        "mysql.connector.connect",
        "oracledb.connect",
        "pyodbc.connect",
        "sqlalchemy.create_engine.connect",
        "sqlmodel.create_engine.connect",
        "pymongo.MongoClient",
        "grpc.insecure_channel",
        "grpc.secure_channel",
        "kafka.KafkaProducer",
        "pika.BlockingConnection",
    }
)
_STARTS = frozenset({"threading.Thread.start", "logging.handlers.QueueListener.start"})
_CONNECTION_WORDS = tuple(b"connect MongoClient _channel KafkaProducer BlockingConnection".split())
_MOST = 50
_THREAD_WORDS = (b"Thread", b"QueueListener")
# gunicorn calls these in each worker, where the app may open and start things anew.
_IN_WORKERS = frozenset({"post_fork", "post_worker_init", "worker_init"})
_AFTER_FORK = (b"register_at_fork", b"postfork", b"post_fork", b"dispose(")
_CLOSES = (b".close()", b".dispose(", b".shutdown(")


def made_before_fork(service: Service, repository: Repository) -> tuple[BeforeFork, ...]:
    """What importing the app makes where gunicorn or uWSGI forks several workers afterwards.

    Nothing where something of the project acts in the workers after the fork.
    """
    server = service.server
    if server is None or service.app is None or _IN_WORKERS & set(server.hooks):
        return ()
    if is_several(service.workers) is not YES or forks_after_import(server) is not YES:
        return ()
    code = served_code(service, repository)
    if code.graph.holding(*_AFTER_FORK):
        return ()
    preload = server.settings.get("preload")
    why: Value[object] | None = preload.value if preload is not None and server.product == "gunicorn" else None
    chosen = () if why is None or why.span is None else (Evidence(why.span, "imports the app before it forks"),)
    calls = [
        *((one, False) for one in islice(code.calls_on_import(_CONNECTION_WORDS, _CONNECTS), _MOST)),
        *((one, True) for one in islice(code.calls_on_import(_THREAD_WORDS, _STARTS), _MOST)),
    ]
    return tuple(
        BeforeFork(call.span, f"{call.written}()", is_thread, (*chosen, *call.reached.chain))
        for call, is_thread in calls
        if not call.is_conditional and not _is_closed(call, repository)
    )


def _is_closed(call: ServedCall, repository: Repository) -> bool:
    """Whether what a call opens may be closed again before anything forks."""
    module = repository.python(call.path)
    data = repository.data(call.path) or b""
    return module is None or any(word in data for word in _CLOSES) or call.call.node in _entered(module)


def _entered(module: PythonModule) -> Iterator[ast.expr]:
    """The expressions that `with` statements enter."""
    for node in module.nodes:
        if isinstance(node, ast.With | ast.AsyncWith):
            yield from (item.context_expr for item in node.items)
