"""Whether what prodlint says of a real project's Django settings is what Python computes: every name, compared.

Python imports the settings of a copy of the project, with whatever they do: run it by hand, on projects that
you trust. `--python` is the interpreter of an environment where what they import is installed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "deployment"))

from real_python import RealPython, agrees

from prodlint.deployment.app import locate_module
from prodlint.deployment.condition import NOWHERE
from prodlint.deployment.evaluation.interpreter import Interpreter, Namespace, is_whole
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import NO, YES, Answer, EnvDriven, Known, Unknown
from prodlint.inspection import Policy, load
from prodlint.tree import DiskTree

ARGV = ("manage.py", "check")


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare the settings of one project; the exit status tells whether a claim was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("project", type=Path, help="the folder of a checkout; it is copied")
    parser.add_argument("--settings", required=True, metavar="MODULE", help="config.settings.production")
    parser.add_argument("--root", default="", help="the folder in it that imports start from")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with what the settings import")
    parser.add_argument("--reasons", type=int, default=8, help="how many reasons for not knowing are shown")
    parser.add_argument("--names", action="store_true", help="show the names that are not known, too")
    parser.add_argument("variables", nargs="*", metavar="NAME=VALUE", help="the environment")
    options = parser.parse_intermixed_args(arguments)
    environment = dict(one.partition("=")[::2] for one in options.variables)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "project").resolve()
        shutil.copytree(options.project, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", "node_modules"))
        repository = load(DiskTree(copy), Policy())[0].repository
        names = evaluated(repository, options.root, options.settings, environment, options.python)
        computed = real(copy, options.root, options.settings, environment, options.python)
        if isinstance(computed, str):
            print(f"{options.project.name}: Python does not import {options.settings}: {computed}")
            return 2
        return report(options, names, computed, environment)


def evaluated(repository: Repository, root: str, module: str, environment: Mapping[str, str], python: str) -> Namespace:
    """What prodlint says of the module, told all that Python is told."""
    path = locate_module(repository, (root,), module)
    if path is None:
        raise SystemExit(f"there is no module {module} below {root or 'the project'}")
    lookup = {name: Known(value, NOWHERE) for name, value in environment.items()}.get
    return Interpreter(repository, (root,), lookup, ARGV, installed_in(python)).run(path, module)


def installed_in(python: str) -> Callable[[str], Answer]:
    """Answers whether an interpreter finds a module."""
    code = "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)"
    known: dict[str, Answer] = {}

    def is_installed(module: str) -> Answer:
        if module not in known:
            found = subprocess.run([python, "-I", "-c", code, module], check=False, capture_output=True)
            known[module] = YES if found.returncode == 0 else NO
        return known[module]

    return is_installed


def real(folder: Path, root: str, module: str, environment: Mapping[str, str], python: str) -> dict[str, object] | str:
    """What the names of the module hold once Python imported it; its error where it could not."""
    process = RealPython(python, 60.0)
    try:
        found: dict[str, object] | str = process.run(
            {}, module, environment, folder=str(folder), roots=[root], argv=list(ARGV)
        )
    finally:
        process.close()
    return found


def report(
    options: argparse.Namespace, names: Namespace, computed: Mapping[str, object], environment: Mapping[str, str]
) -> int:
    """Print how many names are known, and which are wrong."""
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    wrong: list[str] = []
    unknown: list[str] = []
    settings = [name for name in dict.fromkeys((*computed, *names)) if name.isupper()]
    for name in settings:
        value = names.get(name)
        if isinstance(value, Unknown) or (isinstance(value, EnvDriven) and value.name in environment):
            counts["unknown"] += 1
            reasons[value.reason if isinstance(value, Unknown) else "a .env file may set it"] += 1
            unknown.append(f"{name}: {value}")
        elif value is None or name not in computed or not agrees(value, computed[name], environment):
            wrong.append(f"  WRONG {name}: claimed {value}, is {computed.get(name)}")
        elif isinstance(value, EnvDriven):
            counts["driven"] += 1
        else:
            counts["known" if is_whole(value) else "partly"] += 1
    print(
        f"{options.project.name} {options.settings}: {len(settings)} names, {counts['known']} known and equal, "
        f"{counts['partly']} known in part, {counts['driven']} left to a .env file, {counts['unknown']} unknown, "
        f"{len(wrong)} wrong"
    )
    for line in wrong:
        print(line[:1000])
    for reason, count in reasons.most_common(options.reasons):
        print(f"  {count:4} {reason}")
    if options.names:
        for line in unknown:
            print(f"  {line[:300]}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
