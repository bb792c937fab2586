"""Cloud Foundry: the Python applications of an app manifest, which bears any name (`cf push -f`).

Sources: docs.cloudfoundry.org, "App manifest attribute reference", "Python buildpack" and "Cloud Foundry
environment variables".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from itertools import islice

from prodlint.deployment.command import CommandLine, shell_form
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.memo import per_repository
from prodlint.deployment.process import EnvDefinition, Platform, PlatformSetting, Process, Role
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.value import Known, Unknown
from prodlint.readers.declared import (
    declared_number,
    declared_text,
    is_placeholder,
    mapping_at,
    mappings_at,
    scalar_at,
    scalars_of,
)
from prodlint.readers.procfile_lines import procfile_command
from prodlint.regex import regex
from prodlint.syntax.word import Word
from prodlint.syntax.yaml import Mapping, Scalar

# Other systems have lists of applications, too: one of these tells whose it is.
_OWN = (
    "buildpack buildpacks memory instances disk_quota disk-quota routes no-route random-route default-route stack "
    "health-check-type docker processes"
).split()
_SETTINGS = ("memory", "disk_quota", "stack", "timeout", "health-check-type", "health-check-http-endpoint")
_PYTHON_FILES = ("requirements.txt", "Pipfile", "setup.py", "environment.yml")
# A manifest beside one of these is that of its own folder.
_BESIDE = ("Procfile", *_PYTHON_FILES, "Staticfile", "index.html", "package.json", "composer.json", "go.mod", "Gemfile")
_AT_TOP = regex(rb"(?m)^[\"']?applications[\"']?:")
_MOST = 100


def read(path: str, repository: Repository) -> Iterator[Process]:
    """A process for each application of Python, and for each of its `processes`."""
    if "{{" in path or not _AT_TOP.search(repository.data(path) or b""):
        return
    documents = repository.yaml(path)
    root = documents[0].root if documents else None
    if not isinstance(root, Mapping):
        return
    for body in islice(mappings_at(root, "applications"), _MOST):
        if any(place.get(key) is not None for place in (body, root) for key in _OWN):
            app = _App(body, root, path, repository)
            if app.is_python():
                yield from app.processes()


class _App:
    """One application; what it does not say itself, the top of an older manifest says for all of them."""

    def __init__(self, body: Mapping, top: Mapping, path: str, repository: Repository) -> None:
        self.body = body
        self.top = top
        self.path = path
        self.repository = repository
        name = scalar_at(body, "name")
        self.name = name.value if name is not None else "app"
        self.declaration = (name or body).span
        self.image = scalar_at(body, "docker", "image")
        self.root = self._root()

    def told(self, key: str) -> Scalar | None:
        return scalar_at(self.body, key) or scalar_at(self.top, key)

    def _root(self) -> str:
        """The folder that is uploaded: `path`, from the manifest; without it the one where `cf push` is called."""
        folder = posixpath.dirname(self.path)
        written = self.told("path")
        if written is not None and not is_placeholder(written.value):
            found = normal_path(folder, written.value)
            return "" if found.startswith("..") else found
        beside = (normal_path(folder, name) for name in _BESIDE)
        return folder if any(one in self.repository.paths for one in beside) else ""

    def is_python(self) -> bool:
        """Whether the buildpack of Python builds it, by its name or because it finds files of Python."""
        if self.image is not None:
            return True
        named = [
            one.value.lower()
            for place in (self.body, self.top)
            for one in (*scalars_of(place.get("buildpacks")), scalar_at(place, "buildpack"))
            if one is not None and one.value
        ]
        if named and not any(is_placeholder(one) or "((" in one for one in named):
            return any("python" in one for one in named)
        return any(normal_path(self.root, name) in self.repository.paths for name in _PYTHON_FILES)

    def processes(self) -> Iterator[Process]:
        """The main process, and the others that the manifest names."""
        listed: dict[str, Mapping] = {}
        for one in islice(mappings_at(self.body, "processes"), _MOST):
            kind = scalar_at(one, "type")
            listed[kind.value if kind is not None else "web"] = one
        yield self._process("web", listed.pop("web", self.body), self.name)
        for name, one in listed.items():
            yield self._process(name, one, f"{self.name}-{name}")

    def _process(self, kind: str, body: Mapping, name: str) -> Process:
        command = self._command(kind, body)
        count = scalar_at(body, "instances") or (self.told("instances") if kind == "web" else None)
        return Process(
            name=name,
            span=command.span if command is not None else self.declaration,
            declaration=self.declaration,
            platform=Platform.CLOUD_FOUNDRY,
            role=Role.WEB if kind == "web" and self._is_reached() else Role.WORKER,
            command=command,
            image=self.image.value if self.image is not None else None,
            root=self.root,
            variables=tuple(self._variables()),
            environment=self._environment(),
            complete=command is not None and self.told("inherit") is None,
            replicas=declared_number(count) if count is not None else None,
            settings=tuple(self._settings(body)),
        )

    def _command(self, kind: str, body: Mapping) -> CommandLine | None:
        """The command of the manifest, else that of the Procfile, which the buildpack takes."""
        written = scalar_at(body, "command") or (self.told("command") if kind == "web" else None)
        if written is not None and written.value not in ("", "null", "default"):
            return shell_form(written.text, written.span)
        return procfile_command(self.repository, self.root, kind) if self.image is None else None

    def _is_reached(self) -> bool:
        """Whether it has a route: one without, or whose health is that it runs, is a worker."""
        none, health = self.told("no-route"), self.told("health-check-type")
        return not (none is not None and none.value.lower() == "true") and not (
            health is not None and health.value in ("process", "none") and self.body.get("routes") is None
        )

    def _environment(self) -> Environment:
        """What the manifest's name or the application's says; without a word it is the manifest of production."""
        said = environment_of(self.path) or environment_of(self.name)
        if said is not None:
            return said
        if posixpath.dirname(self.path) in _folders_of_production(self.repository):
            # Another manifest says that it is the one: nobody knows what this one is for.
            return Environment.UNKNOWN
        return Environment.PRODUCTION

    def _variables(self) -> Iterator[EnvDefinition]:
        """Values; `((name))` comes from a file of variables or from the call of `cf push`."""
        for place in (self.top, self.body):
            found = mapping_at(place, "env")
            for key, value in found.items() if found is not None else ():
                if not isinstance(key, Scalar):
                    continue
                if not isinstance(value, Scalar):
                    yield EnvDefinition(key.value, None, key.span, given=Unknown("it is a structure", value.span))
                elif "((" in value.value or is_placeholder(value.value):
                    told = Unknown(f"`cf push` fills in {value.value[:60]}", value.span)
                    yield EnvDefinition(key.value, None, key.span, given=told)
                elif value.style == "plain" and value.value.lower() in ("true", "false"):
                    # A truth value of YAML arrives as `true`, however it is written.
                    yield EnvDefinition(key.value, None, key.span, given=Known(value.value.lower(), value.span))
                else:
                    yield EnvDefinition(key.value, Word.of(value.text, value.span), key.span)

    def _settings(self, body: Mapping) -> Iterator[PlatformSetting]:
        for name in _SETTINGS:
            written = scalar_at(body, name) or self.told(name)
            if written is not None:
                yield PlatformSetting(name, declared_text(written), written.span)
        bound = [one for one in scalars_of(self.body.get("services")) if one.value]
        if bound:
            names = ", ".join(one.value for one in bound[:_MOST])
            yield PlatformSetting("services", Known(names, bound[0].span), bound[0].span)


@per_repository
def _folders_of_production(repository: Repository) -> frozenset[str]:
    """The folders with a manifest that says by its name that it is of production."""
    return frozenset(
        posixpath.dirname(path)
        for path in repository.ordered
        if path.endswith((".yml", ".yaml"))
        and environment_of(path.rpartition("/")[2]) is Environment.PRODUCTION
        and b"applications:" in (repository.data(path) or b"")
    )
