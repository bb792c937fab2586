"""Calls that wait for something outside of the process, or compute for long, and hold their thread meanwhile.

Made in a coroutine they hold the event loop, and with it every other request of the process. Named are only calls of
which that is known: network, other processes, sleep, and the hashing of passwords, which takes a fifth of a second by
design (measured in the tests).
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.apps.index import CodeFunction
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import Hop, Reached, ServedCall, ServedCode, served_code
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known
from prodlint.finding import Edit, Evidence, Fix, Safety
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["BlockedLoop", "blocked_loops"]

_VERBS = "get post put patch delete head options request".split()
_HTTP = "waits for an answer over HTTP"
_PROCESS = "waits for another process"
_DATABASE = "waits for the database"
_HASHING = "computes for a fifth of a second"
_PLAIN: dict[str, str] = {
    "time.sleep": "sleeps",
    "urllib.request.urlopen": _HTTP,
    "socket.create_connection": "waits for a connection",
    "builtins.input": "waits for somebody to type",
    "os.system": _PROCESS,
    **dict.fromkeys((f"subprocess.{name}" for name in "run call check_call check_output getoutput".split()), _PROCESS),
    **dict.fromkeys(("subprocess.Popen.wait", "subprocess.Popen.communicate"), _PROCESS),
    **dict.fromkeys((f"{owner}.{name}" for owner in ("requests", "httpx") for name in _VERBS), _HTTP),
    **dict.fromkeys((f"requests.{made}.{name}" for made in ("Session", "session") for name in _VERBS), _HTTP),
    **dict.fromkeys((f"httpx.Client.{name}" for name in (*_VERBS, "send")), _HTTP),
    **dict.fromkeys(("smtplib.SMTP", "smtplib.SMTP_SSL"), "waits for a mail server"),
    **dict.fromkeys(("psycopg2.connect", "psycopg.connect", "pymysql.connect", "MySQLdb.connect"), _DATABASE),
    **dict.fromkeys(("bcrypt.hashpw", "bcrypt.checkpw"), _HASHING),
    **dict.fromkeys((f"passlib.context.CryptContext.{name}" for name in ("hash", "encrypt", "verify")), _HASHING),
}
_QUERIES = frozenset(
    "execute executemany commit rollback flush scalars scalar get one first all one_or_none count fetchone fetchall "
    "fetchmany refresh merge bulk_save_objects".split()
)
_REDIS = frozenset(
    "get set setex mget mset delete exists incr decr expire ttl hget hset hgetall hmset hdel lpush rpush lpop rpop "
    "lrange blpop brpop sadd srem smembers zadd zrange publish ping keys scan xadd xread execute_command".split()
)
_MONGO = frozenset(
    "find_one insert_one insert_many update_one update_many delete_one delete_many replace_one count_documents "
    "find_one_and_update find_one_and_delete bulk_write distinct".split()
)
_GENERATING = frozenset({"create", "generate", "parse", "upload"})
# By the beginning of a dotted name: what is waited for, and the last parts that do so.
_FAMILIES: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("sqlalchemy.orm.Session.", _DATABASE, _QUERIES),
    ("sqlalchemy.orm.session.Session.", _DATABASE, _QUERIES),
    ("sqlalchemy.orm.scoped_session.", _DATABASE, _QUERIES),
    ("sqlmodel.Session.", _DATABASE, _QUERIES),
    ("sqlalchemy.create_engine.connect.", _DATABASE, _QUERIES),
    ("psycopg2.connect.", _DATABASE, _QUERIES),
    ("redis.Redis.", "waits for Redis", _REDIS),
    ("redis.StrictRedis.", "waits for Redis", _REDIS),
    ("redis.from_url.", "waits for Redis", _REDIS),
    ("pymongo.MongoClient.", "waits for MongoDB", _MONGO),
    ("openai.OpenAI.", _HTTP, _GENERATING),
    ("openai.AzureOpenAI.", _HTTP, _GENERATING),
    ("anthropic.Anthropic.", _HTTP, _GENERATING),
)
# What these do, they do without asking AWS.
_AWS_LOCAL = frozenset(
    "generate_presigned_url generate_presigned_post get_paginator get_waiter can_paginate close Table Bucket Object "
    "Queue".split()
)
_NEEDLES = (
    b"sleep",
    b"urlopen",
    b"create_connection",
    b"input(",
    b"subprocess",
    b"os.system",
    b"requests",
    b"httpx",
    b"smtplib",
    b"psycopg",
    b"pymysql",
    b"MySQLdb",
    b"bcrypt",
    b"passlib",
    b"Session",
    b"create_engine",
    b"redis",
    b"pymongo",
    b"openai",
    b"anthropic",
    b"boto3",
)


class _Blocking:
    """The dotted names of blocking calls; `reason` says what one waits for."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.reason(name) is not None

    def reason(self, name: str) -> str | None:
        if name in _PLAIN:
            return _PLAIN[name]
        if name.startswith(("boto3.client.", "boto3.resource.")):
            parts = name.split(".")
            return "waits for AWS" if len(parts) == 3 and parts[2] not in _AWS_LOCAL else None
        last = name.rpartition(".")[2]
        return next((why for start, why, lasts in _FAMILIES if name.startswith(start) and last in lasts), None)


_BLOCKING = _Blocking()
# Whatever is called of AWS waits: these are all only where nobody uses it.
_LASTS = frozenset(name.rpartition(".")[2] for name in _PLAIN).union(*(lasts for _, _, lasts in _FAMILIES))


class BlockedLoop(Record):
    """A coroutine that holds the event loop: the place in it, what is called there, and what that waits for.

    `call` is the call that blocks, `reached` how requests come to it. `fix` makes a thread of it where that is certain.
    """

    span: Span
    function: CodeFunction
    call: ServedCall
    reason: str
    reached: Reached
    fix: Fix | None = None

    @property
    def what(self) -> str:
        """What the coroutine does, for people."""
        how = "calls" if self.call.span == self.span else "comes to"
        return f"{how} {self.call.written}, which {self.reason}"

    @property
    def chain(self) -> tuple[Evidence, ...]:
        """From the endpoint to the call that blocks, without the place of the finding itself."""
        handler = self.reached.handler
        found = [] if handler is None else [Evidence(handler.function.span, handler.said)]
        found += [Evidence(span, "calls on") for span in self.reached.through if span != self.span]
        if self.call.span != self.span:
            found.append(Evidence(self.call.span, self.reason))
        return tuple(found)


def blocked_loops(service: Service, repository: Repository) -> Iterator[BlockedLoop]:
    """The coroutines of a service's ASGI app that block its event loop for requests, each once."""
    code = served_code(service, repository)
    if not code.graph.holding(b"async def"):
        return
    told: set[CodeFunction] = set()
    lasts = None if code.graph.holding(b"boto3") else _LASTS
    for call in code.calls_on_loop(_NEEDLES, _BLOCKING, lasts):
        place, reason = call.in_coroutine, _BLOCKING.reason(call.name)
        if place is None or place.function is None or reason is None or call.call.is_awaited or _is_nothing(call):
            continue
        if place.function not in told:
            told.add(place.function)
            yield BlockedLoop(place.span, place.function, call, reason, call.reached, _as_thread(place, call, code))


def _is_nothing(call: ServedCall) -> bool:
    """`time.sleep(0)`."""
    seconds = call.argument("secs", 0) if call.name == "time.sleep" else None
    return isinstance(seconds, Known) and not seconds.value


def _as_thread(place: Hop, call: ServedCall, code: ServedCode) -> Fix | None:
    """`async def` made `def`, which FastAPI runs in a thread; None for one that awaits or that others await."""
    handler, function = call.reached.handler, place.function
    if handler is None or function is None or handler.function is not function or function.awaits:
        return None
    if handler.kind != "route" or handler.framework not in ("FastAPI", "Starlette") or code.is_called(function):
        return None
    span = function.span
    if not span.text.startswith("async def"):
        return None
    return Fix(
        f"make {function.name} a plain function, which gets a thread of its own",
        (Edit(Span(span.source, span.start, span.start + len("async def")), "def"),),
        Safety.UNSAFE,
    )
