"""Where a checkout of the repository lies on a plain host: found from the paths that its units name.

Nothing in the repository says it. A folder or file of the repository at the end of a path of the host
does; where both the folder itself and a folder above it may be the checkout, both are kept, and the
files that are looked for decide.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from prodlint.deployment.process import Mount
from prodlint.deployment.repository import Repository
from prodlint.source import Span

__all__ = ["checkout_mounts", "file_at", "is_templated_value"]

_OF_THE_SYSTEM = ("usr", "bin", "sbin", "etc", "lib")
_VIRTUAL = ("venv", ".venv", "env", ".env", "virtualenv")
_SUFFIXES = (".py", ".sh", ".ini", ".toml", ".conf", ".env", ".cfg")


def is_templated_value(text: str) -> bool:
    """Whether a template engine fills a value in (`.service.j2`, `.conf.erb`, `.in`)."""
    return "{{" in text or "<%" in text or "{%" in text or (text.count("@") > 1 and "@" in text.strip("@"))


def checkout_mounts(
    repository: Repository, directory: str | None, files: Iterable[str], span: Span
) -> tuple[Mount, ...]:
    """The repository at every place of the host where it may lie; the likeliest last."""
    found: list[str] = []
    for path in files:
        parts = path.strip("/").split("/")
        if not path.startswith("/") or len(parts) > 30:
            continue
        # The longest tail that is a file here: what stands before it is the checkout.
        for index in range(1, len(parts)):
            tail = "/".join(parts[index:])
            if tail in repository.paths:
                is_installed = parts[0] in _OF_THE_SYSTEM or parts[index - 1] in _VIRTUAL
                if path.endswith(_SUFFIXES) or (not is_installed and _is_script(repository, tail)):
                    found.append("/" + "/".join(parts[:index]))
                break
    if directory is not None and directory.startswith("/") and directory.strip("/"):
        parts = directory.strip("/").split("/")
        if len(parts) <= 30:
            tails = [index for index in range(1, len(parts)) if "/".join(parts[index:]) in repository.folders]
            found.extend("/" + "/".join(parts[:index]) for index in tails[:1])
            found.append(posixpath.normpath(directory))
    return tuple(Mount("", target, span) for target in dict.fromkeys(found))


def _is_script(repository: Repository, path: str) -> bool:
    """Whether a file says what runs it: programs of the system are called like some files, and say nothing."""
    return (repository.data(path) or b"").startswith(b"#!")


def file_at(repository: Repository, mounts: Iterable[Mount], path: str) -> str | None:
    """The file of the repository at a path of the host, None when it is not known to be one."""
    for mount in mounts:
        prefix = mount.target.rstrip("/") + "/"
        if path.startswith(prefix) and path[len(prefix) :] in repository.paths:
            return path[len(prefix) :]
    return None
