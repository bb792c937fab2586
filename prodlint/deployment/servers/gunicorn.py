"""Gunicorn's settings: built-in defaults, then its configuration file, then GUNICORN_CMD_ARGS, then the command.

Order and places measured with gunicorn 27.0.1 (serving page, 2.2 and 3.1): the file is looked for in the
directory where the server starts, whatever `--chdir` says.
"""

from __future__ import annotations

from prodlint.deployment.commands.grammar import Parsed, parse
from prodlint.deployment.servers.bind import Bind, bind_of, bind_of_word, split_address
from prodlint.deployment.servers.config_files import (
    HOOKS,
    ConfigurationFile,
    configuration_file,
    doubt_about,
    module_values,
    object_value,
    say_values,
)
from prodlint.deployment.servers.layers import Context, Layers
from prodlint.deployment.servers.products import PRODUCTS, grammar_of
from prodlint.deployment.servers.server import Server
from prodlint.deployment.servers.setting import Setting, Settings, SettingSource, as_text, converted, text_of
from prodlint.deployment.value import EnvDriven, JointlyDriven, Known, Unknown, Value
from prodlint.record import replace
from prodlint.source import SyntaxProblem, Text
from prodlint.syntax.shell import split_words

__all__ = ["configure_gunicorn"]

_DEFAULT = ("127.0.0.1:8000",)
# A port that nobody writes.
_PROBE = "61347"


def configure_gunicorn(context: Context, layers: Layers) -> Server:
    """The server with all that its file, its variables and its command say."""
    server = context.server
    _say_port(context, layers)
    layers.default_from("workers", "WEB_CONCURRENCY", 1, "int")
    layers.default_from("forwarded_allow_ips", "FORWARDED_ALLOW_IPS", "127.0.0.1,::1", "text")
    arguments = _variable_arguments(context, layers)
    file = _file(context, server.parsed, arguments if isinstance(arguments, Parsed) else None)
    hooks: tuple[str, ...] = ()
    if isinstance(file, str):
        layers.forget(file)
    elif file is not None and file.path is not None:
        values = module_values(context, file.path)
        module = context.repository.python(file.path)
        if module is None:
            layers.forget(f"{file.path} cannot be read")
        else:
            hooks = tuple(name for name in HOOKS if module.bindings(name))
        say_values(layers, values, file.path)
    if isinstance(arguments, Parsed):
        layers.words(arguments, "GUNICORN_CMD_ARGS", context.lookup)
    elif arguments is not None:
        layers.forget(arguments)
    layers.words(server.parsed, None, context.lookup)
    settings = _with_threads(layers.settings())
    path = file.path if isinstance(file, ConfigurationFile) else None
    binds = _binds(context, settings["bind"])
    if path is not None:
        binds = _with_hosts(context, settings["bind"], binds, path)
    server = replace(server, settings=settings, binds=binds, configuration=path, hooks=hooks)
    app = settings["wsgi_app"].value
    if not server.parsed.positional and not server.parsed.loose and not (isinstance(app, Known) and app.value is None):
        server = replace(server, target=as_text(app))
    return server


def _say_port(context: Context, layers: Layers) -> None:
    """`0.0.0.0:$PORT` when PORT is set, whatever it holds."""
    span = context.server.span
    sources = [SettingSource(Known(_DEFAULT, span), span, "default of gunicorn")]
    value = context.lookup("PORT")
    if value is not None:
        place = value.span if value.span is not None and value.span.path else span
        bind: Value[object]
        if isinstance(value, Known):
            bind = Known((f"0.0.0.0:{value.value}",), place)
        elif isinstance(value, EnvDriven):
            unset = None if context.place.certainly_sets("PORT") else _DEFAULT
            default = unset if value.default is None else (f"0.0.0.0:{value.default}",)
            form = f"${value.name}" if value.is_variable else value.form
            bind = EnvDriven(value.name, default, place, form=None if form is None else f"0.0.0.0:{form}")
        else:
            bind = Unknown(value.reason, place)
        sources.append(SettingSource(bind, place, "PORT"))
    layers.defaults["bind"] = sources


def _variable_arguments(context: Context, layers: Layers) -> Parsed | str | None:
    """What GUNICORN_CMD_ARGS adds: its words, or why they are not known. Nobody sets it out of the blue."""
    value = context.lookup("GUNICORN_CMD_ARGS")
    if isinstance(value, Unknown):
        return f"GUNICORN_CMD_ARGS is not known: {value.reason}"
    text = value.value if isinstance(value, Known) else value.default if isinstance(value, EnvDriven) else None
    if not text or value is None:
        return None
    span = value.span if value.span is not None else context.server.span
    try:
        return parse(layers.grammar, split_words(Text.at(text, span)))
    except SyntaxProblem:
        return "GUNICORN_CMD_ARGS has a quote that is not closed"


def _file(context: Context, command: Parsed, arguments: Parsed | None) -> ConfigurationFile | str | None:
    """The file that gunicorn reads, None when there is none, or why it is not known."""
    if command.loose:
        return f"{command.loose[0].written} may name a configuration file"
    for parsed in (command, arguments):
        given = (
            [one for one in parsed.given if one.option is not None and one.option.name == "config"] if parsed else []
        )
        word = given[-1].value if given else None
        if word is None:
            continue
        named = converted("text", text_of(word, context.lookup))
        found = configuration_file(context, named, word)
        if found is None:
            return f"the configuration file {word.written} is not known"
        if found.path is None:
            return f"the configuration file {found.written} {context.repository.absence(found.written)}"
        return doubt_about(named, found.path) or found
    path = context.locate("gunicorn.conf.py")
    return None if path is None else ConfigurationFile("gunicorn.conf.py", path, context.server.span)


def _with_threads(settings: Settings) -> Settings:
    """More than one thread makes a sync worker a gthread one."""
    kind, threads = settings["worker_class"], settings["threads"]
    name = kind.value.value if isinstance(kind.value, Known) else None
    if not isinstance(name, str) or not (name == "sync" or name.endswith("SyncWorker")):
        return settings
    value, source = threads.value, threads.source
    if isinstance(value, Known) and isinstance(value.value, int) and value.value > 1:
        made: Value[object] = Known("gthread", source.span)
    elif isinstance(value, EnvDriven):
        many = isinstance(value.default, int) and value.default > 1
        made = EnvDriven(value.name, "gthread" if many else name, source.span, form=None)
    elif isinstance(value, Unknown):
        made = Unknown("the number of threads decides between sync and gthread", source.span)
    else:
        return settings
    return settings.saying("worker_class", SettingSource(made, source.span, f"threads of {source.origin}"))


def _binds(context: Context, setting: Setting) -> tuple[Bind, ...]:
    source = setting.source
    if source.words:
        return tuple(bind_of_word(word, context.lookup) for word in source.words)
    if source.origin == "PORT":
        port = context.lookup("PORT")
        is_open = isinstance(port, EnvDriven) and port.default is None and not context.place.certainly_sets("PORT")
        if port is not None and not is_open:
            return (bind_of(Known("0.0.0.0", source.span), converted("int", port), source.span),)
    value = source.value
    if isinstance(value, Known) and isinstance(value.value, tuple):
        return tuple(split_address(Known(str(text), source.span)) for text in value.value)
    if isinstance(value, EnvDriven) and isinstance(value.default, tuple):
        form = value.form if len(value.default) == 1 else None
        return tuple(split_address(EnvDriven(value.name, str(text), source.span, form=form)) for text in value.default)
    if isinstance(value, EnvDriven):
        return (split_address(EnvDriven(value.name, None, source.span, form=value.form)),)
    if isinstance(value, JointlyDriven) and isinstance(value.default, tuple):
        return tuple(split_address(replace(value, span=source.span, default=str(text))) for text in value.default)
    reason = value.reason if isinstance(value, Unknown) else "what it binds is not known"
    return (split_address(Unknown(reason, source.span)),)


def _with_hosts(context: Context, setting: Setting, binds: tuple[Bind, ...], path: str) -> tuple[Bind, ...]:
    """Hosts that stay the same whatever the variable holds that decides the port.

    The file is evaluated with another port in its place: f"0.0.0.0:{os.environ.get('PORT', 8000)}" has one host.
    """
    value = setting.value
    if not isinstance(value, EnvDriven) or setting.source.words or setting.source.origin != path:
        return binds
    name = value.name
    option = next((one for one in grammar_of(PRODUCTS["gunicorn"]).options if one.name == "bind"), None)

    def lookup(variable: str) -> Value[str] | None:
        return Known(_PROBE, value.span) if variable == name else context.lookup(variable)

    other = module_values(context, path, lookup).get("bind")
    made = object_value(option, other) if option is not None and other is not None else None
    if not isinstance(made, Known) or not isinstance(made.value, tuple):
        return binds
    # Where it has to be set, or certainly is, nothing else counts.
    is_set = value.default is None or context.place.certainly_sets(name)
    told = binds * len(made.value) if value.default is None else binds
    if len(made.value) != len(told):
        return binds
    found = []
    for bind, text in zip(told, made.value, strict=True):
        if _PROBE in str(text) and str(text) != _PROBE:
            # f"0.0.0.0:{PORT}": what the variable does not change is known.
            shown = str(text).replace(_PROBE, f"${name}")
            found.append(split_address(EnvDriven(name, None if is_set else bind.name, bind.span, form=shown)))
            continue
        stays = split_address(Known(str(text), bind.span))
        host = stays.host if _agree(bind.host, stays.host) else bind.host
        port = stays.port if _agree(bind.port, stays.port) else bind.port
        socket = stays.socket if _agree(bind.socket, stays.socket) else bind.socket
        found.append(replace(bind, host=host, port=port, socket=socket))
    return tuple(found)


def _agree(driven: Value[object] | None, other: Value[object] | None) -> bool:
    return isinstance(driven, EnvDriven) and isinstance(other, Known) and driven.default == other.value
