"""What Django imports that no statement spells: settings, applications, URL configurations and middleware.

Django, "Applications" (initialization process), "URL dispatcher" and "The Django admin site" (autodiscover).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import cached_property

from prodlint.deployment.app import locate_module
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.settings.found import AppSettings
from prodlint.deployment.settings.start import Start
from prodlint.deployment.value import Known
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["DjangoImports"]

_INCLUDE = regex(r"\binclude\(\s*\(?\s*[\"']([\w.]+)[\"']")


class DjangoImports:
    """The imports of a Django process by the file that causes them."""

    def __init__(self, service: Service, repository: Repository, start: Start) -> None:
        self._service = service
        self._repository = repository
        self._start = start

    def of(self, path: str) -> tuple[tuple[str, Span], ...]:
        """The files that one causes to be imported, with the place that says so."""
        settings = self._settings
        found = list(self._included(path))
        if settings is None or settings.path is None:
            return tuple(found)
        if path in self._entries:
            found.append((settings.path, settings.span))
        if path == settings.path:
            found += self._named
        return tuple(found)

    def are_known(self) -> bool:
        """Whether the settings are known, which name most of them."""
        return self._settings is not None and self._settings.path is not None

    @cached_property
    def _entries(self) -> frozenset[str]:
        return frozenset(one.path for one in self._start.modules) | {self._service.module or ""}

    @cached_property
    def _settings(self) -> AppSettings | None:
        from prodlint.deployment.settings_module import settings_of

        return settings_of(self._service, self._repository)

    @cached_property
    def _named(self) -> tuple[tuple[str, Span], ...]:
        """What the settings name."""
        found: list[tuple[str, Span]] = []
        apps = self._list("INSTALLED_APPS")
        has_admin = any(name.startswith("django.contrib.admin") for name, _ in apps)
        for name, span in apps:
            package = name
            config = self._file(name.rpartition(".")[0]) if self._file(name) is None else None
            if config is not None:
                # `shop.apps.ShopConfig`: its package is the application.
                found.append((config, span))
                package = name.rpartition(".")[0].rpartition(".")[0]
            for module in ("", ".apps", ".models", *((".admin",) if has_admin else ())):
                path = self._file(package + module) if package else None
                if path is not None:
                    found.append((path, span))
        for setting in ("ROOT_URLCONF", "MIDDLEWARE", "ASGI_APPLICATION", "WSGI_APPLICATION"):
            for name, span in self._list(setting):
                for dotted in (name, name.rpartition(".")[0]):
                    path = self._file(dotted) if dotted else None
                    if path is not None:
                        found.append((path, span))
        return tuple(found)

    def _list(self, setting: str) -> list[tuple[str, Span]]:
        value = self._settings.get(setting) if self._settings is not None else None
        if not isinstance(value, Known):
            return []
        parts = value.value if isinstance(value.value, list | tuple) else [value.value]
        return [(one, value.span) for one in parts if isinstance(one, str)]

    def _file(self, dotted: str) -> str | None:
        return locate_module(self._repository, (*self._start.roots, ""), dotted)

    def _included(self, path: str) -> Iterator[tuple[str, Span]]:
        """`include("shop.urls")`."""
        if b"include(" not in (self._repository.data(path) or b""):
            return
        source = self._repository.source(path)
        for one in _INCLUDE.finditer(source.text) if source is not None else ():
            found = self._file(one[1]) or locate_module(self._repository, (posixpath.dirname(path),), one[1])
            if found is not None and source is not None:
                yield found, Span(source, one.start(1), one.end(1))
