"""`prodlint` and `python -m prodlint`."""

from __future__ import annotations

import sys

from prodlint import __version__

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] == ["--version"]:
        # Asked by every CI job and editor: answered without loading anything.
        sys.stdout.write(f"prodlint {__version__}\n")
        return
    from prodlint.cli import main as command

    command(prog_name="prodlint")


if __name__ == "__main__":
    main()
