"""`.env` files as each of their readers takes them: the libraries and docker's client are asked themselves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prodlint.deployment.condition import word_value
from prodlint.deployment.value import Known, Value
from prodlint.source import Source, SyntaxProblem
from prodlint.syntax.dotenv_dialects import read_env_file
from prodlint.syntax.env_dialect import Dialect
from prodlint.syntax.interpolation import interpolated
from prodlint.syntax.word import Word

HOST = {"HOST": "outside"}
REFUSED = "refused"


def resolved(word: Word, variables: dict[str, str | None]) -> str | None:
    def lookup(name: str) -> Value[str] | None:
        return Known(variables[name] or "", word.span) if name in variables else None

    value = word_value(word, lookup)
    return value.value if isinstance(value, Known) else None


def read(text: str, dialect: Dialect) -> dict[str, str | None] | str:
    """The variables that a reader finds; HOST is set where it runs."""
    try:
        lines = read_env_file(Source(".env", text), dialect)
    except SyntaxProblem:
        return REFUSED
    found: dict[str, str | None] = {}
    for line in lines:
        if line.value is None:
            if dialect is Dialect.PYTHON_DOTENV:
                found[line.name] = None
            elif line.name in HOST:
                found[line.name] = HOST[line.name]
        elif dialect is Dialect.COMPOSE:
            found[line.name] = resolved(line.value, {**found, **HOST})
        else:
            found[line.name] = resolved(line.value, {**HOST, **found})
    return found


VERBATIM = (Dialect.DOCKER, Dialect.DJANGO_ENVIRON, Dialect.DECOUPLE, Dialect.STARLETTE)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('A="x # y" # c', {"python-dotenv": "x # y", "compose": "x # y", "systemd": "x # y# c", "": '"x # y" # c'}),
        ("A=x # c", {"python-dotenv": "x", "compose": "x", "systemd": "x # c", "": "x # c"}),
        ("A=${HOST}", {"python-dotenv": "outside", "compose": "outside", "systemd": "${HOST}", "": "${HOST}"}),
        ("A=$HOST", {"python-dotenv": "$HOST", "compose": "outside", "systemd": "$HOST", "": "$HOST"}),
        ("A='$HOST'", {"docker run --env-file": "'$HOST'", "": "$HOST"}),
        ("A='${HOST}'", {"docker run --env-file": "'${HOST}'", "python-dotenv": "outside", "": "${HOST}"}),
        (r'A="a\nb\"c"', {"python-dotenv": 'a\nb"c', "compose": 'a\nb"c', "systemd": r"a\nb" + '"c', "": None}),
    ],
)
def test_a_line_gives_each_reader_the_value_that_it_takes(line: str, expected: dict[str, str | None]) -> None:
    for dialect in Dialect:
        wanted = expected.get(dialect.value, expected[""])
        if wanted is not None:
            assert read(line + "\n", dialect) == {"A": wanted}, dialect


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("export A=x", {"docker run --env-file": REFUSED, "systemd": {}, "python-decouple": {"export A": "x"}}),
        ("A = x", {"docker run --env-file": REFUSED, "django-environ": {}}),
        ("A: x", {"compose": {"A": "x"}, "docker run --env-file": REFUSED, "python-decouple": {}}),
        ("HOST", {"compose": HOST, "docker run --env-file": HOST, "python-dotenv": {"HOST": None}, "systemd": {}}),
        ("1A=x", {"systemd": {}, "docker run --env-file": {"1A": "x"}}),
        ("=x", {"compose": {}, "docker run --env-file": REFUSED, "python-dotenv": {}}),
    ],
)
def test_a_name_is_not_a_name_to_every_reader(line: str, expected: dict[str, object]) -> None:
    for dialect in Dialect:
        if dialect.value in expected:
            assert read(line + "\n", dialect) == expected[dialect.value], dialect


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Asked of compose-go itself (its package dotenv, July 2026).
        ('A="x" # c\nB=1\n', {"A": "x", "B": "1"}),
        ("A=x #c\tB\n", {"A": "x"}),
        ("A=x\t#c\n", {"A": "x\t#c"}),
        ("A= # c\n", {"A": "# c"}),
        ("A=${B:-x}-${HOST}\nB=1\nC=${B}$$d\n", {"A": "x-outside", "B": "1", "C": "1$d"}),
        ("A='it\\'s $HOST'\n", {"A": "it's $HOST"}),
        ('A="\\$HOST \\\\ \\q \\101 \\0101"\n', {"A": "$HOST \\ \\q \\101 A"}),
        ('A="x\ny"\nB=2', {"A": "x\ny", "B": "2"}),
        ("A=${B:-${HOST:+${C-z}}}\n", {"A": "z"}),
        ("HOST\nUNSET\nA=1\n", {"HOST": "outside", "A": "1"}),
        ("export A=1\nB: 2\n", {"A": "1", "B": "2"}),
        ('A="x"B=2\n', {"A": "x", "B": "2"}),
        ('A="x', REFUSED),
        ("A B=1\n", REFUSED),
        ("A%=1\n", REFUSED),
    ],
)
def test_compose_reads_its_files_like_compose_go(text: str, expected: object) -> None:
    assert read(text, Dialect.COMPOSE) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        # Asked of compose-go itself (its package template, July 2026).
        ("$HOST-${HOST}-$$HOST-$1 $", "outside-outside-$HOST-$1 $"),
        ("${A:-${B-${HOST}}}!", "outside!"),
        ("${HOST:+yes}${A+no}${A:+no}${HOST+-}", "yes-"),
        ("${A:-{}}", "{}"),
        ("${A:-{}1", "{1"),
        ("${A:-a}b}", "ab}"),
        ("${host:-x}", "x"),
        ("${HOST:?no}${HOST?no}", "outsideoutside"),
        ("${", None),
        ("${1}", None),
        ("${A:-x\ny}", None),
    ],
)
def test_a_template_is_replaced_like_compose_go_does_it(template: str, expected: str | None) -> None:
    word = interpolated(Source("compose.yml", template).content, True)
    assert resolved(word, dict(HOST)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Asked of load_env_file of libsystemd-shared 252.
        ("A='it'\"s\"x\n", {"A": "itsx"}),
        ("A=x\\\ny \nB=1", {"A": "xy", "B": "1"}),
        ('A="open\nB=1\n', {"A": "open\nB=1\n"}),
        ("#c \\\nB=1\nC=2\n", {"C": "2"}),
        (';x\n A=a\\"b \n', {"A": 'a"b'}),
        ("=x\nA=#y\n", {"A": "#y"}),
        ("A==x  \\", {"A": "=x  "}),
        ("A b=1\r\nB=2\r\n", {"B": "2"}),
        ('A="\\$\\n\\`\\\nx"\n', {"A": "$\\n`x"}),
    ],
)
def test_systemd_joins_quoted_pieces_and_continued_lines(text: str, expected: dict[str, str]) -> None:
    assert read(text, Dialect.SYSTEMD) == expected


def test_a_value_knows_its_place() -> None:
    source = Source(".env", "# first\nA='x y'\nB=\"\\$Z\" # c\n")
    for dialect in (Dialect.COMPOSE, Dialect.PYTHON_DOTENV, Dialect.SYSTEMD, Dialect.DECOUPLE):
        first, second = read_env_file(source, dialect)
        assert [str(first.span), str(second.span)] == [".env:2", ".env:3"]
        assert first.value is not None
        assert "x y" in first.value.span.text


@pytest.mark.parametrize("piece", ["$", "${", "${A:-", "A='", 'A="\\', "A=\\\n", "=", "A=x #", "'", "A", "{"])
@pytest.mark.parametrize("dialect", list(Dialect))
def test_hostile_files_are_read_in_a_moment(piece: str, dialect: Dialect) -> None:
    read(piece * 6_000, dialect)
    read("A=" + piece * 6_000, dialect)


# --- what the readers themselves say -------------------------------------------------------------

_WORKER = """
import io, json, logging, os, sys, tempfile
logging.disable(logging.CRITICAL)
import decouple, environ
from dotenv.main import DotEnv
from starlette.config import Config
print(json.dumps(None), flush=True)
path = tempfile.mktemp()
for asked in sys.stdin:
    text = json.loads(asked)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    class Env(environ.Env):
        ENVIRON = {}
    Env.read_env(path)
    answer = {
        "python-dotenv": DotEnv(None, stream=io.StringIO(text), override=True).dict(),
        "django-environ": Env.ENVIRON,
        "python-decouple": decouple.RepositoryEnv(path, encoding="utf-8").data,
        "Starlette": Config(path, encoding="utf-8").file_values,
    }
    print(json.dumps(answer), flush=True)
os.unlink(path)
"""


@pytest.fixture(scope="module")
def readers() -> Iterator[Callable[[str], dict[str, dict[str, str | None]]]]:
    environment = {"PATH": os.environ["PATH"], **HOST}
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout
        assert json.loads(stdout.readline()) is None

        def ask(text: str) -> dict[str, dict[str, str | None]]:
            stdin.write(json.dumps(text) + "\n")
            stdin.flush()
            answer: dict[str, dict[str, str | None]] = json.loads(stdout.readline())
            return answer

        yield ask
        stdin.close()


_PIECES = [
    *'A B C_1 HOST = = = : # \' " \\ $ ${ } ${A} ${A:-x} $B $$ x y;z - ${B-q} ${C:?m} 1 é { [ \\n \\" \\$ '.split(),
    " ",
    "\t",
    "\n",
    "\n",
    "\r\n",
    "export ",
    "\nA=",
    "\nB='",
    '\nC="',
    " #",
]
texts = st.lists(st.sampled_from(_PIECES), max_size=25).map("".join)


@pytest.mark.real
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts)
def test_the_libraries_read_generated_files_alike(
    text: str, readers: Callable[[str], dict[str, dict[str, str | None]]]
) -> None:
    for name, expected in readers(text).items():
        assert read(text, Dialect(name)) == expected, name


@pytest.fixture(scope="module")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], dict[str, str | None] | str]]:
    """Docker's own client, which hands what it read to an engine that is none."""
    program = shutil.which("docker")
    if program is None:
        pytest.skip("there is no docker client")
    received: list[list[str]] = []

    class Engine(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"OK")

        def do_HEAD(self) -> None:
            self._answer(b"OK")

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            received.append(body.get("Env") or [])
            self._answer(b'{"Id": "1", "Warnings": []}')

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Api-Version", "1.43")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Engine)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder = tmp_path_factory.mktemp("docker")

    def ask(text: str) -> dict[str, str | None] | str:
        received.clear()
        path: Path = folder / "env"
        path.write_bytes(text.encode())
        environment = {"DOCKER_HOST": f"tcp://127.0.0.1:{server.server_port}", "HOME": str(folder), **HOST}
        command = [program, "create", "--env-file", str(path), "image"]
        ended = subprocess.run(command, env=environment, capture_output=True, timeout=60)
        if ended.returncode:
            return REFUSED
        return {name: value for name, _, value in (one.partition("=") for one in received[-1])}

    yield ask
    server.shutdown()
    server.server_close()


@pytest.mark.real
@pytest.mark.parametrize(
    "text",
    [
        "A=x\nB=\"x # y\" # c\nC='z'\nD=x # c\n",
        "  A=x \n\tB= y\n#A=1\n\n",
        "HOST\nUNSET\nA=$HOST ${HOST}\n",
        "A=1\r\nA=2\r\n",
        "A==b=c\nA.b-c=1\n1=2",
        "export A=x\n",
        "A = x\n",
        "=x\n",
        "A\tB=x\n",
        "A=x\n   \nB",
    ],
)
def test_dockers_client_reads_a_file_alike(text: str, docker: Callable[[str], dict[str, str | None] | str]) -> None:
    assert read(text, Dialect.DOCKER) == docker(text)
