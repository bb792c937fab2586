"""Servers: which one a command starts, what it is told by all the places that have a say, where it listens."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodlint.deployment.app import Interface
from prodlint.deployment.commands.grammar import grammar, parse
from prodlint.deployment.process import Role
from prodlint.deployment.servers.products import PRODUCTS, grammar_of
from prodlint.deployment.servers.server import Server, role_of
from prodlint.deployment.value import NO, UNKNOWN, YES, EnvDriven, Known, Unknown
from prodlint.source import Source, Text
from prodlint.syntax.shell import split_words
from prodlint.syntax.word import Word

Serve = Callable[..., Server]


def said(server: Server, name: str) -> object:
    """A setting as a test wants to read it: its value, `$NAME` with its default, or a question mark."""
    value = server.settings.value(name)
    if isinstance(value, Known):
        return value.value
    return f"${value.name} or {value.default}" if isinstance(value, EnvDriven) else "?"


def origins(server: Server, name: str) -> list[str]:
    return [source.origin for source in server.settings[name].sources]


@pytest.mark.parametrize(
    ("command", "product"),
    [
        ("gunicorn app:app", "gunicorn"),
        ("python -m gunicorn app:app", "gunicorn"),
        ("python3.13 -u -Wignore -m uvicorn app:app", "uvicorn"),
        ("python -mgunicorn app:app", "gunicorn"),
        ("python -m gunicorn.app.wsgiapp app:app", "gunicorn"),
        ("/venv/bin/python /venv/bin/gunicorn app:app", "gunicorn"),
        ("waitress-serve app:app", "waitress"),
        ("python -m waitress app:app", "waitress"),
        ("flask -A shop:app --debug run", "flask"),
        ("flask --app=shop run", "flask"),
        ("fastapi dev main.py", "fastapi dev"),
        ("python -m fastapi run", "fastapi run"),
        ("python manage.py runserver", "runserver"),
        ("python -m manage runserver", "runserver"),
        ("uv run -m manage runserver", "runserver"),
        ("django-admin runserver", "runserver"),
        ("python -m django runserver", "runserver"),
        ("python manage.py --settings shop.settings runserver_plus", "runserver"),
        ("mod_wsgi-express start-server wsgi.py", "mod_wsgi-express"),
        ("celery -A shop --workdir /x flower", "flower"),
        ("litestar --app shop:app run", "litestar"),
        ("pserve production.ini", "pserve"),
        ("streamlit run app.py", "streamlit run"),
        ("pyuwsgi --ini x.ini", "uwsgi"),
        ("python -m http.server 80", "http.server"),
    ],
)
def test_a_server_is_known_by_every_way_to_start_it(serve: Serve, command: str, product: str) -> None:
    assert serve(command).product == product


@pytest.mark.parametrize(
    ("command", "role"),
    [
        ("celery -A shop worker -l info", Role.WORKER),
        ("celery --app shop worker -B", Role.WORKER),
        ("celery -A shop beat", Role.BEAT),
        ("celery -A shop flower", Role.WEB),
        ("celery -A shop inspect ping", Role.UNKNOWN),
        ("python -m celery -A shop beat", Role.BEAT),
        ("python manage.py rqworker default", Role.WORKER),
        ("python manage.py rqscheduler", Role.BEAT),
        ("python manage.py celery beat", Role.BEAT),
        ("python manage.py qcluster", Role.WORKER),
        ("rq worker -u redis://x high", Role.WORKER),
        ("rq cron config.py", Role.BEAT),
        ("dramatiq shop.tasks -p 2", Role.WORKER),
        ("python -m huey.bin.huey_consumer shop.huey", Role.WORKER),
        ("arq shop.worker.Settings", Role.WORKER),
        ("taskiq worker shop:broker", Role.WORKER),
        ("taskiq scheduler shop:scheduler", Role.BEAT),
        ("gunicorn app:app", Role.WEB),
        ("python manage.py migrate", Role.UNKNOWN),
        ("flask db upgrade", Role.UNKNOWN),
        ("fastapi deploy", Role.UNKNOWN),
    ],
)
def test_a_command_tells_its_role(command: str, role: Role) -> None:
    from prodlint.deployment.command import Step

    source = Source("Procfile", command)
    assert role_of(Step(split_words(source.content), source.span)) is role


@pytest.mark.parametrize(
    ("command", "name", "value"),
    [
        ("gunicorn -w4 app:app", "workers", 4),
        ("gunicorn -w=4 app:app", "workers", 4),
        ("gunicorn --workers 2 --workers=3 app:app", "workers", 3),
        ("gunicorn --max-requests-j 4 app:app", "max_requests_jitter", 4),
        ("gunicorn -b :80 -b unix:/run/x app:app", "bind", (":80", "unix:/run/x")),
        ("gunicorn app:app --access-logfile -", "access_log", "-"),
        ("gunicorn -DR app:app", "daemon", True),
        ("gunicorn --no-sendfile app:app", "sendfile", False),
        ("gunicorn --proxy-protocol app:app", "proxy_protocol", "auto"),
        ("gunicorn --proxy-protocol v2 app:app", "proxy_protocol", "v2"),
        ("gunicorn app:app", "timeout", 30),
        ("gunicorn app:app", "graceful_timeout", 30),
        ("gunicorn app:app", "access_log", None),
        ("gunicorn --preload app:app", "preload", True),
        ("gunicorn --threads 4 app:app", "worker_class", "gthread"),
        ("gunicorn --threads 4 -k gevent app:app", "worker_class", "gevent"),
        ("gunicorn --threads 1 app:app", "worker_class", "sync"),
        ("gunicorn -w many app:app", "workers", "?"),
        ("uvicorn app:app --no-access-log", "access_log", False),
        ("uvicorn app:app", "keep_alive", 5),
        ("uvicorn app:app", "graceful_timeout", None),
        ("uvicorn app:app --proxy-headers --forwarded-allow-ips='*'", "forwarded_allow_ips", "*"),
        ("uvicorn --factory app:make", "factory", True),
        ("waitress-serve --call app:make", "factory", True),
        ("waitress-serve --thr=8 app:app", "threads", 8),
        ("hypercorn -w 3 app:app", "workers", 3),
        ("hypercorn app", "graceful_timeout", 3),
        ("daphne --proxy-headers app:app", "proxy_headers", True),
        ("granian --interface asgi app:app", "interface", "asgi"),
        ("granian app:app", "interface", "rsgi"),
        ("granian --workers-kill-timeout 1m30s app:app", "graceful_timeout", 90),
        ("fastapi run --workers 4", "workers", 4),
        ("uwsgi -p 4 --http :80 -M", "workers", 4),
        ("uwsgi -p 4 --http :80 --harakiri 20", "timeout", 20),
        ("mod_wsgi-express start-server --url-alias /a b --processes 2 wsgi.py", "workers", 2),
    ],
)
def test_an_option_of_the_command_line_is_a_setting(serve: Serve, command: str, name: str, value: object) -> None:
    assert said(serve(command), name) == value


@pytest.mark.parametrize(
    ("command", "binds"),
    [
        ("gunicorn -b 0.0.0.0:$PORT app:app", ["0.0.0.0:$PORT"]),
        ("gunicorn -b 0.0.0.0:${PORT:-8000} app:app", ["0.0.0.0:${PORT:-8000}"]),
        ("gunicorn -b $HOST:80 app:app", ["$HOST:80"]),
        ("gunicorn -b unix:/run/$NAME.sock app:app", ["unix:?"]),
        ("gunicorn -b [::]:80 app:app", ["[::]:80"]),
        ("gunicorn -b 10.0.0.1 app:app", ["10.0.0.1:8000"]),
        ("gunicorn -b fd://3 app:app", ["?:?"]),
        ("gunicorn app:app", ["0.0.0.0:$PORT, else 127.0.0.1:8000"]),
        ("uvicorn app:app", ["127.0.0.1:8000"]),
        ("uvicorn app:app --host 0.0.0.0 --port 80", ["0.0.0.0:80"]),
        ("uvicorn app:app --uds /run/x.sock", ["unix:/run/x.sock"]),
        ("hypercorn -b 0.0.0.0 app", ["0.0.0.0:8000"]),
        ("daphne -p 80 app:app", ["127.0.0.1:80"]),
        ("daphne -b 0.0.0.0 app:app", ["0.0.0.0:8000"]),
        ("daphne -e tcp:port=81:interface=10.0.0.1 -u /run/x app:app", ["unix:/run/x", "10.0.0.1:81"]),
        ("daphne app:app", ["127.0.0.1:8000"]),
        ("waitress-serve app:app", ["0.0.0.0:8080"]),
        ("waitress-serve --listen=*:80 --listen=127.0.0.1:81 app:app", ["0.0.0.0:80", "127.0.0.1:81"]),
        ("waitress-serve --unix-socket=/x app:app", ["unix:/x"]),
        ("uwsgi --http :80 --socket /run/x.sock", [":80", "unix:/run/x.sock"]),
        ("flask run", ["127.0.0.1:5000"]),
        ("flask run -h 0.0.0.0 -p $PORT", ["0.0.0.0:$PORT"]),
        ("fastapi run", ["0.0.0.0:${PORT:-8000}"]),
        ("fastapi dev", ["127.0.0.1:${PORT:-8000}"]),
        ("python manage.py runserver", ["127.0.0.1:8000"]),
        ("python manage.py runserver 80", ["127.0.0.1:80"]),
        ("python manage.py runserver 0:80", ["0.0.0.0:80"]),
        ("python manage.py runserver 0.0.0.0:$PORT", ["0.0.0.0:$PORT"]),
        ("sanic app -H 0.0.0.0", ["0.0.0.0:8000"]),
        ("celery -A x flower --port=5556", ["0.0.0.0:5556"]),
        ("celery -A x flower", ["0.0.0.0:${FLOWER_PORT:-5555}"]),
        ("FLOWER_PORT=8888 celery -A x flower", ["0.0.0.0:8888"]),
        ("FLOWER_ADDRESS=127.0.0.1 celery -A x flower", ["127.0.0.1:${FLOWER_PORT:-5555}"]),
        ("python -m http.server", ["0.0.0.0:8000"]),
    ],
)
def test_host_and_port_are_known_one_by_one(serve: Serve, command: str, binds: list[str]) -> None:
    assert [str(bind) for bind in serve(command).binds] == binds


def test_a_bind_says_who_can_reach_it(serve: Serve) -> None:
    def reach(command: str, **environment: str) -> tuple[object, object]:
        (bind,) = serve(command, **environment).binds
        return bind.is_loopback, bind.is_everywhere

    assert reach("uvicorn app:app") == (YES, NO)
    assert reach("uvicorn app:app --host localhost") == (YES, NO)
    assert reach("uvicorn app:app --host 0.0.0.0") == (NO, YES)
    assert reach("gunicorn -b :80 app:app") == (NO, YES)
    assert reach("gunicorn -b $HOST:80 app:app") == (UNKNOWN, UNKNOWN)
    assert reach("gunicorn -b unix:/x app:app") == (NO, NO)
    assert reach("gunicorn app:app") == (UNKNOWN, UNKNOWN)
    assert reach("gunicorn app:app", PORT="80") == (NO, YES)


def test_every_place_that_had_a_say_is_told_the_last_decides(serve: Serve) -> None:
    files = {"gunicorn.conf.py": "workers = 2\n"}
    server = serve("gunicorn -w 4 app:app", files, WEB_CONCURRENCY="1", GUNICORN_CMD_ARGS="--workers=3")
    setting = server.settings["workers"]
    assert [(source.origin, getattr(source.value, "value", None)) for source in setting.sources] == [
        ("default of gunicorn", 1),
        ("WEB_CONCURRENCY", 1),
        ("gunicorn.conf.py", 2),
        ("GUNICORN_CMD_ARGS", 3),
        ("-w on the command line", 4),
    ]
    assert str(setting.sources[2].span) == "gunicorn.conf.py:1"
    assert setting.source.span.text == "-w 4"


def test_a_host_and_a_port_add_up_to_a_bind_in_the_order_of_their_places(serve: Serve) -> None:
    server = serve("uvicorn app:app --host 0.0.0.0", UVICORN_PORT="80")
    assert [(source.origin, getattr(source.value, "value", None)) for source in server.settings["bind"].sources] == [
        ("default of uvicorn", ("127.0.0.1:8000",)),
        ("--host on the command line", ("0.0.0.0:8000",)),
        ("UVICORN_PORT", ("0.0.0.0:80",)),
    ]


def test_a_default_that_reads_a_variable_is_driven_by_it(serve: Serve) -> None:
    assert said(serve("gunicorn app:app"), "workers") == "$WEB_CONCURRENCY or 1"
    assert said(serve("gunicorn app:app", WEB_CONCURRENCY="3"), "workers") == 3
    assert said(serve("uvicorn app:app", WEB_CONCURRENCY="3", UVICORN_WORKERS="2"), "workers") == 2
    assert said(serve("hypercorn app", WEB_CONCURRENCY="3"), "workers") == 1
    assert said(serve("gunicorn -w ${WORKERS:-2} app:app"), "workers") == "$WORKERS or 2"
    assert said(serve("gunicorn -w $WORKERS app:app"), "workers") == "$WORKERS or None"
    assert said(serve("WEB_CONCURRENCY=5 gunicorn app:app"), "workers") == 5


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("timeout = int(os.environ.get('T', 30))", ""),
        ("timeout = int(os.getenv('T', '30').strip())", ""),
        ("timeout = int(os.environ.get('T') or 30)", ""),
        ("timeout = int(os.environ['T'])", ""),
        ("timeout = int(os.environ.get('T', 30)) * 2", None),
        ("timeout = 60 if os.environ.get('T') == 'slow' else 30", None),
        ("timeout = 60 if 'T' in os.environ else 30", None),
    ],
)
def test_what_is_made_of_a_variable_is_told_from_the_variable(serve: Serve, line: str, form: str | None) -> None:
    value = serve("gunicorn app:app", {"gunicorn.conf.py": f"import os\n{line}\n"}).settings.value("timeout")
    assert isinstance(value, EnvDriven)
    assert (value.name, value.form, value.is_variable) == ("T", form, form == "")


def test_threads_that_a_variable_decides_decide_the_class_of_workers(serve: Serve) -> None:
    value = serve("gunicorn --threads ${MANY:-1} app:app").settings.value("worker_class")
    assert isinstance(value, EnvDriven)
    assert (value.name, value.default, value.form) == ("MANY", "sync", None)


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("gunicorn -b $BIND app:app", "$BIND"),
        ("gunicorn -b ${BIND:-0.0.0.0:80} app:app", "0.0.0.0:80, unless $BIND changes it"),
        ("gunicorn -b unix:${FILE:-/run/x} app:app", "unix:${FILE:-/run/x}"),
        ("gunicorn -b unix:/run/${NAME:-x}.sock app:app", "unix:/run/$NAME.sock, else unix:/run/x.sock"),
        ("gunicorn -b 10.0.${NET:-0}.1:80 app:app", "10.0.$NET.1:80, else 10.0.0.1:80"),
        ("uvicorn --port 1${NUMBER:-80} app:app", "127.0.0.1:1$NUMBER, else 127.0.0.1:180"),
    ],
)
def test_an_address_is_shown_as_it_is_with_and_without_its_variable(serve: Serve, command: str, shown: str) -> None:
    assert [str(bind) for bind in serve(command).binds] == [shown]


def test_gunicorn_looks_for_its_file_where_it_starts_whatever_chdir_says(serve: Serve) -> None:
    files = {"gunicorn.conf.py": "workers = 2\n", "src/gunicorn.conf.py": "workers = 3\n"}
    assert said(serve("gunicorn --chdir src app:app", files), "workers") == 2
    assert said(serve("cd src && gunicorn app:app", files), "workers") == 3
    assert serve("gunicorn --chdir src app:app", files).folders == ("src",)


@pytest.mark.parametrize("name", ["conf/web.py", "file:conf/web.py", "python:conf.web"])
def test_gunicorn_takes_a_file_or_a_module(serve: Serve, name: str) -> None:
    files = {
        "conf/web.py": "bind = ['0.0.0.0:80']\nreload = True\nwsgi_app = 'shop:app'\ndef when_ready(server): pass\n"
    }
    server = serve(f"gunicorn -c {name}", files)
    assert [str(bind) for bind in server.binds] == ["0.0.0.0:80"]
    assert server.target == Known("shop:app", server.settings["wsgi_app"].source.span)
    assert (server.configuration, server.hooks, server.reload) == ("conf/web.py", ("when_ready",), YES)
    assert server.reload_span is not None
    assert str(server.reload_span) == "conf/web.py:2"


_COMPUTED = """
import os
from multiprocessing import cpu_count
bind = ["[::]:{}".format(os.environ.get("PORT", 5006)), "unix:/run/x"]
workers = int(os.environ.get("WEB_CONCURRENCY", 2))
threads = cpu_count()
timeout = 60 * 2
if os.environ.get("ENVIRONMENT") == "development":
    reload = True
else:
    preload_app = True
"""


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('"0.0.0.0:" + os.environ["PORT"]', "0.0.0.0:$PORT"),
        ('"0.0.0.0:{}".format(os.environ["PORT"])', "0.0.0.0:$PORT"),
        ('"0.0.0.0:%s" % os.environ.get("PORT", 80)', "0.0.0.0:${PORT:-80}"),
        ('":{}".format(os.getenv("PORT", "80"))', ":${PORT:-80}"),
        ('os.environ["HOST"] + ":80"', "$HOST:80"),
        ('os.environ["BIND"]', "$BIND"),
    ],
)
def test_what_a_variable_leaves_of_an_address_is_known(serve: Serve, written: str, shown: str) -> None:
    server = serve("gunicorn app:app", {"gunicorn.conf.py": f"import os\nbind = {written}\n"})
    assert [str(bind) for bind in server.binds] == [shown]


def test_gunicorns_file_is_evaluated_with_the_environment_of_the_service(serve: Serve) -> None:
    files = {"gunicorn.conf.py": _COMPUTED}
    server = serve("gunicorn app:app", files, ENVIRONMENT="production", WEB_CONCURRENCY="5")
    assert [str(bind) for bind in server.binds] == ["[::]:${PORT:-5006}", "unix:/run/x"]
    assert [said(server, name) for name in ("workers", "threads", "timeout", "preload")] == [5, "?", 120, True]
    assert (server.reload, server.interface) == (NO, Interface.WSGI)
    assert serve("gunicorn app:app", files, ENVIRONMENT="development").reload is YES
    unknown = serve("gunicorn app:app", files)
    reload = unknown.settings.value("reload")
    assert isinstance(reload, EnvDriven)
    assert (reload.name, reload.default, reload.form) == ("ENVIRONMENT", False, None)
    assert (unknown.reload, said(unknown, "workers")) == (UNKNOWN, "$WEB_CONCURRENCY or 2")


def test_a_file_named_in_the_variable_counts_unless_the_command_names_one(serve: Serve) -> None:
    files = {"a.py": "workers = 2\n", "b.py": "workers = 3\n"}
    assert said(serve("gunicorn app:app", files, GUNICORN_CMD_ARGS="-c a.py"), "workers") == 2
    assert said(serve("gunicorn -c b.py app:app", files, GUNICORN_CMD_ARGS="-c a.py"), "workers") == 3


def test_a_file_that_is_not_here_leaves_only_what_is_stronger(serve: Serve) -> None:
    server = serve("gunicorn -c /etc/gunicorn.py --timeout 5 app:app")
    assert (said(server, "timeout"), said(server, "workers"), server.reload) == (5, "?", UNKNOWN)
    value = server.settings.value("workers")
    assert isinstance(value, Unknown)
    assert value.reason == "the configuration file /etc/gunicorn.py is not in this repository"
    assert [str(bind) for bind in server.binds] == ["?:?"]


def test_no_default_is_relied_on_beside_an_option_that_is_not_known(serve: Serve) -> None:
    server = serve("gunicorn --brand-new 5 --workers 3 app:app", {"gunicorn.conf.py": "timeout = 9\n"})
    assert (said(server, "workers"), said(server, "timeout"), said(server, "keep_alive")) == (3, 9, "?")
    assert not server.options_complete
    assert server.target == Known("app:app", server.target.span or server.span)
    assert serve("gunicorn --brand-new app:app").target.value == "app:app"  # type: ignore[union-attr]


def test_words_that_a_variable_may_hold_make_the_rest_doubtful(serve: Serve) -> None:
    server = serve("gunicorn $OPTIONS --timeout 5 shop:app")
    assert (said(server, "timeout"), said(server, "workers")) == (5, "?")
    assert isinstance(server.target, Known)
    assert server.target.value == "shop:app"


def test_a_variable_may_name_the_app(serve: Serve) -> None:
    target = serve("gunicorn ${APP:-shop:app}").target
    assert isinstance(target, EnvDriven)
    assert (target.name, target.default) == ("APP", "shop:app")
    assert getattr(serve("gunicorn $APP", APP="shop:app").target, "value", None) == "shop:app"
    assert getattr(serve("uvicorn", UVICORN_APP="shop:app").target, "value", None) == "shop:app"
    assert isinstance(serve("gunicorn").target, Unknown)


def test_variables_named_after_options_are_settings(serve: Serve) -> None:
    server = serve("uvicorn app:app --port 81", UVICORN_HOST="0.0.0.0", UVICORN_PORT="80", UVICORN_RELOAD="true")
    assert ([str(bind) for bind in server.binds], server.reload) == (["0.0.0.0:81"], YES)
    server = serve("granian app:app", GRANIAN_INTERFACE="wsgi", GRANIAN_LOG_ACCESS_ENABLED="1")
    assert (said(server, "interface"), said(server, "access_log")) == ("wsgi", True)
    assert said(serve("uvicorn app:app", UVICORN_PORT=""), "port") == 8000
    assert said(serve("uvicorn app:app", UVICORN_PORT="http"), "port") == "?"


def test_the_env_file_of_uvicorn_comes_late(serve: Serve) -> None:
    files = {"prod.env": "WEB_CONCURRENCY=4\nUVICORN_PORT=80\n"}
    server = serve("uvicorn app:app --env-file prod.env", files)
    assert (said(server, "workers"), said(server, "port")) == (4, 8000)
    assert said(serve("uvicorn app:app --env-file prod.env", files, WEB_CONCURRENCY="2"), "workers") == 2


def test_hypercorn_reads_toml_and_python(serve: Serve) -> None:
    toml = 'bind = ["0.0.0.0:80"]\nworkers = 4\nuse_reloader = true\n'
    server = serve("hypercorn -c h.toml app", {"h.toml": toml})
    assert ([str(bind) for bind in server.binds], said(server, "workers"), server.reload) == (["0.0.0.0:80"], 4, YES)
    assert str(server.settings["workers"].source.span) == "h.toml:2"
    assert said(serve("hypercorn -c file:h.py app", {"h.py": "workers = 5\n"}), "workers") == 5
    assert said(serve("hypercorn -c missing.toml app"), "workers") == "?"


@pytest.mark.parametrize(
    ("command", "interface"),
    [
        ("gunicorn app:app", "WSGI"),
        ("gunicorn -k gevent app:app", "WSGI"),
        ("gunicorn -k uvicorn.workers.UvicornWorker app:app", "ASGI"),
        ("gunicorn -k asgi app:app", "ASGI"),
        ("gunicorn -k aiohttp.GunicornWebWorker app:app", "its own server"),
        ("gunicorn -k shop.workers.Mine app:app", None),
        ("gunicorn -k $CLASS app:app", None),
        ("uvicorn app:app", "ASGI"),
        ("uvicorn --interface wsgi app:app", "WSGI"),
        ("granian app:app", None),
        ("granian --interface wsgi app:app", "WSGI"),
        ("hypercorn app", None),
        ("waitress-serve app:app", "WSGI"),
        ("daphne app:app", "ASGI"),
    ],
)
def test_a_server_calls_its_app_in_one_way(serve: Serve, command: str, interface: str | None) -> None:
    found = serve(command).interface
    assert (found.value if found is not None else None) == interface


def test_a_worker_class_of_the_repository_calls_as_the_one_that_it_extends(serve: Serve) -> None:
    workers = "from uvicorn.workers import UvicornWorker\nclass Base(UvicornWorker):\n    CONFIG_KWARGS = {}\n"
    files = {"shop/workers.py": f"{workers}class Mine(Base):\n    pass\nclass Loop(Loop):\n    pass\n"}
    assert serve("gunicorn -k shop.workers.Mine app:app", files).interface is Interface.ASGI
    assert serve("gunicorn -k shop.workers.Loop app:app", files).interface is None
    assert serve("gunicorn -k other.Mine app:app", files).interface is None


@pytest.mark.parametrize(
    ("command", "files", "environment", "reload"),
    [
        ("gunicorn app:app", {}, {}, NO),
        ("gunicorn --reload app:app", {}, {}, YES),
        ("gunicorn app:app", {"gunicorn.conf.py": "reload = True\n"}, {}, YES),
        ("gunicorn app:app", {"gunicorn.conf.py": "import os\nreload = os.getlogin()\n"}, {}, UNKNOWN),
        ("gunicorn -c dev/gunicorn.py app:app", {"dev/gunicorn.py": "reload = True\n"}, {}, YES),
        ("gunicorn -c ${CONF:-dev/gunicorn.py} app:app", {"dev/gunicorn.py": "reload = True\n"}, {}, UNKNOWN),
        ("gunicorn -c ${CONF:-gunicorn.py} app:app", {"gunicorn.py": "reload = True\n"}, {}, YES),
        ("gunicorn -c $CONF app:app", {"dev/gunicorn.py": "reload = True\n"}, {"CONF": "dev/gunicorn.py"}, YES),
        ("uwsgi --ini dev/uwsgi.ini", {"dev/uwsgi.ini": "[uwsgi]\npy-autoreload = 1\n"}, {}, YES),
        ("granian --reload --no-reload app:app", {}, {}, NO),
        ("sanic app --dev", {}, {}, YES),
        ("flask run", {}, {"FLASK_DEBUG": "1"}, YES),
        ("fastapi dev", {}, {}, YES),
        ("watchfiles 'gunicorn app:app'", {}, {}, YES),
        ("uwsgi --http :80 --py-autoreload 1", {}, {}, YES),
    ],
)
def test_reloading_is_decided_by_the_strongest_place(
    serve: Serve, command: str, files: dict[str, str], environment: dict[str, str], reload: object
) -> None:
    assert serve(command, files, **environment).reload is reload


_WORD = st.sampled_from(
    ["-w", "4", "--bind", ":80", "--", "-", "app:app", "--workers=", "-b=", "$X", "-DRw", "--re", "--x=y", "", "-é"]
)


@settings(deadline=None, max_examples=100)
@given(st.sampled_from([name for name in PRODUCTS if PRODUCTS[name].table]), st.lists(_WORD, max_size=8))
def test_no_word_is_lost_and_any_line_of_words_is_read(product: str, texts: list[str]) -> None:
    source = Source("Procfile", " ".join(texts) or " ")
    words = tuple(Word.of(Text.at(text, source.span)) for text in texts)
    parsed = parse(grammar_of(PRODUCTS[product]), words)
    taken = len(parsed.positional) + len(parsed.loose) + len(parsed.given)
    assert taken + 2 * texts.count("--") + 6 * len(texts) >= len(texts)
    assert len(parsed.positional) <= len(texts)


def test_every_spelling_of_a_table_means_one_option() -> None:
    for product in PRODUCTS.values():
        known = grammar(product.table, product.style)
        for option in known.options:
            for spelling in (*option.spellings, *option.off):
                meant = known.spelt(spelling)
                assert meant is not None
                assert meant.name == option.name, (product.name, spelling)
