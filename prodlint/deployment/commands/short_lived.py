"""Programs of the system that return at once: none of them stays, and in a release they are housekeeping."""

from __future__ import annotations

__all__ = ["MAKE_READY", "RETURN_AT_ONCE"]

MAKE_READY = frozenset(
    "addgroup adduser chgrp chmod chown chpasswd cp delgroup deluser gpasswd groupadd groupdel groupmod ln mkdir "
    "mktemp mv passwd rm rmdir sed setfacl touch truncate useradd userdel usermod".split()
)
"""Those that only make users, folders, files and rights ready for what comes behind them."""

RETURN_AT_ONCE = MAKE_READY | frozenset(
    "awk basename cat cd curl cut date dirname egrep env fgrep find grep head hostname id ls pgrep ps pwd readlink "
    "realpath sort stat tee tr uname uniq wc wget which whoami".split()
)
