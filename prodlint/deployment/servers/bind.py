"""Where a server listens: addresses taken apart, so that a host is known although the port is not."""

from __future__ import annotations

from collections.abc import Iterable

from prodlint.deployment.commands.grammar import head, tail
from prodlint.deployment.condition import Lookup
from prodlint.deployment.servers.setting import converted, text_of
from prodlint.deployment.value import (
    NO,
    UNKNOWN,
    Answer,
    EnvDriven,
    JointlyDriven,
    Known,
    Unknown,
    Value,
    answer,
    unless,
)
from prodlint.record import Record, compared_without, replace
from prodlint.source import Span
from prodlint.syntax.word import Literal, Word

__all__ = ["Bind", "bind_of", "bind_of_word", "split_address"]

_LOOPBACK = frozenset({"localhost", "::1", "[::1]", "ip6-localhost"})
_EVERY = frozenset({"", "0.0.0.0", "::", "[::]", "*", "0"})


@compared_without("name")
class Bind(Record):
    """One socket that a server listens on: host and port, or the path of a Unix socket.

    `protocol` is `http`, `https`, or `uwsgi`, `fastcgi`, `scgi`, which only a proxy may talk to. `name` is
    the address as it is written.
    """

    host: Value[str]
    port: Value[object]
    span: Span
    protocol: str = "http"
    socket: Value[str] | None = None
    name: str = ""

    @property
    def is_loopback(self) -> Answer:
        """Whether only programs of the same machine (or container) reach it over the network."""
        if self.socket is not None:
            return NO
        return _agreed(answer(host.lower() in _LOOPBACK or host.startswith("127.")) for host in _possible(self.host))

    @property
    def is_everywhere(self) -> Answer:
        """Whether it listens on every address of the machine."""
        if self.socket is not None:
            return NO
        return _agreed(answer(host in _EVERY) for host in _possible(self.host))

    @property
    def shown_port(self) -> str:
        """The port as people write it."""
        return _shown(self.port)

    @property
    def form(self) -> str | None:
        """The address once its variable is set, with `$NAME` in its place; None where nobody can say."""
        parts = [_formed(part) for part in ((self.host, self.port) if self.socket is None else (self.socket,))]
        return None if None in parts else _spelt([part for part in parts if part is not None])

    def __str__(self) -> str:
        parts: list[Value[object]] = [self.host, self.port] if self.socket is None else [self.socket]
        several = [part for part in parts if isinstance(part, JointlyDriven)]
        if several:
            return unless(_spelt([_unset(part) or "?" for part in parts]), several[0].names)
        derived = [part for part in parts if isinstance(part, EnvDriven) and not part.is_variable]
        if not derived:
            return _spelt([_shown(part) for part in parts])
        name, form = derived[0].name, self.form
        held = [_unset(part) for part in parts]
        unset = _spelt([one for one in held if one is not None]) if None not in held else None
        if form is None:
            return f"${name}" if unset is None else unless(unset, (name,))
        told = form if f"${name}" in form else f"{form} when ${name} is set"
        return told if unset is None else f"{told}, else {unset}"


def _possible(value: Value[str]) -> list[str]:
    """All that a host may be; empty when there may be others."""
    if isinstance(value, Known):
        return [value.value]
    if isinstance(value, EnvDriven) and value.default is not None and value.form and "$" not in value.form:
        return [value.default, value.form]
    return []


def _agreed(answers: Iterable[Answer]) -> Answer:
    """The answer of all; UNKNOWN without one."""
    found = set(answers)
    return found.pop() if len(found) == 1 else UNKNOWN


def _spelt(parts: list[str]) -> str:
    """An address of a host and a port, or of a path alone."""
    if len(parts) == 1:
        return f"unix:{parts[0]}"
    host, port = parts
    return f"[{host}]:{port}" if ":" in host and "$" not in host else f"{host}:{port}"


def _unset(value: Value[object]) -> str | None:
    """What a part of an address is when no variable is set."""
    if isinstance(value, JointlyDriven):
        return str(value.default)
    if isinstance(value, Unknown):
        return "?"
    held = value.value if isinstance(value, Known) else value.default
    return None if held is None else str(held)


def _formed(value: Value[object] | Value[str]) -> str | None:
    if isinstance(value, Known):
        return str(value.value)
    if isinstance(value, EnvDriven):
        return f"${value.name}" if value.is_variable else value.form
    return None


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
        if isinstance(value, JointlyDriven) and isinstance(value.default, str):
            return _decided_by(value, split_address(Known(value.default, span), default_port, protocol))
        return Bind(value, value, span, protocol)
    text = value.value if isinstance(value, Known) else value.default
    span = value.span
    if text is None:
        assert isinstance(value, EnvDriven)
        return _when_set(value, default_port, protocol)
    form = value.form if isinstance(value, EnvDriven) and value.form else None

    def made(part: str, form: str | None) -> Value[str]:
        if not isinstance(value, EnvDriven) or part == form:
            return Known(part, span)
        return EnvDriven(value.name, part, span, form="" if form == f"${value.name}" else form)

    if text.startswith(("unix:", "/")):
        formed = _socket_path(form) if form is not None and form.startswith(("unix:", "/")) else None
        path = made(_socket_path(text), formed)
        return Bind(Unknown("it is a Unix socket", span), Known(None, span), span, protocol, path, text)
    if text.startswith("fd://"):
        unknown = Unknown("the socket is handed over by the system", span)
        return Bind(unknown, unknown, span, protocol, name=text)
    text = text.removeprefix("tcp://")
    host, port = _halves(text)
    is_address = form is not None and not form.startswith(("unix:", "/", "fd://"))
    formed_host, formed_port = _halves(form.removeprefix("tcp://")) if form is not None and is_address else (None, None)
    number = Known(default_port, span) if not port else converted("int", made(port, formed_port or None))
    return Bind(made(host, formed_host), number, span, protocol, name=text)


def _when_set(value: EnvDriven[str], default_port: object, protocol: str) -> Bind:
    """A socket whose variable has nothing in its place: only what is written around it is known."""
    span, form = value.span, value.form
    part = EnvDriven[str](value.name, None, span, form=None)
    whole = Bind(part, part, span, protocol, name=f"${value.name}")
    if not form or form == f"${value.name}" or form.startswith(("unix:", "/", "fd://", "tcp://")):
        return whole
    host, port = _halves(form)

    def made(text: str) -> Value[str]:
        if "$" not in text:
            return Known(text, span)
        return EnvDriven(value.name, None, span, form="" if text == f"${value.name}" else text)

    number = converted("int", made(port)) if port else Known(default_port, span)
    return Bind(made(host), number, span, protocol, name=form)


def _decided_by(value: JointlyDriven, unset: Bind) -> Bind:
    """A socket that several variables decide, with what it is when none of them is set."""

    def part(held: Value[str] | Value[object]) -> JointlyDriven | Unknown:
        return replace(value, default=held.value) if isinstance(held, Known) else Unknown(value.reason, value.span)

    if unset.socket is not None:
        return replace(unset, socket=part(unset.socket))
    return replace(unset, host=part(unset.host), port=part(unset.port))


def _socket_path(text: str) -> str:
    return text.removeprefix("unix:").removeprefix("//") if text.startswith("unix:") else text


def _halves(text: str) -> tuple[str, str]:
    """Host and port of an address; the port is empty where it names none."""
    host, colon, port = text.rpartition(":")
    if not colon or port.endswith("]") or (":" in host and "[" not in host):
        host, port = text, ""
    return host.strip("[]"), port


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
