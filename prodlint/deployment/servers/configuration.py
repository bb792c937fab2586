"""What a server is really told: its command, its configuration files and its environment over its defaults."""

from __future__ import annotations

from prodlint.deployment.command import Step
from prodlint.deployment.condition import Lookup
from prodlint.deployment.execution.place import Place
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.config_files import (
    configuration_file,
    doubt_about,
    module_values,
    say_toml,
    say_values,
)
from prodlint.deployment.servers.gunicorn import configure_gunicorn
from prodlint.deployment.servers.interface import interface_of
from prodlint.deployment.servers.layers import Context, Layers
from prodlint.deployment.servers.listen import listening, with_bind_setting
from prodlint.deployment.servers.products import Product, grammar_of, product_named
from prodlint.deployment.servers.server import Server
from prodlint.deployment.servers.setting import Settings, converted, text_of
from prodlint.deployment.servers.target import with_target
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Known, Unknown, Value, answer
from prodlint.record import replace
from prodlint.syntax.word import Word

__all__ = ["configured", "import_folders"]

# Variables that a server reads beside those named after its options, or that people are told to set (Flower's port):
# the setting, its kind and its default.
_CONVENTIONS: dict[str, tuple[tuple[str, str, str, object], ...]] = {
    "uvicorn": (
        ("workers", "WEB_CONCURRENCY", "int", 1),
        ("forwarded_allow_ips", "FORWARDED_ALLOW_IPS", "text", "127.0.0.1,::1"),
    ),
    # PORT since fastapi-cli 0.0.12.
    "fastapi run": (
        ("port", "PORT", "int", 8000),
        ("workers", "WEB_CONCURRENCY", "int", 1),
        ("forwarded_allow_ips", "FORWARDED_ALLOW_IPS", "text", "127.0.0.1,::1"),
    ),
    "fastapi dev": (("port", "PORT", "int", 8000),),
    "litestar": (("workers", "WEB_CONCURRENCY", "int", 1),),
    "functions-framework": (("port", "PORT", "int", 8080),),
    "flower": (("port", "FLOWER_PORT", "int", 5555),),
}
# The variable that names the app, where the command does not.
_APPS = {"uvicorn": "UVICORN_APP", "granian": "GRANIAN_APP"}


def configured(server: Server, step: Step, place: Place, repository: Repository) -> Server:
    """A server with its settings, where it listens, and its app, from all the places that have a say."""
    context = Context(server, step, place, repository)
    if server.product == "runserver" and not server.in_code:
        from prodlint.deployment.servers.flask_script import as_flask_script

        server = as_flask_script(context) or server
        context = replace(context, server=server)
    product = product_named(server.product)
    if product is None or server.in_code:
        return server
    layers = Layers(context, grammar_of(product))
    if product.name == "gunicorn":
        server = configure_gunicorn(context, layers)
    elif product.name == "uwsgi":
        from prodlint.deployment.servers.uwsgi import configure_uwsgi

        server = configure_uwsgi(context, layers)
    else:
        server = _configure(context, layers, product)
        server = replace(server, binds=listening(context, server))
    server = with_bind_setting(_with_reload(server, product))
    server = with_target(context, server)
    return replace(server, interface=interface_of(server, context), folders=server.folders or _folders(server.settings))


def import_folders(server: Server, step: Step, place: Place) -> tuple[str, ...]:
    """The folders from which a server imports before its working directory, as they are written."""
    path = Context(server, step, place, _NO_FILES).lookup("PYTHONPATH")
    written = path.value.split(":") if isinstance(path, Known) else []
    return (*server.folders, *(folder for folder in written if folder))


_NO_FILES = Repository((), lambda path: b"")


def _configure(context: Context, layers: Layers, product: Product) -> Server:
    """A server without a language of its own: conventions, a file, variables, the command."""
    server = context.server
    lookup = _with_env_file(context, layers, product)
    for name, variable, kind, default in _CONVENTIONS.get(product.name, ()):
        layers.default_from(name, variable, default, kind, lookup)
    path = _say_file(context, layers) if product.name == "hypercorn" else None
    if product.environment:
        layers.variables(product.environment)
    if product.name in ("flask", "quart"):
        _say_debug(context, layers, product.name.upper())
    if product.name == "Flask-Script":
        from prodlint.deployment.servers.flask_script import say_server

        say_server(context, layers)
    layers.words(server.parsed, None, context.lookup)
    server = replace(server, settings=layers.settings(), configuration=path)
    target = _target(context, server, product)
    return server if target is None else replace(server, target=target)


def _target(context: Context, server: Server, product: Product) -> Value[str] | None:
    """The app that the command or a variable names, with the variables of this place; None when neither does."""
    if not product.has_target:
        return None
    if server.parsed.positional:
        return text_of(server.parsed.positional[0], context.lookup)
    variable = _APPS.get(product.name)
    value = context.lookup(variable) if variable is not None else None
    return None if value is None or (isinstance(value, EnvDriven) and value.default is None) else value


def _with_env_file(context: Context, layers: Layers, product: Product) -> Lookup:
    """Uvicorn's `--env-file` is loaded before WEB_CONCURRENCY is read, after its own variables; it overrides none."""
    word = context.server.option("--env-file") if product.name == "uvicorn" else None
    path = context.locate(word.literal or "") if word is not None else None
    source = context.repository.source(path) if path is not None else None
    if source is None:
        return context.lookup
    from prodlint.syntax.dotenv import parse_dotenv

    held: dict[str, Word] = {entry.name: entry.value for entry in parse_dotenv(source) if entry.value is not None}

    def lookup(name: str) -> Value[str] | None:
        value = context.lookup(name)
        is_open = value is None or (isinstance(value, EnvDriven) and value.default is None)
        return text_of(held[name], context.lookup) if is_open and name in held else value

    return lookup


def _say_file(context: Context, layers: Layers) -> str | None:
    """Hypercorn's configuration file, which must be named."""
    word = context.server.option("--config")
    if word is None:
        return None
    named = converted("text", text_of(word, context.lookup))
    file = configuration_file(context, named, word)
    if file is None or file.path is None:
        shown = word.written if file is None else file.written
        layers.forget(f"the configuration file {shown} is not in this repository")
        return None
    if doubt := doubt_about(named, file.path):
        layers.forget(doubt)
        return None
    if file.written.startswith(("python:", "file:")):
        say_values(layers, module_values(context, file.path), file.path)
    elif not say_toml(layers, file.path, file.path):
        layers.forget(f"{file.path} cannot be read")
    return file.path


def _say_debug(context: Context, layers: Layers, prefix: str) -> None:
    """FLASK_DEBUG switches the debugger and the reloader on."""
    name = f"{prefix}_DEBUG"
    for variable, value in context.set_variables(name):
        if variable == name and value.span is not None:
            layers.say("debug", converted("flag", value), value.span, name)


def _with_reload(server: Server, product: Product) -> Server:
    """Whether it restarts on changes, by whichever place decides."""
    if server.product == "uwsgi" or (server.reload is YES and server.reload_span is None):
        return server
    result, span = NO, None
    for name in product.reloads:
        setting = server.settings.get(name)
        if setting is None:
            continue
        said = _switched(setting.value)
        if said is YES:
            span = setting.source.span if setting.source.span.path else server.span
        result = result | said
    if product.name == "flask" and isinstance(server.settings.value("debug"), Known):
        result = result | answer(bool(server.settings.known("debug")))
    return replace(server, reload=result, reload_span=span if result is YES else None)


def _switched(value: Value[object]) -> Answer:
    if isinstance(value, Known):
        return answer(bool(value.value))
    return UNKNOWN if isinstance(value, Unknown | EnvDriven) else NO


def _folders(settings: Settings) -> tuple[str, ...]:
    """What the server adds to its import path, or where it goes before it imports."""
    folders: list[str] = []
    for name in ("pythonpath", "app_dir", "chdir"):
        held = settings.known(name)
        if isinstance(held, str) and held:
            folders.extend(held.split(","))
        elif isinstance(held, tuple):
            folders.extend(str(one) for one in held)
    return tuple(folders)
