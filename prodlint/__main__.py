"""`prodlint` and `python -m prodlint`."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable

from prodlint import __version__
from prodlint.plain import is_plain

__all__ = ["main"]


REPORT = "This is a fault of prodlint: please report it, with what it prints under PRODLINT_TRACEBACK=1."


def place_of(error: Exception) -> str:
    """The file and line that raised: `prodlint/readers/compose.py:40`."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return "?" if place is None else f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}"


def _call(command: Callable[[], None]) -> None:
    command()


# CPython keeps the frames of calls in chunks of 16 KiB, and gives a chunk back as soon as it is left: where calls go to
# and fro across its edge, each of them maps and unmaps memory (measured: 900 times in a run over long scripts, 6 % of
# its time). A frame that asks for much room gets a chunk that has as much behind it, for all calls below.
_call.__code__ = _call.__code__.replace(co_stacksize=70_000)


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] == ["--version"]:
        # Asked by every CI job and editor: answered without loading anything.
        sys.stdout.write(f"prodlint {__version__}\n")
        return
    # A run ends before its few cycles are worth a search, neither during it nor at the interpreter's end
    # (measured: 17 % of the time of 100 files, 29 % of 13,000, in the same memory).
    gc.disable()
    try:
        if is_plain(sys.argv[1:]):
            from prodlint.plain import main as command
        else:
            from prodlint.cli import main as command
        _call(command)
    except Exception as error:
        # A fault of ours is no finding, and no exit status of one.
        if "PRODLINT_TRACEBACK" in os.environ:
            sys.excepthook(type(error), error, error.__traceback__)
        sys.stderr.write(f"prodlint failed: {place_of(error)}: {type(error).__name__}: {error}. {REPORT}\n")
        raise SystemExit(2) from None
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
