"""Where servers listen that are told so by host and port, and the one setting `bind` that all of them have."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prodlint.deployment.commands.grammar import head
from prodlint.deployment.servers.bind import Bind, bind_of, bind_of_word, split_address
from prodlint.deployment.servers.layers import Context
from prodlint.deployment.servers.server import Server
from prodlint.deployment.servers.setting import Setting, Settings, SettingSource, as_text, joined, mapped
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["listening", "with_bind_setting"]


def listening(context: Context, server: Server) -> tuple[Bind, ...]:
    """The sockets of a server, from its settings and its words."""
    special = _SPECIAL.get(server.product)
    if special is not None:
        return tuple(special(context, server))
    return tuple(_host_and_port(server))


def _is_given(setting: Setting | None) -> bool:
    """Whether something says what a setting is; a default that is in doubt does not."""
    if setting is None or (isinstance(setting.value, Unknown) and len(setting.sources) == 1):
        return False
    return not (isinstance(setting.value, Known) and setting.value.value in (None, "", ()))


def _host_and_port(server: Server) -> Iterator[Bind]:
    settings = server.settings
    for name in ("uds", "fd"):
        setting = settings.get(name)
        if setting is None or not _is_given(setting):
            continue
        if name == "uds":
            yield _unix(setting)
        else:
            unknown = Unknown("the socket is handed over by the system", setting.source.span)
            yield Bind(unknown, unknown, setting.source.span, name="fd")
        return
    yield _address(settings, server.span)


def _unix(setting: Setting) -> Bind:
    span = setting.source.span
    nothing = Unknown("it is a Unix socket", span)
    return Bind(nothing, Known(None, span), span, socket=as_text(setting.value))


def _address(settings: Settings, span: Span, host: str = "host", port: str = "port", every: str = "0.0.0.0") -> Bind:
    held_host, held_port = settings.value(host), settings.value(port)
    if isinstance(held_port, Known) and held_port.value is None:
        held_port = Unknown("the program chooses its port", held_port.span)
    if isinstance(held_host, Known) and held_host.value is None:
        held_host = Known(every, held_host.span)
    place = max(
        (settings[name].source.span for name in (host, port) if name in settings and settings[name].source.span.path),
        key=lambda one: (one != span, one.start),
        default=span,
    )
    return bind_of(as_text(held_host), held_port, place, "https" if _is_given(settings.get("certfile")) else "http")


def _words(context: Context, server: Server, name: str, default_port: object) -> Iterator[Bind]:
    setting = server.settings[name]
    source = setting.source
    if source.words:
        yield from (bind_of_word(word, context.lookup, default_port) for word in source.words)
    elif isinstance(source.value, Known) and isinstance(source.value.value, tuple):
        for text in source.value.value:
            yield split_address(Known(str(text), source.span), default_port)
    else:
        reason = source.value.reason if isinstance(source.value, Unknown) else "the environment decides"
        yield split_address(Unknown(reason, source.span), default_port)


def _hypercorn(context: Context, server: Server) -> Iterator[Bind]:
    return _words(context, server, "bind", 8000)


def _waitress(context: Context, server: Server) -> Iterator[Bind]:
    settings = server.settings
    if _is_given(settings.get("uds")):
        yield _unix(settings["uds"])
    elif _is_given(settings.get("listen")):
        for bind in _words(context, server, "listen", 8080):
            yield replace(bind, host=Known("0.0.0.0", bind.span)) if _is_star(bind) else bind
    else:
        host, port = settings.value("host"), settings.value("port")
        if isinstance(port, Known) and port.value is None:
            port = Known(8080, port.span)
        if isinstance(host, Known) and host.value is None:
            host = Known("0.0.0.0", host.span)
        given = [settings[name].source.span for name in ("port", "host") if _is_given(settings.get(name))]
        yield bind_of(as_text(host), port, given[0] if given else server.span)


def _is_star(bind: Bind) -> bool:
    return isinstance(bind.host, Known) and bind.host.value == "*"


def _daphne(context: Context, server: Server) -> Iterator[Bind]:
    settings = server.settings
    given = {name: _is_given(settings.get(name)) for name in ("host", "port", "uds", "fd", "endpoint")}
    if given["uds"]:
        yield _unix(settings["uds"])
    for word in settings["endpoint"].source.words if given["endpoint"] else ():
        yield _endpoint(word.literal, word.span)
    if given["host"] or given["port"] or not any(given.values()):
        host, port = settings.value("host"), settings.value("port")
        host = Known("127.0.0.1", host.span) if isinstance(host, Known) and host.value is None else host
        port = Known(8000, port.span) if isinstance(port, Known) and port.value is None else port
        spans = [settings[name].source.span for name in ("port", "host") if given[name]]
        yield bind_of(as_text(host), port, spans[0] if spans else server.span)


def _endpoint(text: str | None, span: Span) -> Bind:
    """Twisted's `tcp:port=8000:interface=0.0.0.0`, `ssl:443:…`, `unix:path`."""
    if text is None:
        return split_address(Unknown("the endpoint is computed", span))
    kind, *parts = text.replace("\\:", "\0").split(":")
    named = dict(part.split("=", 1) for part in parts if "=" in part)
    bare = [part for part in parts if "=" not in part]
    if kind == "unix":
        nothing = Unknown("it is a Unix socket", span)
        return Bind(nothing, Known(None, span), span, socket=Known(named.get("address", (bare or [""])[0]), span))
    port = named.get("port", (bare or [""])[0])
    host = named.get("interface", "0.0.0.0").replace("\0", ":")
    number: Value[object] = Known(int(port), span) if port.isdecimal() else Unknown("the endpoint names no port", span)
    return bind_of(Known(host, span), number, span, "https" if kind == "ssl" else "http", text)


_PORT_ALONE = regex(r"\d+")
_WINDOWS = regex(r"%\w+%")


def _runserver(context: Context, server: Server) -> Iterator[Bind]:
    """`8000`, `0.0.0.0:8000`, `0:8000` behind the command; 127.0.0.1:8000 without."""
    words = server.parsed.positional or server.parsed.loose
    if not words:
        yield bind_of(Known("127.0.0.1", server.span), Known(8000, server.span), server.span)
        return
    word = words[0]
    literal = word.literal
    if literal is not None and _WINDOWS.fullmatch(literal):
        # Of the command line of Windows.
        variable: Value[object] = EnvDriven(literal.strip("%"), None, word.span)
        yield bind_of(Known("127.0.0.1", word.span), variable, word.span)
        return
    if literal is not None and _PORT_ALONE.fullmatch(literal):
        yield bind_of(Known("127.0.0.1", word.span), Known(int(literal[:9]), word.span), word.span)
        return
    bind = bind_of_word(word, context.lookup)
    if isinstance(bind.host, Known) and bind.host.value == "0":
        bind = replace(bind, host=Known("0.0.0.0", bind.host.span))
    if literal is None and ":" not in head(word) and len(word.parts) == 1 and not isinstance(bind.host, Known):
        # `runserver $PORT`: a port alone.
        number = bind.host
        port: Value[object] = mapped(_bare(number), int) if not isinstance(number, Unknown) else number
        bind = bind_of(Known("127.0.0.1", word.span), port, word.span)
    yield bind


def _bare(value: Value[str]) -> Value[str]:
    """An address that is the variable as a whole."""
    return replace(value, form="") if isinstance(value, EnvDriven) else value


def _http_server(context: Context, server: Server) -> Iterator[Bind]:
    words = server.parsed.positional
    span = words[0].span if words else server.span
    literal = words[0].literal if words else "8000"
    known = literal is not None and literal.isdecimal()
    port: Value[object] = Known(int(literal[:9]), span) if known and literal else Unknown("the port is computed", span)
    host = server.settings.value("host")
    if isinstance(host, Known) and host.value is None:
        host = Known("0.0.0.0", span)
    yield bind_of(as_text(host), port, span)


def _pserve(context: Context, server: Server) -> Iterator[Bind]:
    """The `[server:main]` section of the ini file that it is given."""
    word = server.parsed.positional[0] if server.parsed.positional else None
    path = context.locate((word.literal or "").partition("#")[0]) if word is not None else None
    document = context.repository.ini(path) if path is not None else None
    section = f"server:{server.settings.known('server_name') or 'main'}"
    if document is None:
        yield split_address(Unknown("the file that tells is not in this repository", server.span))
        return
    listen = document.get(section, "listen")
    if listen is not None:
        for text in listen.value.value.split():
            yield split_address(Known(text, listen.span), 8080)
        return
    host, port = document.get(section, "host"), document.get(section, "port")
    number = port.value.value if port is not None else "8080"
    span = port.span if port is not None else host.span if host is not None else server.span
    held: Value[object] = Known(int(number), span) if number.isdecimal() else Unknown("the port is computed", span)
    if host is not None:
        yield bind_of(Known(host.value.value, span), held, span)
        return
    # Waitress listens everywhere, other servers where they like.
    used = document.get(section, "use")
    is_waitress = used is not None and "waitress" in used.value.value
    everywhere: Value[str] = Known("0.0.0.0", span) if is_waitress else Unknown("the server chooses its address", span)
    yield bind_of(everywhere, held, span)


_SPECIAL: dict[str, Callable[[Context, Server], Iterator[Bind]]] = {
    "hypercorn": _hypercorn,
    "waitress": _waitress,
    "daphne": _daphne,
    "runserver": _runserver,
    "http.server": _http_server,
    "pserve": _pserve,
}


# The settings that name whole addresses, and win over host and port where they are given.
_WHOLE = {
    "waitress": ("uds", "listen"),
    "daphne": ("uds", "fd", "endpoint"),
    "uwsgi": ("http", "http_socket", "https", "socket", "fastcgi_socket"),
}


def with_bind_setting(server: Server) -> Server:
    """A server whose settings have `bind` although it is told a host and a port: the places that decided either."""
    if "bind" in server.settings or not server.binds:
        return server
    final = joined([_text(bind) for bind in server.binds], server.binds[-1].span)
    settings = server.settings
    given = [settings[name] for name in _WHOLE.get(server.product, ("uds", "fd")) if _is_given(settings.get(name))]
    if given:
        sources = [source for setting in given for source in setting.sources[1:]]
    elif server.parsed.positional and server.product in ("runserver", "http.server", "pserve"):
        sources = [SettingSource(final, server.binds[-1].span, "the command line")]
    else:
        sources = _of_host_and_port(server)
    if sources:
        sources[-1] = replace(sources[-1], value=final)
    else:
        sources = [SettingSource(final, server.binds[-1].span, f"default of {server.product}")]
    return replace(server, settings=settings.saying("bind", *sources))


def _of_host_and_port(server: Server) -> list[SettingSource]:
    """Address by address, as each place changed the host or the port."""
    host, port = server.settings.get("host"), server.settings.get("port")
    if host is None or port is None:
        return []
    at: list[Value[object]] = [host.sources[0].value, port.sources[0].value]
    steps = [(host.sources[0], 0), *((one, 0) for one in host.sources[1:]), *((one, 1) for one in port.sources[1:])]
    sources = []
    for source, index in steps:
        at[index] = source.value
        text = _text(bind_of(as_text(at[0]), at[1], source.span))
        sources.append(replace(source, value=joined([text], source.span), words=()))
    if any(isinstance(value, Known) and value.value is None for value in at):
        # Its defaults are no address: they depend on each other.
        sources = sources[1:]
    return sources


def _text(bind: Bind) -> Value[object]:
    if bind.socket is not None:
        return mapped(bind.socket, lambda path: f"unix:{path}")
    pair = joined([bind.host, bind.port], bind.span)
    if isinstance(pair, Known) and isinstance(pair.value, tuple):
        return Known(":".join(str(part) for part in pair.value), pair.span)
    if isinstance(pair, EnvDriven):
        default = pair.default
        text = ":".join(str(part) for part in default) if isinstance(default, tuple) else None
        return EnvDriven(pair.name, text, pair.span, form=bind.form)
    return pair
