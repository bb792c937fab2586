"""Every page of the rules about serving and observability is started: what to use instead serves, the example fails.

The command, the variables and the port of a project are those that prodlint finds in it. What needs more than the
programs that this project's extras bring is listed with the reason.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from prodlint.deployment.process import Platform
from prodlint.engine import built_in_rules
from tests.rules.real_page import page, served, start
from tests.rules.real_server import Running, accepts

NOTHING: Mapping[str, str] = {}
FAMILIES = ("serving", "observability")
OTHER = "127.0.0.2"
# The platforms whose proxies and probes come from another address than the loopback of the process.
CONTAINERS = {Platform.COMPOSE, Platform.DOCKER, Platform.KUBERNETES, Platform.FLY}

# What pages leave out: an app that they only name, the settings of Django, a project's own commands.
WSGI = """\
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]


app = application
"""
ASGI = """\
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})
"""
SETTINGS = 'SECRET_KEY = "of-a-test"\nROOT_URLCONF = "shop.urls"\nALLOWED_HOSTS = ["*"]\n'
URLS = """\
from django.db import connection
from django.http import HttpResponse
from django.urls import path

urlpatterns = [
    path("", lambda request: HttpResponse("ok")),
    path("db", lambda request: HttpResponse(connection.vendor)),
]
"""
DJANGO = {"shop/settings.py": SETTINGS, "shop/urls.py": URLS}
DJANGO_SETTINGS = {"DJANGO_SETTINGS_MODULE": "shop.settings"}
MANAGE = "import pathlib\nimport sys\n\npathlib.Path(sys.argv[1]).touch()\n"
SHOP = {"shop/wsgi.py": WSGI}


@dataclass(frozen=True)
class Fails:
    """How an example fails: the status of its answer, or that with which it ends, and a text that it writes.

    `without` is a text that it does not write in all its life, and what to use instead does.
    """

    status: int | None = None
    ends: int | None = None
    says: str = ""
    without: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """How the projects of a page are started, and what they do.

    `files` and `more` (behind a file of the page) are what it leaves out. `wrong` is how the example fails: a text
    names the test that shows it, or says why none can.
    """

    wrong: Fails | str
    files: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    path: str = "/"
    status: int = 200
    says: str = ""


def blocked(package: str) -> dict[str, str]:
    """A package that is not installed, as far as the project can tell."""
    return {f"{package}/__init__.py": f"raise ModuleNotFoundError({package!r})\n"}


# 404 is the answer of an app without a route: the app's own, as the status of a server would be 500 or none.
STARTED = {
    "app-run-in-production": Page(Fails(status=404, says="This is a development server"), status=404),
    "app-target-not-found": Page(
        Fails(ends=4, says="Failed to find attribute 'app'"), DJANGO, variables=DJANGO_SETTINGS
    ),
    "command-after-server-never-runs": Page(
        "test_what_stands_behind_a_server_waits_for_its_end", {**SHOP, "manage.py": MANAGE}
    ),
    "compose-interpolates-container-variable": Page(Fails(ends=1, says="'' is not a valid port number"), SHOP),
    "daemonized-server-under-supervisor": Page(
        "test_a_server_that_goes_to_the_background_ends_its_command_and_the_container", SHOP
    ),
    "dev-server-in-production": Page(Fails(status=404, says="This is a development server"), status=404),
    "eventlet-unmaintained": Page(Fails(ends=1, says="eventlet"), status=404),
    "factory-flag-missing": Page(Fails(status=404, says="ASGI app factory detected"), status=404),
    "graceful-timeout-exceeds-grace-period": Page("only an engine kills what takes too long to stop", SHOP),
    "gunicorn-config-not-loaded": Page("test_gunicorn_serves_with_one_worker_without_its_file", status=404),
    "keepalive-shorter-than-load-balancer": Page("test_servers_close_idle_connections_by_themselves", status=404),
    "logs-to-file-in-container": Page(
        "test_a_log_file_leaves_nothing_on_standard_error", status=404, says="Listening at"
    ),
    "max-requests-without-jitter": Page(
        "test_workers_restart_after_as_many_requests_until_there_is_jitter", status=404
    ),
    "missing-access-log": Page(
        Fails(status=404, without='"GET / HTTP/1.1" 404'), status=404, says='"GET / HTTP/1.1" 404'
    ),
    "missing-application-server": Page(
        Fails(ends=127, says="gunicorn: command not found", variables={"PATH": "/nothing"}), status=404
    ),
    "missing-health-endpoint": Page(Fails(status=404), path="/health"),
    "missing-worker-configuration": Page(
        "test_a_request_waits_for_another_one_where_nobody_says_how_many_workers", DJANGO, variables=DJANGO_SETTINGS
    ),
    "port-mismatch": Page("Docker hands a published port on, and nothing listens where it dials", status=404),
    "request-without-timeout": Page(
        "test_gunicorn_kills_the_worker_that_waits_for_an_answer_without_a_time_limit", path="/pay", status=405
    ),
    "rotating-log-file-with-workers": Page(
        "test_handlers_of_several_processes_lose_lines_that_one_keeps",
        DJANGO,
        more={"shop/settings.py": SETTINGS},
    ),
    "server-ignores-sigterm": Page(
        "test_a_server_without_a_handler_ignores_sigterm_as_the_first_process", {"shop.py": WSGI}
    ),
    "server-option-needs-package": Page(Fails(ends=1, says="uvloop", files=blocked("uvloop")), status=404),
    "server-timeout-exceeds-router-timeout": Page("it takes nginx to give up on a request", status=404),
    "shell-operator-without-shell": Page(Fails(ends=0), {**SHOP, "manage.py": MANAGE}),
    "single-quoted-exec-form": Page("test_a_shell_finds_no_program_of_the_name_that_a_list_begins_with", SHOP),
    "sqlite-with-multiple-replicas": Page(
        "test_copies_of_an_app_have_a_database_each", DJANGO, more={"shop/settings.py": SETTINGS}, path="/db"
    ),
    "threads-ignored-by-worker-class": Page("test_threads_change_nothing_for_workers_of_uvicorn", status=404),
    "trusts-proxy-headers-without-proxy": Page(
        "test_servers_believe_forwarded_headers_of_whom_the_model_says", status=404
    ),
    "unexpanded-port-variable": Page(Fails(ends=2, says="'$PORT' is not a valid integer"), {"shop.py": ASGI}),
    "unix-socket-not-shared": Page("it takes two containers that do not share their files", status=404),
    "unknown-gunicorn-setting": Page(
        Fails(status=200, without='"GET / HTTP/1.1" 200'),
        DJANGO,
        variables=DJANGO_SETTINGS,
        says='"GET / HTTP/1.1" 200',
    ),
    "unknown-server-option": Page(Fails(ends=2, says="No such option"), status=404),
    "untrusted-proxy-headers": Page("test_servers_believe_forwarded_headers_of_whom_the_model_says", path="/items/"),
    "uvicorn-worker-module-deprecated": Page("test_the_module_of_uvicorn_for_gunicorn_warns", status=404),
    "worker-class-unavailable": Page(Fails(ends=1, says="gevent", files=blocked("gevent")), status=404),
    "worker-timeout-disabled": Page("what gunicorn does not do for ever cannot be waited for", status=404),
    "workers-from-host-cpu-count": Page("it takes a machine with many CPUs and a container with few", status=404),
}
# The pages of which another test starts both projects.
ELSEWHERE = {
    "app-factory-not-called": "test_the_example_of_a_rule_answers_500_and_what_to_use_instead_answers",
    "asgi-app-on-wsgi-worker": "test_the_example_of_a_rule_answers_500_and_what_to_use_instead_answers",
    "async-app-on-wsgi-entrypoint": "test_wsgi_answers_no_handshake_of_a_project_with_websockets",
    "background-task-in-web-process": "test_a_worker_in_the_background_dies_without_anybody_starting_it_again",
    "blocking-call-in-async-endpoint": "test_a_blocking_call_in_a_coroutine_keeps_other_requests_waiting",
    "breakpoint-in-production": "test_a_breakpoint_without_a_terminal_ends_the_request",
    "debug-logging-in-production": "test_an_echo_writes_statements_with_their_values",
    "debugger-in-production": "test_a_debugger_listens_beside_the_app",
    "error-tracker-not-initialised": "test_nobody_hears_of_an_error_until_the_tracker_is_started_with_a_dsn",
    "error-tracker-samples-everything": "test_a_rate_of_one_sends_a_trace_of_every_request",
    "error-tracker-without-dsn": "test_nobody_hears_of_an_error_until_the_tracker_is_started_with_a_dsn",
    "error-tracker-without-environment": "test_staging_reports_as_production_until_it_says_that_it_is_staging",
    "flask-async-view-without-extra": "test_flask_answers_500_for_a_coroutine_without_its_extra",
    "gevent-without-cooperative-driver": "test_psycopg2_holds_all_requests_of_a_gevent_worker_and_psycopg_lets_go",
    "graceful-shutdown-unlimited": "test_uvicorn_with_a_limit_ends_its_streams_and_its_app",
    "granian-interface-missing": "test_granian_answers_500_until_it_is_told_the_interface",
    "in-process-state-with-workers": "test_sessions_in_the_memory_of_one_worker_are_unknown_to_the_next",
    "info-logs-discarded": "test_info_of_an_app_vanishes_under_servers_and_comes_out_once_the_root_is_set_up",
    "loggers-silenced-by-config": "test_a_configuration_of_the_app_silences_the_servers_loggers",
    "loopback-bind-in-container": "test_a_server_on_the_loopback_refuses_whoever_comes_from_elsewhere",
    "metrics-without-multiprocess": "test_each_worker_tells_prometheus_its_own_count_until_they_are_added_up",
    "monkey-patch-too-late": "test_urllib3_recurses_where_the_app_is_preloaded_before_gevent_patches",
    "nested-event-loop": "test_a_second_event_loop_is_refused_in_every_request",
    "pool-smaller-than-threads": "test_sixteen_threads_have_fifteen_connections",
    "port-not-from-environment": "test_uvicorn_listens_on_a_port_of_its_own_whatever_port_says",
    "preload-loses-threads": "test_a_thread_that_is_started_before_the_fork_is_in_no_worker",
    "print-instead-of-logging": "test_printed_lines_stay_in_a_buffer_until_sigkill_takes_them",
    "random-secret-key": "test_workers_with_a_key_each_lose_sessions",
    "root-path-mismatch": "test_the_documentation_asks_for_its_schema_below_the_prefix_that_the_app_is_told",
    "shell-form-swallows-signals": "test_the_script_of_the_page_ends_on_sigterm_once_it_execs",
    "socketio-with-multiple-workers": "test_several_workers_refuse_the_sessions_of_each_other",
    "startup-handlers-ignored": "test_a_startup_handler_beside_a_lifespan_leaves_the_app_without_what_it_sets_up",
    "sync-orm-in-async-view": "test_django_refuses_a_query_in_a_coroutine",
    "uvicorn-run-needs-import-string": "test_uvicorn_cannot_start_workers_with_the_app_itself",
    "uwsgi-protocol-mismatch": "test_uwsgi_does_not_understand_http_on_a_socket_of_its_own_protocol",
    "uwsgi-reloads-on-sigterm": "test_uwsgi_reloads_on_sigterm_until_it_is_told_to_die",
    "uwsgi-starts-without-app": "test_uwsgi_stays_up_without_its_app_until_it_needs_one",
    "websocket-on-wsgi-worker": "test_threads_leave_room_beside_websockets",
    "websocket-without-library": "test_plain_uvicorn_refuses_a_websocket_handshake",
    "worker-heartbeat-on-disk": "test_gunicorn_does_not_start_where_all_files_are_read_only",
    "wsgi-app-on-asgi-server": "test_the_example_of_a_rule_answers_500_and_what_to_use_instead_answers",
}
NOT_STARTED = {
    "metrics-endpoint-public": "nginx answers for the app",
    "port-bound-twice": "nginx and supervisord share a container with the server",
    "preload-opens-connections": "the app connects to PostgreSQL when it is imported",
}


def has_another_address() -> bool:
    with socket.socket() as one:
        try:
            one.bind((OTHER, 0))
        except OSError:
            return False
    return True


def test_every_rule_is_started_here_or_elsewhere_or_says_why_not() -> None:
    rules = sorted(rule.name for rule in built_in_rules() if rule.family in FAMILIES)
    assert sorted([*STARTED, *ELSEWHERE, *NOT_STARTED]) == rules


def test_the_tests_that_show_a_rule_elsewhere_exist() -> None:
    written = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_real_*.py"))
    named = {*ELSEWHERE.values(), *(one.wrong for one in STARTED.values() if isinstance(one.wrong, str))}
    missing = [name for name in named if name.startswith("test_") and f"def {name}(" not in written]
    assert missing == []


def complete(files: Mapping[str, str], one: Page, more: Mapping[str, str] = NOTHING) -> dict[str, str]:
    """A project of a page with what the page leaves out."""
    files = {**one.files, **more, **files}
    return {path: text + one.more.get(path, "") for path, text in files.items()}


def told_to_end(running: Running) -> str:
    """All that a server wrote in its life."""
    running.process.terminate()
    assert running.ended() is not None
    return running.written


@pytest.mark.real
@pytest.mark.parametrize("rule", STARTED)
def test_what_to_use_instead_serves_and_the_example_fails(rule: str, tmp_path: Path) -> None:
    one = STARTED[rule]
    bad, good = page(rule)
    files = complete(good.files, one)
    with ExitStack() as stack:
        right = start(stack, tmp_path / "right", files, one.variables)
        fails = one.wrong if isinstance(one.wrong, Fails) else None
        if fails is not None:
            variables = {**one.variables, **fails.variables}
            wrong = start(stack, tmp_path / "wrong", complete(bad.files, one, fails.files), variables)
        assert right.status(one.path) == one.status, right.written
        assert right.says(one.says)
        if has_another_address() and served(files).process.platform in CONTAINERS:
            assert accepts(right.port, OTHER), "nobody outside of its container reaches it"
        if fails is None:
            return
        if fails.ends is not None:
            assert wrong.ended() == fails.ends, wrong.written
        else:
            assert wrong.status(one.path) == fails.status, wrong.written
        assert wrong.says(fails.says), wrong.written
        if fails.without:
            assert fails.without not in told_to_end(wrong)
