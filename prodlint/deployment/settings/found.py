"""What is found out about the settings of a service, whatever its framework."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from prodlint.deployment.value import UNKNOWN, YES, Answer, Known, Value
from prodlint.record import Entity, Record
from prodlint.source import Span

if TYPE_CHECKING:
    from prodlint.deployment.variables.env_read import EnvFileRead

__all__ = ["AppSettings", "SettingsSource"]


class SettingsSource(Record):
    """One place that had a say in which settings are used: `origin` is how a user calls it (`ENV in Dockerfile`)."""

    value: Value[object]
    span: Span
    origin: str


class AppSettings(Entity):
    """The settings of a service.

    `module` names the module or class. Where it is EnvDriven, what is said here holds when that variable is
    not set outside of the repository. `path` is its file, None when that is not here. `sources` are all
    places that had a say in the choice, the weakest first; `origin` and `span` tell of the one that decided.
    `missing_files` are files of variables that a class reads and that are not in the repository.
    `values` maps the names to what they hold once the module ran with the environment of the service; one
    that it certainly lacks has the default of the framework.
    """

    framework: str
    module: Value[str]
    path: str | None
    origin: str
    span: Span
    sources: tuple[SettingsSource, ...]
    values: Mapping[str, Value[object]]
    roots: tuple[str, ...] = ()
    missing_files: tuple[EnvFileRead, ...] = ()

    @property
    def is_certain(self) -> Answer:
        """Whether it is these settings and no others, whatever is set outside of the repository."""
        return YES if isinstance(self.module, Known) else UNKNOWN

    def get(self, name: str) -> Value[object] | None:
        """What a setting holds; None when it is certainly not set, so that the framework's default holds."""
        return self.values.get(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The settings that are set, in their order: names in capitals, but for the fields of a class of pydantic."""
        is_class = self.framework == "pydantic-settings"
        return tuple(name for name in self.values if is_class or name.isupper())
