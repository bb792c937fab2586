"""Programs of the system that return at once: none of them stays, and in a release they are housekeeping."""

from __future__ import annotations

__all__ = ["RETURN_AT_ONCE"]

RETURN_AT_ONCE = frozenset(
    "awk basename cat cd chgrp chmod chown cp curl cut date dirname egrep env fgrep find grep head hostname id ln ls "
    "mkdir mktemp mv pgrep ps pwd readlink realpath rm sed sort stat tee touch tr uname uniq wc wget which "
    "whoami".split()
)
