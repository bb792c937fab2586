"""`prodlint PATH…` without an option: what most runs are.

It loads nothing that reads options: click and what it imports are a tenth of the instructions of a run over 100 files.
What it prints, where, and its exit status are those of `prodlint check PATH…`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

__all__ = ["is_plain", "main"]


def is_plain(arguments: list[str]) -> bool:
    """Whether the command line holds paths alone, and neither variables nor the terminal ask for more.

    A first path without a slash or a dot may be the name of a command.
    """
    return (
        (not arguments or "/" in arguments[0] or "." in arguments[0])
        and not any(one.startswith("-") for one in arguments)
        and "PRODLINT_OUTPUT_FORMAT" not in os.environ
        and "_PRODLINT_COMPLETE" not in os.environ
        # click knows the consoles of Windows, and what to do where letters cannot be written.
        and sys.platform != "win32"
        and all(stream is not None and stream.encoding == "utf-8" for stream in (sys.stdout, sys.stderr))
    )


def main() -> None:
    """Check the paths of the command line, and leave with the status that the findings ask for."""
    from prodlint.checking import FAILURE, Refused, check

    try:
        checked = check(tuple(sys.argv[1:]))
        sys.stdout.write(checked.report)
        sys.stdout.flush()
    except Refused as error:
        _note(f"prodlint: {line}" for line in error.args)
        raise SystemExit(FAILURE) from None
    except KeyboardInterrupt:
        _note(["", "Aborted!"])
        raise SystemExit(1) from None
    except BrokenPipeError:  # Its reader has seen enough: `prodlint . | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    _note(checked.notes)
    raise SystemExit(checked.status)


def _note(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stderr.write(f"{line}\n")
