"""Real servers for the `real` tests of rules: what a wrong pairing does, and that what to use instead serves.

A project is written to a folder and its command started in a subprocess, with the interpreter's own packages. Ports
are free ones; nothing here looks at a clock but to give up.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Running", "as_first_process", "free_port", "started", "terminate_first_process", "until", "write_files"]

_PATIENCE = 30.0


@dataclass
class Running:
    """A server that was started: ask it, stop it, read what it wrote."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    def status(self, path: str = "/", timeout: float = 10.0) -> int | None:
        """The status that it answers with, None when the connection ends without an answer.

        Waits until something accepts connections; raises AssertionError when the process ends before.
        """
        assert self.listens(), f"it ended with {self.process.poll()}:\n{self.written}"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=timeout) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, TimeoutError):
            return None

    def listens(self) -> bool:
        """Whether something accepts connections on its port, once it does or the process has ended."""
        return bool(
            until(lambda: accepts(self.port) or self.process.poll() is not None) and self.process.poll() is None
        )

    def ended(self, seconds: float = _PATIENCE) -> int | None:
        """The exit status with which it ends by itself, None when it still runs after so many seconds."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def says(self, text: str) -> bool:
        """Whether it writes a text in the end: an answer may be there before the line about it."""
        return until(lambda: text in self.written)

    @property
    def written(self) -> str:
        """What it wrote to standard output and standard error."""
        return self.output.read_text(encoding="utf-8", errors="replace")


def accepts(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts connections on a port."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def until(holds: Callable[[], object]) -> bool:
    """Whether something comes to hold before patience ends."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False


# Below the ports that the system hands out by itself: one of those may be taken again before a server binds to it. Each
# process of the tests begins with others.
_PORTS = itertools.count(10_000 + os.getpid() % 200 * 100)


def free_port() -> int:
    """A port that nothing listens on at the moment, on any address, and that is given once."""
    while True:
        port = next(_PORTS)
        with socket.socket() as found, contextlib.suppress(OSError):
            found.bind(("", port))
            return port


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """A project as files in a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)


@contextlib.contextmanager
def started(
    folder: Path, command: Sequence[str], port: int, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """A command started in a folder; it and all its children are killed at the end.

    Programs are looked for beside this interpreter first. `port` is where the caller told the command to listen.
    """
    output = folder / f"output-{port}.txt"
    programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    variables = {"PATH": programs, "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})}
    with output.open("wb") as sink:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Running(process, port, output)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def as_first_process(command: Sequence[str]) -> list[str] | None:
    """A command as PID 1 of a PID namespace of its own, as in a container; None where this machine does not allow it.

    SIGKILL for `unshare` ends the namespace with everything in it.
    """
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    prefix = [unshare, "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"]
    works = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    return [*prefix, *command] if works else None


def terminate_first_process(running: Running) -> None:
    """SIGTERM for PID 1 of a namespace, as an engine sends it: the kernel drops it where there is no handler."""
    os.kill(_child_of(running.process.pid), signal.SIGTERM)


def _child_of(pid: int) -> int:
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # `PID (NAME) STATE PARENT …`: a name may hold spaces and brackets.
            if int(path.read_text().rpartition(")")[2].split()[1]) == pid:
                return int(path.parent.name)
    raise AssertionError(f"{pid} has no child")
