"""Where a server listens: addresses taken apart, so that a host is known although the port is not."""

from __future__ import annotations

from dataclasses import field

from prodlint.deployment.condition import Lookup
from prodlint.deployment.server_grammar import head, tail
from prodlint.deployment.server_setting import converted, text_of
from prodlint.deployment.value import NO, UNKNOWN, Answer, EnvDriven, Known, Unknown, Value, answer
from prodlint.record import record
from prodlint.source import Span
from prodlint.syntax.word import Literal, Word

__all__ = ["Bind", "bind_of", "bind_of_word", "split_address"]

_LOOPBACK = frozenset({"localhost", "::1", "[::1]", "ip6-localhost"})
_EVERY = frozenset({"", "0.0.0.0", "::", "[::]", "*", "0"})


@record
class Bind:
    """One socket that a server listens on: host and port, or the path of a Unix socket.

    `protocol` is `http`, `https`, or `uwsgi`, `fastcgi`, `scgi`, which only a proxy may talk to. `name` is
    the address as it is written.
    """

    host: Value[str]
    port: Value[object]
    span: Span
    protocol: str = "http"
    socket: Value[str] | None = None
    name: str = field(default="", compare=False)

    @property
    def is_loopback(self) -> Answer:
        """Whether only programs of the same machine (or container) reach it over the network."""
        if self.socket is not None:
            return NO
        host = _settled(self.host)
        if host is None:
            return UNKNOWN
        return answer(host.lower() in _LOOPBACK or host.startswith("127."))

    @property
    def is_everywhere(self) -> Answer:
        """Whether it listens on every address of the machine."""
        if self.socket is not None:
            return NO
        host = _settled(self.host)
        return UNKNOWN if host is None else answer(host in _EVERY)

    def __str__(self) -> str:
        if self.socket is not None:
            return f"unix:{_shown(self.socket)}"
        host = _shown(self.host)
        return f"[{host}]:{_shown(self.port)}" if ":" in host and "$" not in host else f"{host}:{_shown(self.port)}"


def _settled(value: Value[str]) -> str | None:
    return value.value if isinstance(value, Known) else None


def _shown(value: Value[object] | Value[str]) -> str:
    if isinstance(value, Known):
        return str(value.value)
    if isinstance(value, EnvDriven):
        return f"${value.name}" if value.default is None else f"${{{value.name}:-{value.default}}}"
    return "?"


def bind_of(host: Value[str], port: Value[object], span: Span, protocol: str = "http", name: str = "") -> Bind:
    """A socket from its host and port, which are known one by one."""
    return Bind(host, port, span, protocol, name=name or f"{_shown(host)}:{_shown(port)}")


def bind_of_word(word: Word, lookup: Lookup, default_port: object = 8000, protocol: str = "http") -> Bind:
    """A socket from a word such as `0.0.0.0:$PORT` or `unix:/run/app.sock`."""
    shown = head(word)
    for prefix in ("unix://", "unix:"):
        if shown.startswith(prefix):
            path = text_of(tail(word, len(prefix)), lookup)
            return Bind(Unknown("it is a Unix socket", word.span), Known(None, word.span), word.span, protocol, path)
    if shown.startswith("tcp://"):
        word = tail(word, 6)
        shown = shown[6:]
    if shown.startswith("fd://"):
        unknown = Unknown("the socket is handed over by the system", word.span)
        return Bind(unknown, unknown, word.span, protocol, name=word.written)
    literal = word.literal
    if literal is None:
        at = _colon(word)
        if at is not None:
            host, port = text_of(_until(word, at), lookup), converted("int", text_of(_behind(word, at), lookup))
            return Bind(host, port, word.span, protocol, name=str(word))
    value = text_of(word, lookup)
    return split_address(value, default_port, protocol)


def split_address(value: Value[str], default_port: object = 8000, protocol: str = "http") -> Bind:
    """A socket from the text of an address."""
    if isinstance(value, Unknown):
        span = value.span
        assert span is not None
        return Bind(value, value, span, protocol)
    text = value.value if isinstance(value, Known) else value.default
    span = value.span
    if text is None:
        assert isinstance(value, EnvDriven)
        return Bind(value, EnvDriven(value.name, None, span), span, protocol, name=f"${value.name}")

    def made(part: str) -> Value[str]:
        return Known(part, span) if isinstance(value, Known) else EnvDriven(value.name, part, span)

    if text.startswith(("unix:", "/")):
        path = text.removeprefix("unix:").removeprefix("//") if text.startswith("unix:") else text
        return Bind(Unknown("it is a Unix socket", span), Known(None, span), span, protocol, made(path), text)
    if text.startswith("fd://"):
        unknown = Unknown("the socket is handed over by the system", span)
        return Bind(unknown, unknown, span, protocol, name=text)
    text = text.removeprefix("tcp://")
    host, colon, port = text.rpartition(":")
    if not colon or port.endswith("]") or (":" in host and "[" not in host):
        host, port = text, ""
    host = host.strip("[]")
    number = Known(default_port, span) if not port else converted("int", made(port))
    return Bind(made(host), number, span, protocol, name=text)


def _colon(word: Word) -> tuple[int, int] | None:
    """The last literal colon of a word: the part that holds it and the index in it."""
    for index in range(len(word.parts) - 1, -1, -1):
        part = word.parts[index]
        if isinstance(part, Literal):
            at = part.text.value.rfind(":")
            if at >= 0:
                return index, at
    return None


def _until(word: Word, place: tuple[int, int]) -> Word:
    index, at = place
    part = word.parts[index]
    assert isinstance(part, Literal)
    kept = (*word.parts[:index], *([Literal(part.text.slice(0, at), part.quoted)] if at else []))
    end = part.text.slice(at, at + 1).span.start
    return Word(kept, Span(word.span.source, min(word.span.start, end), end))


def _behind(word: Word, place: tuple[int, int]) -> Word:
    index, at = place
    part = word.parts[index]
    assert isinstance(part, Literal)
    rest = part.text.slice(at + 1)
    kept = (*([Literal(rest, part.quoted)] if rest.value else []), *word.parts[index + 1 :])
    start = part.text.slice(at, at + 1).span.end
    return Word(kept, Span(word.span.source, start, max(start, word.span.end)))
