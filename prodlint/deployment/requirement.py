"""One requirement in each spelling that package managers know, read into a Dependency."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from prodlint.deployment.dependency import Dependency, Scope
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, answer
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.source import Span, SyntaxProblem, Text
from prodlint.syntax.requirement_links import is_archive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prodlint.syntax.requirements import Requirement

__all__ = [
    "canonical_name",
    "conda_dependency",
    "declared",
    "from_text",
    "pipfile_dependency",
    "poetry_dependencies",
    "revision_pinned",
]

_SEPARATORS = regex(r"[-_.]+")
_COMMIT = regex(r"[0-9a-fA-F]{40}")
_TAG = regex(r"[0-9a-fA-F]{7,39}$|v?\d+\.\d")
_VERSION = regex(r"-v?\d")
_DIGEST = regex(r"[#&](?:sha(?:224|256|384|512)|sha1|md5)=[0-9a-fA-F]{32}")
_PACKED = regex(r"\.(?:zip|tar|tar\.gz|tar\.bz2)$")
_AUTHORITY = regex(r"(?<=://)[^/]*")
_POETRY_EXACT = regex(r"={0,3}\s*v?\d[^\s,|*<>^~!]*")
_EXACT = regex(r"={2,3}\s*v?\d[^\s,*]*")
_CONDA_NAME = regex(r"[A-Za-z0-9_.-]+")
_CONDA_VERSION = r"\d[^\s=<>!~,|*]*"
_CONDA_EXACT = regex(rf"=?=?{_CONDA_VERSION}=[^\s=]+|=={_CONDA_VERSION}|{_CONDA_VERSION}(\s+\S+)?")
# Three numbers are a prefix in theory and a release in practice.
_CONDA_RELEASE = regex(r"=\d+\.\d+\.\d+[^\s=<>!~,|*]*")
_ARCHIVE_SCHEMES = ("http://", "https://")


def canonical_name(name: str) -> str:
    """A distribution's name as indexes compare it (PEP 503)."""
    return _SEPARATORS.sub("-", name.strip()).lower()


def revision_pinned(commit: str | None, tag: str | None = None) -> Answer:
    """Whether a revision in a version control system names one content; a tag may move, but rarely does."""
    if commit and _COMMIT.fullmatch(commit):
        return YES
    if tag or (commit and _TAG.match(commit)):
        return UNKNOWN
    return NO


def _is_path(url: str) -> bool:
    # What begins with a variable may be a path or a URL.
    return url.startswith("file:") or ("://" not in url and not url.startswith("${"))


def declared(requirement: Requirement, scope: Scope = Scope.PRODUCTION, group: str = "") -> Dependency:
    """The dependency that a parsed requirement declares."""
    url = requirement.url
    local = url is not None and not requirement.is_vcs and _is_path(url)
    return Dependency(
        name=canonical_name(requirement.name or ""),
        written=requirement.written,
        span=requirement.span,
        specifier=requirement.specifier,
        extras=tuple(canonical_name(extra) for extra in requirement.extras),
        marker=requirement.marker,
        scope=scope,
        group=group,
        pinned=_pinned(requirement),
        local=local,
        path=(url or "").removeprefix("file://").removeprefix("file:") if local else "",
        url=url,
    )


def _pinned(requirement: Requirement) -> Answer:
    if requirement.hashes:
        return YES
    if requirement.url is not None:
        # A password does not change what is fetched.
        if requirement.has_variable and "${" in _AUTHORITY.sub("", requirement.url, count=1):
            return UNKNOWN
        return revision_pinned(requirement.reference) if requirement.is_vcs else _archive_pinned(requirement.url)
    if requirement.has_variable and not requirement.specifier:
        return UNKNOWN
    return answer(requirement.is_exact)


def _archive_pinned(url: str) -> Answer:
    """Whether a URL always brings the same archive: by its digest, the version in its name, or a revision."""
    if ("#" in url or "&" in url) and _DIGEST.search(url):
        return YES
    path = re.split(r"[#?]", url, maxsplit=1)[0]
    file = posixpath.basename(path)
    versioned = is_archive(file) and _VERSION.search(file) is not None
    place, archive, revision = path.partition("/archive/")
    if not archive or file.endswith(".whl"):
        return answer(versioned)
    # Hosts of repositories pack a revision: `/archive/REVISION.zip`, GitLab `/-/archive/REVISION/NAME-REVISION.zip`.
    if revision.startswith("refs/heads/"):
        return NO
    if place.endswith("/-"):
        return revision_pinned(posixpath.dirname(revision))
    tag = revision if versioned or revision.startswith("refs/tags/") else None
    return revision_pinned(_PACKED.sub("", revision), tag)


def from_text(text: Text, scope: Scope = Scope.PRODUCTION, group: str = "") -> Dependency | None:
    """The dependency that a requirement in the standard notation declares, None if it is malformed."""
    from prodlint.syntax.requirements import parse_requirement

    try:
        return declared(parse_requirement(text), scope, group)
    except SyntaxProblem:
        return None


def _strings(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _from_table(name: str, table: Mapping[str, object], span: Span, folder: str) -> Dependency:
    """What Poetry's and pipenv's tables share: where the package comes from."""
    dependency = Dependency(
        name=canonical_name(name),
        written=name,
        span=span,
        extras=tuple(canonical_name(extra) for extra in _strings(table.get("extras"))),
    )
    for system in ("git", "hg", "svn", "bzr"):
        repository = table.get(system)
        if isinstance(repository, str):
            commit = _string(table.get("rev")) or _string(table.get("ref"))
            pinned = revision_pinned(commit, _string(table.get("tag")))
            return replace(dependency, url=f"{system}+{repository}", pinned=pinned)
    for key in ("path", "file", "url"):
        place = table.get(key)
        if isinstance(place, str):
            if place.startswith(_ARCHIVE_SCHEMES):
                return replace(dependency, url=place, pinned=_archive_pinned(place))
            path = posixpath.normpath(posixpath.join(folder, place))
            return replace(dependency, local=True, path=path, url=place)
    return dependency


def poetry_dependencies(
    name: str, value: object, span: Span, folder: str, scope: Scope = Scope.PRODUCTION, group: str = ""
) -> tuple[Dependency, ...]:
    """What one entry of a Poetry table declares; a list gives one requirement for each marker."""
    found: list[Dependency] = []
    for variant in value if isinstance(value, list) else [value]:
        table = variant if isinstance(variant, dict) else {"version": variant}
        dependency = _from_table(name, table, span, folder)
        version = _string(table.get("version")) or ""
        if dependency.url is None:
            pinned = answer(bool(_POETRY_EXACT.fullmatch(version.strip())))
            dependency = replace(dependency, specifier=version, pinned=pinned)
        markers = [f"({marker})" for marker in (_string(table.get("markers")),) if marker]
        platform = _string(table.get("platform"))
        if platform:
            markers.append(f'sys_platform == "{platform}"' if re.fullmatch(r"\w+", platform) else "")
        found.append(replace(dependency, marker=" and ".join(filter(None, markers)) or None, scope=scope, group=group))
    return tuple(found)


def pipfile_dependency(
    name: str, value: object, span: Span, folder: str, scope: Scope = Scope.PRODUCTION, group: str = ""
) -> Dependency:
    """What one entry of a Pipfile declares."""
    table = value if isinstance(value, dict) else {"version": value}
    dependency = _from_table(name, table, span, folder)
    version = _string(table.get("version")) or ""
    if dependency.url is None:
        pinned = answer(bool(_EXACT.fullmatch(version.strip())))
        dependency = replace(dependency, specifier="" if version == "*" else version, pinned=pinned)
    markers = [_string(table.get("markers")), *(_environment_marker(key, table.get(key)) for key in _MARKER_KEYS)]
    marker = " and ".join(f"({part})" for part in markers if part) or None
    return replace(dependency, marker=marker, scope=scope, group=group)


_MARKER_KEYS = ("sys_platform", "os_name", "platform_system", "platform_machine", "python_version")


def _environment_marker(key: str, value: object) -> str | None:
    return f"{key} {value}" if isinstance(value, str) and value else None


def conda_dependency(text: Text) -> Dependency | None:
    """What a conda match specification declares; None for the interpreter, tools of conda and what cannot be read."""
    written = text.value.strip()
    specification, bracket, keys = written.partition("[")
    if bracket and not keys.endswith("]"):
        return None
    # A channel, and a namespace of it, may stand in front.
    channel, _, specification = specification.rpartition(":")
    specification = specification.strip()
    match = _CONDA_NAME.match(specification)
    if match is None or " " in channel:
        return None
    name = canonical_name(match[0])
    if name in ("python", "pip", "conda"):
        return None
    rest = specification[match.end() :].strip()
    return Dependency(
        name=name,
        written=written,
        span=text.span,
        specifier=rest,
        pinned=UNKNOWN if keys else _conda_pinned(rest),
    )


def _conda_pinned(rest: str) -> Answer:
    """`=1.2` is a prefix; with a build behind it, after `==` or after a blank a version is exact."""
    if _CONDA_EXACT.fullmatch(rest):
        return YES
    return UNKNOWN if _CONDA_RELEASE.fullmatch(rest) else NO
