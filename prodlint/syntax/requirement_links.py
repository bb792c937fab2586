"""What a URL or a path in a requirements file tells: whether it is one, the name of a package, a revision.

Source: `pip/_internal/req/constructors.py`, `models/link.py` and `vcs` of pip 26.3.
"""

from __future__ import annotations

import posixpath
import re

from prodlint.regex import regex

__all__ = [
    "egg_of",
    "is_archive",
    "is_repository",
    "is_url",
    "looks_like_path",
    "name_of_file",
    "reference_of",
    "split_extras",
]

_SCHEMES = frozenset(
    "http https file ftp git+http git+https git+ssh git+git git+file hg+http hg+https hg+file hg+ssh hg+static-http "
    "svn+http svn+https svn+ssh svn+svn svn+file bzr+http bzr+https bzr+ssh bzr+sftp bzr+ftp bzr+lp bzr+file".split()
)
# `git:…` behind `-e`, and the address of a secure shell behind `name @`, are repositories, too.
_REPOSITORY = regex(r"(?ai:git|hg|svn|bzr)[+:]")
_EGG = regex(r"[#&]egg=([^&]*)")
_NAME = regex(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_VERSION = regex(r"-v?\d")
_ARCHIVES = frozenset(
    (".whl", ".zip", ".tar", ".tgz", ".tbz", ".txz", ".tlz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.lz", ".tar.lzma")
)


def is_url(value: str) -> bool:
    """Whether a requirement is a URL of a scheme that pip knows."""
    scheme, colon, _ = value.partition(":")
    return bool(colon) and scheme.lower() in _SCHEMES


def is_repository(url: str) -> bool:
    """Whether a URL is one of a version control system."""
    return _REPOSITORY.match(url) is not None


def looks_like_path(value: str) -> bool:
    """Whether a requirement that is no URL may be a file or folder, by its look alone."""
    return "/" in value or value.startswith(".")


def split_extras(path: str) -> tuple[str, str]:
    """A path and the brackets behind it, empty if there are none."""
    begin = path.rfind("[")
    if begin < 1 or not path.endswith("]") or len(path) - begin < 3 or "]" in path[begin:-1]:
        return path, ""
    return path[:begin].rstrip(), path[begin:]


def is_archive(path: str) -> bool:
    """Whether a path ends as a wheel or another archive does."""
    return _suffix(path) in _ARCHIVES


def _suffix(path: str) -> str:
    stem, suffix = posixpath.splitext(path)
    return (stem[-4:] + suffix if stem.lower().endswith(".tar") else suffix).lower()


def egg_of(url: str) -> str | None:
    """What stands behind `#egg=`."""
    found = _EGG.search(url)
    return found[1] if found else None


def name_of_file(place: str) -> str | None:
    """The name of a package that the file name of a wheel or source archive tells.

    The archives that hosts of repositories make are named after a revision, not after a package.
    """
    path = re.split(r"[#?]", place, maxsplit=1)[0]
    file = posixpath.basename(path)
    suffix = _suffix(file)
    if suffix == ".whl":
        name = file.partition("-")[0]
    elif suffix in _ARCHIVES and "/archive/" not in path:
        version = _VERSION.search(file)
        name = file[: version.start()] if version else ""
    else:
        return None
    return name if _NAME.fullmatch(name) else None


def reference_of(url: str) -> str | None:
    """The branch, tag or commit that a version control URL asks for."""
    place = re.split(r"[#?]", url, maxsplit=1)[0]
    _, slashes, rest = place.partition("://")
    # Without a scheme it is `git+user@host:path@reference`.
    path = rest.partition("/")[2] if slashes else place.partition(":")[2]
    reference = path.rpartition("@")[2] if "@" in path else ""
    if "%" in reference:
        from urllib.parse import unquote

        reference = unquote(reference)
    return reference or None
