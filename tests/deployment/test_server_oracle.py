"""Servers' own parsers as oracles: what they make of a command and an environment is what the model says."""

import json
import random
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from prodlint.deployment.commands.grammar import Grammar, Option
from prodlint.deployment.servers.products import PRODUCTS, grammar_of
from prodlint.deployment.servers.server import Server
from prodlint.deployment.value import EnvDriven, Known

pytestmark = pytest.mark.real
Serve = Callable[..., Server]
# One subprocess answers a whole batch: making a batch smaller would only cost time.
_BATCH = settings(
    max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)

# Options whose values need more of the machine than a text: users, files, classes, sockets.
_NOT_ASKED = {
    "gunicorn": "config chdir user group statsd_host reload_extra_files reload_engine ssl_version asgi_loop "
    "asgi_lifespan http_parser http_protocols http2_cleartext http2_max_frame_size header_map cert_reqs ca_certs "
    "proxy_protocol paste pythonpath check_config print_config help version umask control_socket_mode "
    "http2_max_concurrent_streams proxy_allow_ips uwsgi_allow_ips forwarder_headers suppress_ragged_eofs",
    "uvicorn": "loop http ws lifespan interface env_file log_config log_level reload_dirs version help ssl_version "
    "ssl_cert_reqs app_dir fd",
    "hypercorn": "config cert_reqs verify_mode help shutdown_timeout startup_timeout max_requests_jitter daemon "
    "statsd_prefix",
    "waitress": "help sockets trusted_proxy_headers trusted_proxy trusted_proxy_count unix_socket unix_socket_perms "
    "send_bytes listen host port url_prefix server_name ident",
    "granian": "help version uds_permissions interface http runtime_mode loop task_impl log_level log_config "
    "ssl_certificate ssl_keyfile ssl_protocol_min ssl_ca ssl_crl working_dir env_files static_path_mount "
    "reload_paths reload_ignore_paths pid_file uds ssl_keyfile_password process_name blocking_threads_idle_timeout "
    "http2_keep_alive_interval http2_keep_alive_timeout http2_max_frame_size runtime_blocking_threads rss_samples "
    "backpressure workers_lifetime workers_max_rss http1_buffer_size http1_header_read_timeout",
    "daphne": "help fd no_server_name proxy_headers_host proxy_headers_port socket_strings",
}
# Inside of what every option takes for a number.
_NUMBERS = (1030, 1039)
# Hypercorn's old options for its logs: what they say is found under the names of the new ones.
_DEPRECATED = {"hypercorn": {"access_log", "error_log"}}
_TEXTS = ("a", "x y", "-", "0.0.0.0:80", "/tmp/x", "*")


def asked(product: str) -> list[Option]:
    known = grammar_of(PRODUCTS[product])
    refused = set(_NOT_ASKED[product].split())
    return [option for option in known.options if option.spellings and option.own not in refused]


def spelt(chance: random.Random, known: Grammar, option: Option, spelling: str) -> str:
    """A spelling as it is, or cut short where the parser allows it."""
    if not known.style.prefixes or not spelling.startswith("--") or chance.random() < 0.5:
        return spelling
    lengths = [n for n in range(3, len(spelling)) if known.spelt(spelling[:n]) is option]
    return spelling[: chance.choice(lengths)] if lengths else spelling


def words(chance: random.Random, known: Grammar, option: Option) -> list[str]:
    """One use of an option on a command line."""
    if option.kind in ("flag", "off", "switch"):
        return [chance.choice((*option.spellings, *option.off))]
    value = chance.choice(_TEXTS) if option.kind in ("text", "list") else str(chance.randint(*_NUMBERS))
    if option.kind == "bool":
        value = chance.choice(("true", "0", "yes", "off"))
    spelling = chance.choice(option.spellings)
    if spelling.startswith("--"):
        spelling = spelt(chance, known, option, spelling)
        return [f"{spelling}={value}"] if chance.random() < 0.5 else [spelling, value]
    return [f"{spelling}{value}"] if chance.random() < 0.5 else [spelling, value]


def command(product: str, program: str, app: str, seed: int) -> list[str]:
    """A command line of a server with some of its options."""
    chance = random.Random(seed)
    known = grammar_of(PRODUCTS[product])
    options = asked(product)
    used = [chance.choice(options) for _ in range(chance.randint(0, 6))]
    groups = [words(chance, known, option) for option in used]
    position = chance.randint(0, len(groups)) if known.style.mixed else len(groups)
    groups.insert(position, [app])
    return [program, *(word for group in groups for word in group)]


def ask(script: str, cases: object, tmp_path: Path) -> list[Any]:
    """What a program in a Python of its own makes of a batch of cases; None for one that it refuses."""
    ran = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        timeout=120,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": ":".join(path for path in sys.path if path.endswith("-packages")),
            # Files that change within a second look the same to the cache.
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return list(json.loads(ran.stdout.splitlines()[-1]))


def held(server: Server, names: Iterable[str]) -> dict[str, object]:
    """The settings of a server by its own names for them, no variable set but those of the case."""
    by_own = {option.own: option.name for option in grammar_of(PRODUCTS[server.product]).options}
    found: dict[str, object] = {}
    for own in names:
        value = server.settings.value(by_own[own])
        plain = value.default if isinstance(value, EnvDriven) else getattr(value, "value", f"not known: {value}")
        # What nobody mentions and holds nothing may be an empty text or a path of the machine as well.
        if plain is not None or by_own[own] in server.settings.mentioned:
            found[own] = list(plain) if isinstance(plain, tuple) else plain
    return found


def differences(expected: dict[str, object], said: dict[str, object]) -> dict[str, tuple[object, object]]:
    return {name: (expected[name], value) for name, value in said.items() if expected[name] != value}


def agreed(answers: list[Any]) -> None:
    """Most commands are accepted, or the oracle says nothing."""
    assert sum(answer is not None for answer in answers) * 2 >= len(answers)


_GUNICORN = """
import contextlib, importlib, io, json, os, pathlib, sys
import gunicorn.config, gunicorn.app.base, gunicorn.app.wsgiapp
cases = json.load(sys.stdin)
answers = []
start = dict(os.environ)
loaded = None
for argv, environment, names, files in cases:
    os.environ.clear()
    os.environ.update(start, **environment)
    for name, text in files.items():
        pathlib.Path(name).write_text(text)
    keys = {k: v for k, v in environment.items() if k != "GUNICORN_CMD_ARGS"}
    if keys != loaded:
        importlib.reload(gunicorn.config)
        gunicorn.app.base.Config = gunicorn.config.Config
        loaded = keys
    sys.argv = argv
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            app = gunicorn.app.wsgiapp.WSGIApplication()
    except (SystemExit, ValueError):
        answers.append(None)
    else:
        held = {name: app.cfg.settings[name].get() for name in names}
        held["worker_class"] = app.cfg.worker_class_str
        for name in ("forwarded_allow_ips",):
            held[name] = ",".join(held[name])
        answers.append([app.app_uri, held])
    for name in files:
        pathlib.Path(name).unlink()
print(json.dumps(answers))
"""
_COMPUTED = """import os
bind = ['unix:/x', f"0.0.0.0:{os.environ.get('PORT', 81)}"]
accesslog = "-" if os.environ.get("WEB_CONCURRENCY", "1") != "1" else None
graceful_timeout = int(os.environ.get("WEB_CONCURRENCY", 4)) * 2
"""
_CONFIGURATION = st.dictionaries(
    st.sampled_from(["workers", "threads", "timeout", "keepalive", "max_requests"]), st.integers(1, 9), max_size=3
)


@pytest.mark.skipif(find_spec("gunicorn") is None, reason="gunicorn is not installed")
@_BATCH
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**32),
            st.one_of(st.none(), st.integers(0, 2**32)),
            st.dictionaries(st.sampled_from(["PORT", "WEB_CONCURRENCY"]), st.integers(1, 9).map(str)),
            st.one_of(st.none(), _CONFIGURATION),
            st.sampled_from(["gunicorn.conf.py", "other.py"]),
        ),
        min_size=40,
        max_size=40,
        unique_by=lambda case: case[0],
    )
)
def test_gunicorn_reads_its_command_file_and_environment_like_the_model(
    serve: Serve, tmp_path: Path, drawn: list[tuple[Any, ...]]
) -> None:
    names = [option.own for option in grammar_of(PRODUCTS["gunicorn"]).options if option.own in _GUNICORN_NAMES]
    cases = []
    for seed, variable, environment, configuration, file in drawn:
        argv = command("gunicorn", "gunicorn", "shop.wsgi:app", seed)
        environment = dict(environment)
        if variable is not None:
            environment["GUNICORN_CMD_ARGS"] = shlex.join(command("gunicorn", "gunicorn", "other:app", variable)[1:])
        files = {}
        if configuration is not None:
            text = "".join(f"{name} = {value}\n" for name, value in configuration.items())
            files = {file: _COMPUTED + text}
            argv += ["-c", file] if file == "other.py" else []
        cases.append((argv, environment, names, files))
    answers = ask(_GUNICORN, cases, tmp_path)
    agreed(answers)
    for (argv, environment, _, files), answer in zip(cases, answers, strict=True):
        if answer is None:
            continue
        server = serve(shlex.join(argv), files, **environment)
        said = held(server, names)
        said["worker_class"] = server.settings.known("worker_class")
        app, expected = answer
        assert isinstance(server.target, Known)
        assert app == server.target.value, argv
        assert differences(expected, said) == {}, (argv, environment, files)


_DRIVEN = (
    "bind = ['0.0.0.0:' + os.environ.get('X', '81')]",
    "bind = os.environ.get('X') or '127.0.0.1:80'",
    "workers = int(os.environ.get('X', 2))",
    "workers = int(os.environ.get('X', 2)) + 1",
    "timeout = 9 if os.environ.get('X') == '7' else 5",
    "preload_app = os.environ.get('X', '') != 'development'",
    "accesslog = os.environ.get('X')",
)


@pytest.mark.skipif(find_spec("gunicorn") is None, reason="gunicorn is not installed")
@pytest.mark.parametrize("number", ["7", "1040"])
def test_what_a_variable_decides_is_what_gunicorn_makes_of_it(serve: Serve, tmp_path: Path, number: str) -> None:
    argv = ["gunicorn", "shop.wsgi:app"]
    texts = [f"import os\n{line}\n" for line in _DRIVEN]
    names = ["bind", "workers", "timeout", "preload_app", "accesslog", "forwarded_allow_ips"]
    # Without a file, PORT is what X is in the files.
    cases = [(argv, {"X": number}, names, {"gunicorn.conf.py": text}) for text in texts]
    cases += [(argv, {"PORT": number}, names, {}), (argv, {}, names, {})]
    files = [{"gunicorn.conf.py": text} for text in texts] + [{}, {}]
    decided = 0
    for case, held_files, answer in zip(cases, files, ask(_GUNICORN, cases, tmp_path), strict=True):
        assert answer is not None
        by_own = {option.own: option.name for option in grammar_of(PRODUCTS["gunicorn"]).options}
        for own in names:
            value = serve(shlex.join(argv), held_files).settings.value(by_own[own])
            if not isinstance(value, EnvDriven) or not case[1] or value.name not in case[1]:
                continue
            found = answer[1][own]
            text = found[0] if isinstance(found, list) else str(found)
            decided += value.form is not None
            if value.form is not None:
                assert text == (value.form or f"${value.name}").replace(f"${value.name}", number)
    assert decided == 4


_GUNICORN_NAMES = {option.own for option in asked("gunicorn")} - {"user", "group"}


_UVICORN = """
import json, os, sys
import uvicorn
from uvicorn.main import main
cases = json.load(sys.stdin)
answers = []
start = dict(os.environ)
for argv, environment, names, files in cases:
    os.environ.clear()
    os.environ.update(start, **environment)
    try:
        context = main.make_context("uvicorn", list(argv[1:]))
    except BaseException:
        answers.append(None)
        continue
    held = {name: context.params[name] for name in names}
    late = ("workers", "forwarded_allow_ips")
    config = uvicorn.Config("a:b", log_config=None, **{name: held[name] for name in late})
    held.update({name: getattr(config, name) for name in late})
    answers.append([context.params["app"], held])
print(json.dumps(answers))
"""
_GRANIAN = """
import json, os, sys
from granian.cli import cli
cases = json.load(sys.stdin)
answers = []
start = dict(os.environ)
for argv, environment, names, files in cases:
    os.environ.clear()
    os.environ.update(start, **environment)
    try:
        context = cli.make_context("granian", list(argv[1:]), auto_envvar_prefix="GRANIAN")
    except BaseException:
        answers.append(None)
        continue
    held = {name: getattr(context.params[name], "value", context.params[name]) for name in names}
    answers.append([context.params["app"], held])
print(json.dumps(answers))
"""
_HYPERCORN = """
import contextlib, io, json, sys
import hypercorn.__main__ as hypercorn
cases = json.load(sys.stdin)
answers = []
made = []
hypercorn.run = made.append
for argv, environment, names, files in cases:
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            hypercorn.main(list(argv[1:]))
    except SystemExit:
        answers.append(None)
        continue
    config = made.pop()
    answers.append([config.application_path, {name: getattr(config, name) for name in names}])
print(json.dumps(answers))
"""
_WAITRESS = """
import json, sys
from waitress.adjustments import Adjustments
cases = json.load(sys.stdin)
answers = []
for argv, environment, names, files in cases:
    try:
        given, rest = Adjustments.parse_args(list(argv[1:]))
        call, _ = given.pop("call"), given.pop("help")
        held = Adjustments(**given)
        if len(rest) != 1:
            raise ValueError
    except Exception:
        answers.append(None)
        continue
    answers.append([rest[0], {name: call if name == "call" else getattr(held, name) for name in names}])
print(json.dumps(answers))
"""
_DAPHNE = """
import contextlib, io, json, sys
from daphne.cli import CommandLineInterface
cases = json.load(sys.stdin)
answers = []
for argv, environment, names, files in cases:
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            held = CommandLineInterface().parser.parse_args(list(argv[1:]))
    except SystemExit:
        answers.append(None)
        continue
    answers.append([held.application, {name: getattr(held, name) for name in names}])
print(json.dumps(answers))
"""
_PROGRAMS = {
    "uvicorn": ("uvicorn", "shop.asgi:app", _UVICORN),
    "granian": ("granian", "shop.asgi:app", _GRANIAN),
    "hypercorn": ("hypercorn", "shop.asgi:app", _HYPERCORN),
    "waitress": ("waitress-serve", "shop.wsgi:app", _WAITRESS),
    "daphne": ("daphne", "shop.asgi:app", _DAPHNE),
}


def variables(product: str, seed: int) -> dict[str, str]:
    """Variables named after the options of a server, and the one that many of them read."""
    chance = random.Random(seed)
    prefix = PRODUCTS[product].environment
    found = {"WEB_CONCURRENCY": "7"} if chance.random() < 0.5 else {}
    for _ in range(chance.randint(0, 4)) if prefix else ():
        option = chance.choice(asked(product))
        value = str(chance.randint(*_NUMBERS))
        if option.kind in ("flag", "switch", "bool"):
            value = chance.choice(("1", "0", "true", "False", "on", "no"))
        elif option.kind in ("text", "list"):
            value = chance.choice(("a", "a b", ""))
        found[prefix + option.own.upper()] = value
    return found


@pytest.mark.parametrize("product", _PROGRAMS)
@_BATCH
@given(seeds=st.lists(st.tuples(st.integers(0, 2**32), st.integers(0, 2**32)), min_size=60, max_size=60, unique=True))
def test_servers_read_their_commands_and_variables_like_the_model(
    serve: Serve, tmp_path: Path, product: str, seeds: list[tuple[int, int]]
) -> None:
    if find_spec(product) is None:
        pytest.skip(f"{product} is not installed")
    program, app, script = _PROGRAMS[product]
    names = sorted({option.own for option in asked(product)} - _DEPRECATED.get(product, set()))
    cases = [(command(product, program, app, one), variables(product, other), names, {}) for one, other in seeds]
    answers = ask(script, cases, tmp_path)
    agreed(answers)
    for (argv, environment, _, _), answer in zip(cases, answers, strict=True):
        if answer is None:
            continue
        server = serve(shlex.join(argv), **environment)
        app, expected = answer
        assert isinstance(server.target, Known)
        assert app == server.target.value, argv
        assert differences(expected, held(server, names)) == {}, (argv, environment)
