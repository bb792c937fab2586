"""`prodlint` and `python -m prodlint`."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    from prodlint.cli import main as command

    command(prog_name="prodlint")


if __name__ == "__main__":
    main()
