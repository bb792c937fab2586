"""What `$(dirname "$0")` and its like print, as bash prints it."""

import os
import subprocess
from pathlib import Path

import pytest
from built_images import build

from prodlint.deployment.command import Execution, shell_form
from prodlint.deployment.execution.place import Place
from prodlint.deployment.execution.steps import execute
from prodlint.deployment.filemap import FileMap, Placement
from prodlint.deployment.repository import Repository
from prodlint.source import Source

EXPRESSIONS = [
    '$(dirname "$0")/..',
    '"$(cd "$(dirname "$0")" && pwd)"',
    '"$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." >/dev/null 2>&1 && pwd -P)/x"',
    '"$(cd "${BASH_SOURCE%/*}" && pwd)"',
    '"$( cd "$( dirname "$BASH_SOURCE" )"; pwd )"',
    '"$(dirname "$(readlink -f "$0")")"',
    '"$(realpath "$0")"',
    '"$(basename "$0" .sh)" "$(basename $(pwd))"',
    '"$(dirname /)" "$(dirname name)" "$(basename /a/b/)"',
    '"$PWD" "${PWD}/a"',
    '"$(cd nowhere/.. 2>/dev/null && pwd || echo none)"',
]


def run(command: str, files: dict[str, str], root: str) -> Execution:
    held = {path: text.encode() for path, text in files.items()}
    place = Place(FileMap((Placement(root, ""),)), root)
    return execute(shell_form(Source("Procfile", command).content), place, Repository(held, held.__getitem__))


@pytest.mark.parametrize("written", EXPRESSIONS)
@pytest.mark.parametrize("command", ["bash {}/bin/start.sh", "cd bin && bash {}/bin/start.sh"])
def test_what_is_known_to_be_printed_is_what_bash_prints(written: str, command: str, tmp_path: Path) -> None:
    root = str(tmp_path.resolve())
    script = f"#!/bin/bash\nserver {written}\n"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "start.sh").write_text(script.replace("server", "printf '%s\\n'"))
    asked = command.format(root)
    printed = subprocess.run(["bash", "-c", asked], cwd=root, capture_output=True, text=True, check=False).stdout
    [step] = run(asked, {"bin/start.sh": script}, root).processes
    for told, real in zip(step.arguments, printed.splitlines(), strict=True):
        assert told is None or Path(told) == Path(real)
    assert "none" in written or "%" in written or None not in step.arguments


def test_a_server_is_started_where_its_script_goes() -> None:
    script = '#!/bin/bash\nHERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"\ncd "$HERE/../src"\n'
    files = {"deploy/start.sh": script + "exec gunicorn app:app\n", "src/app.py": ""}
    execution = run("bash deploy/start.sh", files, "/srv")
    assert [step.directory for step in execution.processes] == ["/srv/src"]
    assert [step.written for step in execution.steps] == ["gunicorn app:app"]


def test_a_sourced_file_knows_its_own_place() -> None:
    files = {
        "start.sh": "#!/bin/bash\n. lib/paths.sh\ngunicorn $HERE $(basename $0)\n",
        "lib/paths.sh": 'HERE="$(dirname "${BASH_SOURCE[0]}")"\n',
    }
    assert [step.written for step in run("bash start.sh", files, "/srv").steps] == ["gunicorn lib start.sh"]


LINKED = [
    ("ln -s {}/bin/start.sh {}/entry.sh", "bash {}/entry.sh"),
    ("ln -s bin/start.sh {}/entry.sh", "./entry.sh"),
    ("ln -s {}/bin/start.sh entry.sh && ln -s entry.sh second.sh", "{}/second.sh"),
    ("cd bin && ln -s start.sh go.sh", "bash bin/go.sh"),
    ("ln -s {}/bin tools", "{}/tools/start.sh"),
    ("ln -s {}/bin deep/er/tools", "cd deep && er/tools/start.sh"),
    ("ln -s ../bin/start.sh deep/", "deep/start.sh"),
    ("cd deep && ln -s ../bin/start.sh", "cd deep && ./start.sh"),
    ("ln -sr bin/start.sh deep/er/go.sh", "{}/deep/er/go.sh"),
    ("ln bin/start.sh deep/hard.sh", "{}/deep/hard.sh"),
    ("ln -s bin/start.sh entry.sh && mv entry.sh moved.sh", "{}/moved.sh"),
    ("ln -s bin/start.sh entry.sh && cp entry.sh deep/copied.sh", "{}/deep/copied.sh"),
    ("ln -s bin/start.sh entry.sh && cp -a entry.sh kept.sh", "{}/kept.sh"),
    ("ln -s bin/start.sh entry.sh && rm entry.sh && cp bin/start.sh entry.sh", "./entry.sh"),
    ("ln -s {}/bin now && ln -sfn {}/deep now", "{}/bin/start.sh"),
]
OF_LINKS = [
    '"$(readlink -f "$0")"',
    '"$(realpath "$0")"',
    '"$(readlink -f -- "${BASH_SOURCE[0]}")"',
    '"$(dirname "$(readlink -f "$0")")/../deep"',
    '"$(dirname "$0")"',
    '"$(dirname "${BASH_SOURCE[0]}")"',
    '"$(cd "$(dirname "$0")" && pwd)"',
    '"$(cd "$(dirname "$0")" && pwd -P)"',
    '"$(cd -P "$(dirname "$0")/.." && pwd)"',
    '"$(cd "$(dirname "$0")/.." && pwd)"',
    '"$(realpath "$(dirname "$0")/../deep")"',
    '"$(realpath -s "$0")" "$(realpath --relative-to=/ "$0")" "$(basename -s .sh "$0")"',
]
MAY_STAY_OPEN = ("-s", '/.." && pwd', '/../deep")')


@pytest.mark.parametrize(("links", "command"), LINKED)
def test_links_are_followed_as_bash_and_readlink_follow_them(links: str, command: str, tmp_path: Path) -> None:
    root = str(tmp_path.resolve())
    links, command = links.replace("{}", root), command.replace("{}", root)
    script = "#!/bin/bash\n" + "".join(f"server {written}\n" for written in OF_LINKS)
    files = {"bin/start.sh": script, "deep/er/file": "", "deep/file": ""}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text.replace("server", "printf '%s\\n'"))
    (tmp_path / "bin" / "start.sh").chmod(0o755)
    asked = f"{links} && cd {root} && {command}"
    printed = subprocess.run(["bash", "-c", asked], cwd=root, capture_output=True, text=True, check=True).stdout
    image = build(f"FROM debian\nWORKDIR {root}\nCOPY . .\nRUN {links}\n", files)
    held = {path: text.encode() for path, text in files.items()}
    line = shell_form(Source("Procfile", command).content)
    steps = execute(line, Place(image.files, root), Repository(held, held.__getitem__)).steps
    told = [(written, one) for written, step in zip(OF_LINKS, steps, strict=True) for one in step.arguments]
    for (written, one), real in zip(told, printed.splitlines(), strict=True):
        assert one == real or (one is None and any(open_ in written for open_ in MAY_STAY_OPEN)), written


def test_where_a_file_lies_that_may_be_a_link_is_not_known() -> None:
    script = '#!/bin/bash\ncd "$(dirname "$(readlink -f "$0")")"\nserver\n'
    files = {path: script.encode() for path in ("bin/start.sh", "scripts/start.sh")}
    repository = Repository(files, files.__getitem__, lambda path: path == "bin/start.sh")
    for path, directory in (("bin/start.sh", None), ("scripts/start.sh", "/srv/scripts")):
        place = Place(FileMap((Placement("/srv", ""),)), "/srv")
        execution = execute(shell_form(Source("Procfile", path).content), place, repository)
        assert [step.directory for step in execution.steps] == [directory]
    image = build('FROM debian\nCOPY bin/start.sh /bin/start.sh\nCMD ["/bin/start.sh"]\n', {"bin/start.sh": script})
    execution = execute(shell_form(Source("x", "/bin/start.sh").content), Place(image.files, "/"), repository)
    assert [step.directory for step in execution.steps] == [None]


MOVES = [
    "f() { cd src; }; f; server",
    "f() { cd src; }; (f); server",
    "f() { cd src; }; f | cat; server",
    "f() { cd src; }; X=$(f); server",
    "f() { cd src; }; f & wait; server",
    "f() ( cd src ); f; server",
    'f() { cd "$1" && return 0; cd /; }; f src; server',
    'f() { cd "$1"; return 0; }; f src; server',
    'f() { local d; d="$(dirname "$1")"; cd "$d"; }; d=mine; f src/x; server "$d"',
    "f() { d=src; cd $d; }; f; server $d",
    "f() { g src; }; g() { cd $1; }; f; server $1",
    "f() { cd src; exec server; }; f; server never",
    "f() { cd src; }; RUN=f; $RUN; server",
    "f() { cd src; }; if f; then server; fi; server",
    "f() { cd src; }; f && server; cd ..; f || exit 1; server",
    "f() { set -- b; cd src; }; f; server $#",
    "function f { cd src; }; ! f; server",
    "f() { cd src; }; ./src/f; server",
    "cd src | cat; server",
    "cd src | server | cat; server",
    "cd -- src; server",
    "cd -P src; server",
    "if cd src; then server; fi; server",
    "while cd src; do server; break; done; server",
]
NOT_DECIDED = [
    "if [ -d src ]; then cd src; fi; server",
    "[ -d src ] && cd src; server",
    "for d in src; do cd $d; done; server",
    "cd src; cd -; server",
    "f() { if [ -d $1 ]; then cd $1; fi; }; f nowhere; server",
]


@pytest.mark.parametrize("written", [*MOVES, *NOT_DECIDED])
def test_a_shell_is_where_bash_is(written: str, tmp_path: Path) -> None:
    root = str(tmp_path.resolve() / "root")
    log = tmp_path / "log"
    (tmp_path / "root" / "src").mkdir(parents=True)
    (tmp_path / "root" / "src" / "f").touch(0o755)
    (tmp_path / "server").write_text(f'#!/bin/bash\necho "$PWD" "$@" >>{log}\n')
    (tmp_path / "server").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    subprocess.run(["bash", "-c", written], cwd=root, env={"PATH": path}, capture_output=True, check=False)
    steps = [step for step in run(written, {"src/f": ""}, root).steps if step.program == "server"]
    for step, real in zip(steps, log.read_text().splitlines(), strict=True):
        assert step.directory == real.split()[0] or (step.directory is None and written in NOT_DECIDED)
        assert list(step.arguments) == real.split()[1:]


@pytest.mark.parametrize("printed", ["$(cat VERSION)", "$(readlink current)", "$(cd $ELSEWHERE && pwd)", "`pwd`"])
def test_what_only_running_would_tell_stays_unknown(printed: str) -> None:
    script = f"#!/bin/bash\ngunicorn -c {printed}/conf.py app:app\n"
    [step] = run("bash start.sh", {"start.sh": script}, "/srv").steps
    assert step.arguments[1] is None


def test_options_that_getopt_puts_in_order_are_no_program() -> None:
    script = (
        '#!/bin/bash\nARGS=$(getopt -o a: --long all: -- "$@")\neval set -- "$ARGS"\n'
        'while true; do case "$1" in --all) shift 2;; --) shift; break;; esac; done\ngunicorn app:app "$1"\n'
    )
    steps = run("bash start.sh --all x", {"start.sh": script}, "/srv").steps
    assert [(step.program, step.arguments) for step in steps] == [("gunicorn", ("app:app", None))]
