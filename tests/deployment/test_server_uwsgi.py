"""uWSGI: configuration files, sections, placeholders and conditions as uWSGI itself reads them."""

from collections.abc import Callable

from prodlint.deployment.servers.server import Server
from prodlint.deployment.value import NO, YES, EnvDriven, Known, PerCpu

Serve = Callable[..., Server]


def said(server: Server, name: str) -> object:
    """A setting as a test wants to read it: its value, `$NAME` with its default, or a question mark."""
    value = server.settings.value(name)
    if isinstance(value, Known):
        return value.value
    return f"${value.name} or {value.default}" if isinstance(value, EnvDriven) else "?"


def test_a_uwsgi_socket_is_no_http(serve: Serve) -> None:
    server = serve("uwsgi --http-socket :80 --socket :3031 --https :443,a.crt,a.key")
    assert [(str(bind), bind.protocol) for bind in server.binds] == [
        (":80", "http"),
        (":443", "https"),
        (":3031", "uwsgi"),
    ]


_UWSGI = """[uwsgi]
project = shop
module = %(project).wsgi
chdir = %d
http-socket = 0.0.0.0:$(PORT)
processes = 2
master = true
  die-on-term
if-env = DEBUG
py-autoreload = 1
endif =
if-exists = /x
threads = 4
endif =
[other]
processes = 9
module = other:app
"""


def test_uwsgi_reads_its_ini_file(serve: Serve) -> None:
    server = serve(
        "uwsgi --processes 1 --ini etc/uwsgi.ini --harakiri 9", {"etc/uwsgi.ini": _UWSGI}, PORT="80", DEBUG=""
    )
    assert getattr(server.target, "value", None) == "shop.wsgi:application"
    assert [str(bind) for bind in server.binds] == ["0.0.0.0:80"]
    assert [said(server, name) for name in ("workers", "master", "die_on_term", "timeout")] == [2, True, True, 9]
    assert (said(server, "threads"), server.folders, server.configuration) == ("?", ("/etc/",), "etc/uwsgi.ini")
    assert server.reload is YES
    assert str(server.settings["workers"].source.span) == "etc/uwsgi.ini:6"


def test_uwsgi_reads_a_section_and_yaml_and_variables(serve: Serve) -> None:
    server = serve("uwsgi uwsgi.ini:other", {"uwsgi.ini": _UWSGI}, UWSGI_THREADS="3", UWSGI_PROCESSES="5")
    assert getattr(server.target, "value", None) == "other:app"
    assert (said(server, "workers"), said(server, "threads")) == (9, 3)
    yaml = "uwsgi:\n  wsgi-file: src/app.py\n  callable: app\n  http: [':80', ':81']\n"
    server = serve("uwsgi --yaml u.yaml", {"u.yaml": yaml, "src/app.py": ""})
    assert (getattr(server.target, "value", None), server.target_file) == ("src/app.py:app", "src/app.py")
    assert [str(bind) for bind in server.binds] == [":80", ":81"]
    assert said(serve("uwsgi --ini /etc/uwsgi.ini"), "workers") == "?"


def test_uwsgi_replaces_placeholders_by_the_first_option_of_a_name_wherever_it_stands(serve: Serve) -> None:
    ini = "[uwsgi]\nmodule = %(app).wsgi\nset-placeholder = app=shop\nset-placeholder = app=other\nthreads = %(none)\n"
    server = serve("uwsgi u.ini", {"u.ini": ini})
    assert getattr(server.target, "value", None) == "shop.wsgi:application"
    assert said(server, "threads") == "?"


def test_a_variable_that_uwsgi_asks_for_drives_what_stands_below(serve: Serve) -> None:
    ini = (
        "[uwsgi]\nif-env = WORKERS\nprocesses = $(WORKERS)\nendif =\nif-not-env = WORKERS\nprocesses = 4\nendif =\n"
        "threads = 2\nif-env = MANY\nthreads = 9\nendif =\n"
        "if-not-env = V6\nhttp-socket = :80\nendif =\nif-env = V6\nhttp-socket = [::]:80\nendif =\n"
        "if-exists = /x\nharakiri = 3\nendif =\n"
    )
    server = serve("uwsgi u.ini", {"u.ini": ini})
    assert [said(server, name) for name in ("workers", "threads", "timeout")] == ["$WORKERS or 4", "$MANY or 2", "?"]
    assert [str(bind) for bind in server.binds] == ["[::]:80 when $V6 is set, else :80"]
    forms = [getattr(server.settings.value(name), "form", "?") for name in ("workers", "threads")]
    assert forms == ["", "9"]
    assert [(bind.is_loopback, bind.is_everywhere) for bind in server.binds] == [(NO, YES)]
    known = serve("uwsgi u.ini", {"u.ini": ini}, WORKERS="3", MANY="", V6="1")
    assert [said(known, name) for name in ("workers", "threads")] == [3, 9]
    assert [str(bind) for bind in known.binds] == ["[::]:80"]


def test_an_ini_file_that_includes_itself_ends(serve: Serve) -> None:
    files = {"a.ini": "[uwsgi]\nini = a.ini\nx = %(x)%(x)\nx = %(x)%(x)%(x)\nprocesses = 3\n"}
    assert said(serve("uwsgi a.ini", files), "workers") == 3


def test_a_file_that_is_only_read_where_it_is_there_leaves_the_rest_known(serve: Serve) -> None:
    ini = "[uwsgi]\nmodule = shop.wsgi\nprocesses = 3\nif-file = %s\nini = %%(_)\nharakiri = 9\nendif =\nthreads = 2\n"
    absent = serve("uwsgi u.ini", {"u.ini": ini % "/etc/override.ini"})
    assert getattr(absent.target, "value", None) == "shop.wsgi:application"
    assert [said(absent, name) for name in ("workers", "threads", "timeout")] == [3, 2, "?"]
    there = serve("uwsgi u.ini", {"u.ini": ini % "more.ini", "more.ini": "[uwsgi]\nprocesses = 7\n"})
    assert [said(there, name) for name in ("workers", "threads", "timeout")] == [7, 2, 9]


def test_a_file_that_is_always_read_and_is_not_here_leaves_nothing_before_it_known(serve: Serve) -> None:
    server = serve("uwsgi u.ini", {"u.ini": "[uwsgi]\nprocesses = 3\nini = /etc/more.ini\nthreads = 2\n"})
    assert [said(server, name) for name in ("workers", "threads")] == ["?", 2]


def test_a_file_that_a_condition_may_read_is_in_doubt_as_a_whole(serve: Serve) -> None:
    files = {
        "u.ini": "[uwsgi]\nprocesses = 3\nif-env = MORE\nini = %(_)\nendif =\nif-opt = x=y\nini = more.ini\nendif =\n",
        "more.ini": "[uwsgi]\nprocesses = 7\n",
    }
    assert said(serve("uwsgi u.ini", files), "workers") == "?"
    assert said(serve("uwsgi u.ini", files, MORE="more.ini"), "workers") == "?"


def test_one_process_for_each_cpu(serve: Serve) -> None:
    value = serve("uwsgi u.conf", {"u.conf": ""}).settings.value("workers")
    assert not isinstance(value, PerCpu)
    value = serve("uwsgi --ini u.conf", {"u.conf": "[uwsgi]\nprocesses = %k\n"}).settings.value("workers")
    assert isinstance(value, PerCpu)
    assert value.formula == "CPUs"
