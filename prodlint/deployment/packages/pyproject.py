"""What pyproject.toml declares, in the standard tables and in those of Poetry, PDM, uv and setuptools."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from prodlint.deployment.dependency import Dependency, DependencyFile, FileFormat, Scope
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.requirement import canonical_name, from_text, poetry_dependencies, revision_pinned
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, answer
from prodlint.record import replace
from prodlint.source import Span

if TYPE_CHECKING:
    from prodlint.syntax.toml import Toml

__all__ = ["read_pyproject"]

Path = tuple["str | int", ...]


def read_pyproject(repository: Repository, path: str) -> DependencyFile | None:
    """The dependencies of a pyproject.toml, None when it cannot be parsed."""
    toml = repository.toml(path)
    return None if toml is None else _Reader(repository, path, toml).read()


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _names(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


class _Reader:
    """Collects what the tables of one file declare."""

    def __init__(self, repository: Repository, path: str, toml: Toml) -> None:
        self.repository = repository
        self.path = path
        self.folder = posixpath.dirname(path)
        self.toml = toml
        self.project = _table(toml.data.get("project"))
        self.tools = _table(toml.data.get("tool"))
        self.poetry = _table(self.tools.get("poetry"))
        self.uv = _table(self.tools.get("uv"))
        self.sources = _table(self.uv.get("sources"))
        self.dependencies: list[Dependency] = []
        self.includes: list[tuple[str, Span]] = []
        self.complete = True
        self.extras: set[str] = set()
        self.groups: set[str] = set()
        self.unread: set[str] = set()
        self.group_includes: dict[str, tuple[str, ...]] = {}
        self.optional_groups: set[str] = set()

    def read(self) -> DependencyFile:
        self._build_system()
        self._main()
        self._extras()
        self._dynamic()
        self._groups()
        self._poetry()
        name = self.project.get("name") or self.poetry.get("name")
        return DependencyFile(
            path=self.path,
            format=FileFormat.PYPROJECT,
            dependencies=tuple(self.dependencies),
            includes=tuple(self.includes),
            complete=answer(self.complete),
            library=self._library(),
            project=canonical_name(name) if isinstance(name, str) else "",
            extras=frozenset(self.extras),
            groups=frozenset(self.groups),
            unread=frozenset(self.unread),
            group_includes=self.group_includes,
            optional_groups=frozenset(self.optional_groups),
            default_groups=self._default_groups(),
        )

    def _requirements(self, path: Path, scope: Scope, group: str = "") -> bool:
        """Adds a list of requirements; whether all of it could be read."""
        listed = self.toml.get(*path)
        if not isinstance(listed, list):
            return listed is None
        whole = True
        for index, item in enumerate(listed):
            if isinstance(item, dict) and group and isinstance(item.get("include-group"), str):
                included = canonical_name(item["include-group"])
                self.group_includes[group] = (*self.group_includes.get(group, ()), included)
                continue
            text = self.toml.text(*path, index) if isinstance(item, str) else None
            dependency = from_text(text, scope, group) if text is not None else None
            if dependency is None:
                whole = False
            else:
                self.dependencies.append(self._sourced(dependency))
        return whole

    def _sourced(self, dependency: Dependency) -> Dependency:
        """The dependency as `[tool.uv.sources]` redirects it."""
        for name, written in self.sources.items():
            if canonical_name(name) != dependency.name:
                continue
            source = _table(written[0] if isinstance(written, list) and len(written) == 1 else written)
            if source.get("workspace") is True:
                return replace(dependency, local=True, pinned=UNKNOWN)
            if isinstance(source.get("path"), str):
                place = posixpath.normpath(posixpath.join(self.folder, source["path"]))
                return replace(dependency, local=True, path=place, pinned=UNKNOWN)
            if isinstance(source.get("git"), str):
                rev, tag = source.get("rev"), source.get("tag")
                pinned = revision_pinned(rev if isinstance(rev, str) else None, tag if isinstance(tag, str) else None)
                return replace(dependency, url=f"git+{source['git']}", pinned=pinned)
        return dependency

    def _build_system(self) -> None:
        self._requirements(("build-system", "requires"), Scope.BUILD)

    def _main(self) -> None:
        if not self._requirements(("project", "dependencies"), Scope.PRODUCTION):
            self.complete = False

    def _extras(self) -> None:
        for extra in _table(self.project.get("optional-dependencies")):
            name = canonical_name(extra)
            self.extras.add(name)
            if not self._requirements(("project", "optional-dependencies", extra), Scope.OPTIONAL, name):
                self.unread.add(name)

    def _dynamic(self) -> None:
        """What the build backend fills in: setuptools and hatch-requirements-txt read requirements files."""
        dynamic = _names(self.project.get("dynamic"))
        setuptools = _table(_table(self.tools.get("setuptools")).get("dynamic"))
        hatch = _table(_table(_table(self.tools.get("hatch")).get("metadata")).get("hooks"))
        flit = _table(_table(self.tools.get("flit")).get("metadata"))
        if flit:
            self.complete = False
        if "dependencies" in dynamic:
            ways: tuple[Path, ...] = (
                ("tool", "setuptools", "dynamic", "dependencies", "file"),
                ("tool", "hatch", "metadata", "hooks", "requirements_txt", "files"),
            )
            read = [self._files(way) for way in ways if self.toml.get(*way) is not None]
            if not read and "dependencies" not in self.poetry:
                self.complete = False
            self.complete = self.complete and all(read)
        if "optional-dependencies" in dynamic and "extras" not in self.poetry:
            # Any extra may be among them, so none that is not written here is known.
            written = _table(setuptools.get("optional-dependencies"))
            names = {canonical_name(name) for name in written}
            self.extras |= names
            self.unread |= names or {"*"}
            if hatch:
                self.unread.add("*")

    def _files(self, path: Path) -> bool:
        """Adds the requirements files that a table names; whether all of them are there."""
        value = self.toml.get(*path)
        places: list[Path] = [path] if isinstance(value, str) else [(*path, i) for i, _ in enumerate(value or ())]
        whole = True
        for place in places:
            written, span = self.toml.get(*place), self.toml.span(*place)
            if not isinstance(written, str) or span is None:
                whole = False
                continue
            target = normal_path(self.folder, written)
            self.includes.append((target, span))
            whole = whole and target in self.repository.paths
        return whole

    def _group_lists(self) -> Iterator[tuple[str, Path]]:
        for table in (("dependency-groups",), ("tool", "pdm", "dev-dependencies")):
            for group in _table(self.toml.get(*table)):
                yield group, (*table, group)
        if isinstance(self.uv.get("dev-dependencies"), list):
            yield "dev", ("tool", "uv", "dev-dependencies")

    def _groups(self) -> None:
        for group, path in self._group_lists():
            name = canonical_name(group)
            self.groups.add(name)
            if not self._requirements(path, _group_scope(name), name):
                self.unread.add(name)
        for name in {target for targets in self.group_includes.values() for target in targets} - self.groups:
            self.unread.add(name)

    def _poetry(self) -> None:
        table = _table(self.poetry.get("dependencies"))
        standard = "dependencies" in self.project and "dependencies" not in _names(self.project.get("dynamic"))
        carriers = self._poetry_extras()
        for name, value in table.items():
            if name.lower() == "python":
                continue
            place: Path = ("tool", "poetry", "dependencies", name)
            canonical = canonical_name(name)
            variants = value if isinstance(value, list) else [value]
            optional = all(isinstance(variant, dict) and variant.get("optional") is True for variant in variants)
            if standard:
                # Beside [project] this table only says where its packages come from.
                self._enrich(canonical, value, place)
            elif optional or canonical in carriers:
                for extra in carriers.get(canonical, ("",)):
                    self._poetry_entry(name, value, place, Scope.OPTIONAL, extra)
            else:
                self._poetry_entry(name, value, place, Scope.PRODUCTION, "")
        for group, settings in _table(self.poetry.get("group")).items():
            if isinstance(settings, dict) and settings.get("optional") is True:
                self.optional_groups.add(canonical_name(group))
            self._poetry_group(canonical_name(group), ("tool", "poetry", "group", group, "dependencies"))
            for included in _names(_table(settings).get("include-groups")):
                known = self.group_includes.get(canonical_name(group), ())
                self.group_includes[canonical_name(group)] = (*known, canonical_name(included))
        self._poetry_group("dev", ("tool", "poetry", "dev-dependencies"))

    def _poetry_extras(self) -> dict[str, tuple[str, ...]]:
        """Which extras bring an optional package."""
        carriers: dict[str, tuple[str, ...]] = {}
        for extra, names in _table(self.poetry.get("extras")).items():
            self.extras.add(canonical_name(extra))
            for name in _names(names):
                key = canonical_name(name)
                carriers[key] = (*carriers.get(key, ()), canonical_name(extra))
        return carriers

    def _poetry_group(self, group: str, path: Path) -> None:
        table = self.toml.get(*path)
        if not isinstance(table, dict):
            return
        self.groups.add(group)
        for name, value in table.items():
            self._poetry_entry(name, value, (*path, name), _group_scope(group), group)

    def _poetry_entry(self, name: str, value: object, path: Path, scope: Scope, group: str) -> None:
        key, whole = self.toml.key_span(*path), self.toml.span(*path)
        span = key.to(whole) if key and whole else key or whole
        if span is not None:
            self.dependencies.extend(poetry_dependencies(name, value, span, self.folder, scope, group))

    def _enrich(self, name: str, value: object, path: Path) -> None:
        span = self.toml.key_span(*path) or self.toml.span(*path)
        origins = poetry_dependencies(name, value, span, self.folder) if span is not None else ()
        origin = next((origin for origin in origins if origin.url is not None), None)
        if origin is not None:
            self.dependencies = [
                replace(d, url=origin.url, local=origin.local, path=origin.path, pinned=origin.pinned)
                if d.name == name and not d.group
                else d
                for d in self.dependencies
            ]

    def _default_groups(self) -> frozenset[str]:
        written = self.uv.get("default-groups")
        if written == "all":
            return frozenset(self.groups)
        if isinstance(written, list):
            return frozenset(canonical_name(name) for name in _names(written))
        return frozenset({"dev"} & self.groups)

    def _library(self) -> Answer:
        """Whether the metadata is written for an index; an application may still carry it."""
        if self.poetry.get("package-mode") is False or self.uv.get("package") is False:
            return NO
        if "build-system" not in self.toml.data:
            return NO
        # `poetry new` writes a readme into every project, so that says nothing there.
        published = [self.project.get(key) for key in ("classifiers", "urls", "readme")]
        published += [self.poetry.get(key) for key in ("classifiers", "urls", "homepage", "repository")]
        return YES if any(published) else UNKNOWN


_PRODUCTION_GROUPS = frozenset("main prod production deploy deployment server web runtime".split())


def _group_scope(group: str) -> Scope:
    return Scope.PRODUCTION if group in _PRODUCTION_GROUPS else Scope.DEVELOPMENT
