"""Real Python as the judge of evaluation: it imports a module and tells what every name holds.

Shared by the tests that make modules by chance and by `benchmarks/settings_oracle.py`.
"""

from __future__ import annotations

import pickle
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from prodlint.deployment.evaluation.interpreter import ROOT, Namespace, Rest
from prodlint.deployment.value import EnvDriven, JointlyDriven, Known, Unknown

_WORKER = r"""
import importlib, os, pathlib, pickle, resource, shutil, signal, struct, sys, tempfile
ROOT, SECONDS = sys.argv[1], float(sys.argv[2])
sys.dont_write_bytecode = True
# What a module prints must not come between the answers.
answers, sys.stdout = sys.stdout.buffer, sys.stderr
# Programs by chance may double a list in a loop.
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
def stop(*arguments):
    raise TimeoutError
signal.signal(signal.SIGALRM, stop)
def encoded(value, root, depth=0):
    global left
    left -= 1
    if depth > 30 or left < 0:
        return ("other", "too large")
    kind = type(value)
    if isinstance(value, pathlib.PurePath):
        return ("str", str(value).replace(root, ROOT))
    if kind is str:
        return ("str", value.replace(root, ROOT))
    if kind in (int, float, bool, bytes, complex, type(None), range):
        return (kind.__name__, repr(value))
    if kind in (list, tuple):
        return (kind.__name__, [encoded(one, root, depth + 1) for one in value])
    if kind in (set, frozenset):
        return (kind.__name__, [encoded(one, root, depth + 1) for one in value])
    if kind is dict:
        return ("dict", [(encoded(k, root, depth + 1), encoded(v, root, depth + 1)) for k, v in value.items()])
    return ("other", kind.__name__)
def run(request):
    root = request.get("folder") or os.path.realpath(tempfile.mkdtemp())
    for path, text in request["files"].items():
        file = pathlib.Path(root, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    os.environ.clear()
    os.environ.update(request["environment"])
    own = [os.path.join(root, one) for one in request.get("roots", [""])]
    sys.path[:0] = own
    os.chdir(own[0])
    sys.argv = request.get("argv", ["settings"])
    before = set(sys.modules)
    importlib.invalidate_caches()
    global left
    left = 20_000
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        module = importlib.import_module(request["module"])
        return {name: encoded(value, root) for name, value in vars(module).items() if not name.startswith("__")}
    except BaseException as error:
        return repr(error)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        del sys.path[: len(own)]
        for name in set(sys.modules) - before:
            if (getattr(sys.modules[name], "__file__", None) or root).startswith(root):
                del sys.modules[name]
        os.chdir("/")
        if "folder" not in request:
            shutil.rmtree(root)
while True:
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        break
    request = pickle.loads(sys.stdin.buffer.read(struct.unpack("I", head)[0]))
    answer = pickle.dumps(run(request))
    answers.write(struct.pack("I", len(answer)) + answer)
    answers.flush()
"""


class RealPython:
    """One interpreter that imports modules and tells what their names hold."""

    def __init__(self, interpreter: str = sys.executable, seconds: float = 0.3) -> None:
        self._command = [interpreter, "-c", _WORKER, ROOT, str(seconds)]
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(
        self, files: Mapping[str, str], module: str, environment: Mapping[str, str], **more: object
    ) -> dict[str, Any] | str:
        """What each name holds, in pairs of type and content; the error where the import fails.

        `more` may be the `folder` to run in instead of a new one, the `roots` to import from, and `argv`.
        """
        request = pickle.dumps({"files": dict(files), "module": module, "environment": dict(environment), **more})
        pipes = self._process
        assert pipes.stdin is not None
        assert pipes.stdout is not None
        pipes.stdin.write(struct.pack("I", len(request)) + request)
        pipes.stdin.flush()
        head = pipes.stdout.read(4)
        if len(head) < 4:
            # It ran out of memory.
            self._process.wait(10)
            self._start()
            return "died"
        answer: dict[str, Any] | str = pickle.loads(pipes.stdout.read(struct.unpack("I", head)[0]))
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


# Comparing


def differences(names: Namespace, real: Mapping[str, Any], environment: Mapping[str, str]) -> list[str]:
    """Where the evaluator claims what real Python does not confirm."""
    wrong = []
    for name in names:
        value = names[name]
        if isinstance(value, Unknown) or (isinstance(value, EnvDriven) and value.name in environment):
            continue
        if name not in real:
            wrong.append(f"{name} does not exist, claimed {value}")
        elif not agrees(value, real[name], environment):
            wrong.append(f"{name} is {real[name]}, claimed {value}")
    if names.rest is None:
        wrong += [f"{name} exists" for name in real if name not in names]
    return wrong


def agrees(value: object, real: Any, environment: Mapping[str, str]) -> bool:
    """Whether a claim holds for what real Python computed."""
    if isinstance(value, Known):
        return agrees(value.value, real, environment)
    if isinstance(value, JointlyDriven) and not any(name in environment for name in value.names):
        return agrees(value.default, real, environment)
    if isinstance(value, Unknown):
        return True
    if isinstance(value, EnvDriven):
        if value.name in environment:
            return True
        return not value.is_required and agrees(value.default, real, environment)
    kind, content = real
    if content == "too large":
        return True
    if isinstance(value, (list, tuple)):
        return kind == type(value).__name__ and _sequence(list(value), content, environment)
    if isinstance(value, (set, frozenset)):
        if kind != type(value).__name__:
            return False
        known = [one for one in value if not isinstance(one, Unknown | EnvDriven)]
        found = [any(agrees(one, other, environment) for other in content) for one in known]
        return all(found) and (len(known) < len(value) or len(known) == len(content))
    if isinstance(value, dict):
        return kind == "dict" and _mapping(value, content, environment)
    if isinstance(value, str):
        return bool(real == ("str", value))
    return bool(real == (type(value).__name__, repr(value)))


def _sequence(claimed: Sequence[object], real: Sequence[Any], environment: Mapping[str, str]) -> bool:
    for index, one in enumerate(claimed):
        if isinstance(one, Rest):
            rest = claimed[index + 1 :]
            return any(_sequence(rest, real[start:], environment) for start in range(index, len(real) + 1))
        if index >= len(real) or not agrees(one, real[index], environment):
            return False
    return len(real) == len(claimed)


def _mapping(claimed: Mapping[Any, object], real: Sequence[Any], environment: Mapping[str, str]) -> bool:
    known = [(key, value) for key, value in claimed.items() if not isinstance(key, Unknown)]
    for key, value in known:
        if not any(agrees(key, name, environment) and agrees(value, held, environment) for name, held in real):
            return False
    return len(known) < len(claimed) or (
        len(known) == len(real)
        and all(agrees(key, name, environment) for (key, _), (name, _) in zip(known, real, strict=True))
    )
