"""The servers that prodlint knows by name: what installs each, and how its command is written."""

from __future__ import annotations

from prodlint.deployment.commands.grammar import Grammar, grammar, parse
from prodlint.deployment.servers import tables as tables
from prodlint.deployment.servers import tables_framework as framework
from prodlint.deployment.servers import tables_uwsgi as uwsgi
from prodlint.deployment.servers import worker_tables as workers
from prodlint.record import Record
from prodlint.syntax.word import Word

__all__ = ["PRODUCTS", "Product", "grammar_of", "product_named", "product_of", "serves_its_own"]


class Product(Record):
    """A server or tool by name.

    `table` and `style` say how its options are read (`commands.grammar`), those in front of a subcommand
    among them. `environment` is what its variables begin with, `reloads` the settings that make it
    restart on changes. `has_target` is False where the app is named in another way.
    """

    name: str
    distribution: str | None
    table: str = ""
    style: str = "click"
    development: bool = False
    owner: str = ""
    attribute: str | None = None
    environment: str = ""
    reloads: tuple[str, ...] = ("reload",)
    has_target: bool = True


_LISTENS = """
host --host --address --ip --server.address -h text
port --port -p --server.port int
* text
"""
_STREAMLIT = """
host --server.address text 0.0.0.0
port --server.port int 8501
* text
"""
_HTTP_SERVER = """
host -b --bind text
directory -d --directory text
protocol -p --protocol text
cgi --cgi flag
"""
_AIOHTTP = """
host -H --hostname text localhost
port -P --port int 8080
uds -U --path text
"""
_FLOWER = """
address=host --address text
port --port int 5555
* text
"""
_FUNCTIONS = """
target --target text
source --source text
signature_type --signature-type text
host --host text 0.0.0.0
port --port int 8080
debug --debug flag
"""

PRODUCTS: dict[str, Product] = {
    product.name: product
    for product in (
        Product("gunicorn", "gunicorn", tables.GUNICORN, "argparse", attribute="application"),
        Product("uvicorn", "uvicorn", tables.UVICORN, environment="UVICORN_"),
        Product("hypercorn", "hypercorn", tables.HYPERCORN, "argparse", attribute="app"),
        Product("daphne", "daphne", tables.DAPHNE, "argparse"),
        Product("granian", "granian", tables.GRANIAN, attribute="app", environment="GRANIAN_"),
        Product("waitress", "waitress", tables.WAITRESS, "getopt"),
        Product("uwsgi", "uwsgi", uwsgi.UWSGI, "optparse", attribute="application", has_target=False),
        Product("mod_wsgi-express", "mod-wsgi", uwsgi.MOD_WSGI, "optparse", attribute="application"),
        Product(
            "flask",
            "flask",
            framework.FLASK_GROUP + framework.FLASK_RUN,
            development=True,
            owner="Flask",
            environment="FLASK_RUN_",
            has_target=False,
        ),
        Product("runserver", "django", framework.RUNSERVER, "argparse", True, "Django", reloads=(), has_target=False),
        # What `manage.py runserver` is where Flask-Script has made that file (`servers.flask_script`).
        Product(
            "Flask-Script",
            "flask-script",
            framework.FLASK_SCRIPT,
            "argparse",
            True,
            "Flask",
            reloads=("reload", "debug"),
            has_target=False,
        ),
        Product("fastapi dev", "fastapi-cli", framework.FASTAPI_DEV, development=True, owner="FastAPI"),
        Product("fastapi run", "fastapi-cli", framework.FASTAPI_RUN),
        Product(
            "quart",
            "quart",
            framework.FLASK_GROUP + framework.QUART_RUN,
            development=True,
            owner="Quart",
            has_target=False,
        ),
        Product(
            "litestar",
            "litestar",
            framework.LITESTAR_GROUP + framework.LITESTAR_RUN,
            environment="LITESTAR_",
            reloads=("reload", "debug"),
            has_target=False,
        ),
        Product("sanic", "sanic", framework.SANIC, "argparse", attribute="app", reloads=("reload", "debug", "dev")),
        Product("pserve", "pyramid", framework.PSERVE, "argparse", has_target=False),
        Product("aiohttp.web", "aiohttp", _AIOHTTP, "argparse", True, "aiohttp"),
        Product("http.server", None, _HTTP_SERVER, "argparse", True, "Python", has_target=False),
        Product("chalice local", "chalice", _LISTENS, development=True, owner="Chalice", has_target=False),
        Product("sam local", None, _LISTENS, development=True, owner="SAM", has_target=False),
        Product("func start", None, _LISTENS, development=True, owner="Azure Functions", has_target=False),
        Product("flower", "flower", _FLOWER, owner="Flower", environment="FLOWER_", reloads=(), has_target=False),
        Product("functions-framework", "functions-framework", _FUNCTIONS, reloads=(), has_target=False),
    )
}
# Programs that serve an app of their own: nothing but where they listen is asked of them.
_PROGRAMS = {
    "streamlit run": Product("streamlit run", None, _STREAMLIT, owner="Streamlit", has_target=False),
    **{
        name: Product(name, None, _LISTENS, owner=owner, has_target=False)
        for name, owner in (
            ("panel serve", "Panel"),
            ("bokeh serve", "Bokeh"),
            ("chainlit run", "Chainlit"),
            ("gradio", "Gradio"),
            ("jupyter lab", "Jupyter"),
            ("jupyter notebook", "Jupyter"),
            ("jupyter-lab", "Jupyter"),
            ("mlflow server", "MLflow"),
            ("mlflow ui", "MLflow"),
            ("prefect server", "Prefect"),
            ("airflow webserver", "Airflow"),
            ("airflow api-server", "Airflow"),
            ("langflow run", "Langflow"),
            ("superset run", "Superset"),
        )
    },
}
_CONSOLE = {"waitress-serve": "waitress", "pyuwsgi": "uwsgi", "uwsgi": "uwsgi"}
_DJANGO = {
    "runserver": "runserver",
    "runserver_plus": "runserver",
    "testserver": "runserver",
    "devserver": "runserver",
    "runmodwsgi": "mod_wsgi-express",
    "rungranian": "granian",
}
# The subcommands that serve, and the options that may stand in front of them.
_SUBCOMMANDS: dict[str, tuple[dict[str, str], str]] = {
    "flask": ({"run": "flask"}, framework.FLASK_GROUP),
    "fastapi": ({"dev": "fastapi dev", "run": "fastapi run"}, framework.FASTAPI_RUN),
    "quart": ({"run": "quart"}, framework.FLASK_GROUP),
    "litestar": ({"run": "litestar"}, framework.LITESTAR_GROUP),
    "chalice": ({"local": "chalice local"}, ""),
    "sam": ({"local": "sam local"}, ""),
    "func": ({"start": "func start"}, ""),
    "mod_wsgi-express": ({"start-server": "mod_wsgi-express"}, ""),
    "celery": ({"flower": "flower"}, workers.CELERY_GROUP),
}


def serves_its_own(name: str) -> bool:
    """Whether a server, by the model's name for it, serves an app of its own or a script, and is asked for no app."""
    return name in _PROGRAMS or name in ("flower", "http.server")


def product_named(name: str) -> Product | None:
    """A server by the model's name for it."""
    return PRODUCTS.get(name) or _PROGRAMS.get(name)


def grammar_of(product: Product) -> Grammar:
    """The options of a server's command."""
    return grammar(product.table, product.style)


def product_of(tool: str, words: tuple[Word, ...]) -> tuple[Product, tuple[Word, ...]] | None:
    """The server that a tool is or starts, with the words that are for the server; None when it starts none."""
    if tool == "django-admin":
        return _subcommand(_DJANGO, "", words)
    if tool in _SUBCOMMANDS:
        commands, group = _SUBCOMMANDS[tool]
        return _subcommand(commands, group, words)
    product = PRODUCTS.get(_CONSOLE.get(tool, tool))
    if product is not None and product.name != "runserver":
        return product, words
    first = next((word.literal or "" for word in words if not (word.literal or "-").startswith("-")), "")
    program = _PROGRAMS.get(f"{tool} {first}") or _PROGRAMS.get(tool)
    return None if program is None else (program, words)


def _subcommand(
    commands: dict[str, str], group: str, words: tuple[Word, ...]
) -> tuple[Product, tuple[Word, ...]] | None:
    """`flask -A shop run …`: the words in front of the subcommand and behind it."""
    rest = parse(grammar(group, "group"), words).positional
    name = commands.get(rest[0].literal or "") if rest else None
    if name is None:
        return None
    return PRODUCTS[name], (*words[: len(words) - len(rest)], *rest[1:])
