"""What `$(dirname "$0")` and its like print, as bash prints it."""

import subprocess
from pathlib import Path

import pytest

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
    assert [step.written for step in run("bash start.sh", files, "/srv").steps] == ["gunicorn /srv/lib start.sh"]


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
