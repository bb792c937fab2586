"""What the server of one service is told to serve, and whether it can: the app, its interface, the server's options.

Each question is answered by a module of its own, which is loaded when somebody asks.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from prodlint.deployment.app import App, files_of_module
from prodlint.deployment.app_target import AppTarget, target_of
from prodlint.deployment.process import UnreadDeployment
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import code_holds
from prodlint.deployment.service import Service
from prodlint.deployment.value import YES, Known
from prodlint.finding import Fix
from prodlint.record import replace

if TYPE_CHECKING:
    from prodlint.deployment.gunicorn_file import IgnoredName, MissingFile, UnloadedFile
    from prodlint.deployment.served.async_entry import AsgiNeed
    from prodlint.deployment.served.socket_on_wsgi import SocketOnWsgi
    from prodlint.deployment.served.websocket import WebSocketRoute
    from prodlint.deployment.servers.unknown_options import UnknownOption
    from prodlint.source import Span

__all__ = ["Serving"]

_WEBSOCKETS = (b"websocket", b"WebSocketRoute")
_SOCKETS = (_WEBSOCKETS, (b"flask_sock", b"simple_websocket"), (b"flask_socketio",))


class Serving:
    """The answers for one service. What changes its command is None where it is not certain how to write that."""

    def __init__(
        self,
        service: Service,
        services: tuple[Service, ...],
        unread: tuple[UnreadDeployment, ...],
        repository: Repository,
    ) -> None:
        self._service = service
        self._services = services
        self._unread = unread
        self._repository = repository

    @cached_property
    def target(self) -> AppTarget | None:
        """What its server is told to serve, and whether it is there."""
        return target_of(self._service, self._repository) if self._service.starts_certainly else None

    @property
    def app(self) -> App | None:
        """The app as its server meets it: what a function makes that it calls; None while that is not known."""
        app = self._service.app if self._service.starts_certainly else None
        if app is None or not app.is_factory:
            return app
        return replace(app, is_factory=False) if self.target is not None and self.target.is_called is YES else None

    @property
    def module_elsewhere(self) -> str | None:
        """The one file of the repository that its target may mean, where none was found where it runs."""
        target = self._service.server.target if self._service.server is not None else None
        if self._service.module is not None or not isinstance(target, Known):
            return None
        files = files_of_module(self._repository, target.value.partition(":")[0])
        return files[0] if len(files) == 1 else None

    @property
    def worker_app(self) -> Span | None:
        """Where the app that its worker of Celery loads is made; None where it was not found."""
        from prodlint.deployment.worker_app import worker_app_of

        return worker_app_of(self._service, self._repository)

    def with_target(self, *words: str) -> Fix | None:
        """Its target, which serves nobody, replaced by words."""
        from prodlint.deployment.fixes.target import with_target

        return with_target(self._service, self._services, words)

    @property
    def with_import_string(self) -> Fix | None:
        """The app that a script hands to `uvicorn.run()` named instead."""
        from prodlint.deployment.fixes.target import with_import_string

        return with_import_string(self._service, self._repository)

    @property
    def with_need_app(self) -> Fix | None:
        """`need-app` behind the app in the file that its uWSGI reads; None where it is named elsewhere."""
        from prodlint.deployment.fixes.target import with_need_app

        return with_need_app(self._service)

    @property
    def asgi_target(self) -> str:
        """The ASGI app of Django beside the WSGI app that it serves, empty where there is none."""
        from prodlint.deployment.fixes.target import asgi_target_of

        return asgi_target_of(self._service, self._repository)

    @property
    def asgi_need(self) -> AsgiNeed | None:
        """What its Django project has that needs ASGI, where no process serves it so; None while that is not known."""
        app = self._service.app
        if self._unread or app is None or app.framework != "Django":
            return None
        from prodlint.deployment.served.async_entry import asgi_need_of

        return asgi_need_of(self._service, self._services, self._repository)

    @property
    def with_asgi_worker(self) -> Fix | None:
        """An installed worker class for ASGI, for a gunicorn that is told none."""
        from prodlint.deployment.fixes.target import with_asgi_worker

        return with_asgi_worker(self._service, self._services)

    @property
    def websocket(self) -> WebSocketRoute | None:
        """A websocket that its app answers, and whether its server can."""
        if not code_holds(self._service, self._repository, *_WEBSOCKETS):
            return None
        from prodlint.deployment.served.websocket import websocket_of

        return websocket_of(self._service, self._repository)

    @property
    def socket_on_wsgi(self) -> SocketOnWsgi | None:
        """A socket of its WSGI app that its server refuses, or that holds what requests need."""
        if self.app is None or not any(code_holds(self._service, self._repository, *one) for one in _SOCKETS):
            return None
        from prodlint.deployment.served.socket_on_wsgi import socket_on_wsgi_of

        return socket_on_wsgi_of(self._service, self.app, self._repository)

    @property
    def unknown_options(self) -> tuple[UnknownOption, ...]:
        """The options of its command that its server has in no version."""
        server = self._service.server
        if server is None or all(given.option is not None for given in server.parsed.given):
            return ()
        from prodlint.deployment.servers.unknown_options import unknown_options

        return unknown_options(server) if self._service.starts_certainly else ()

    @property
    def ignored_gunicorn_names(self) -> tuple[IgnoredName, ...]:
        """The names in the file that its gunicorn reads which it skips, although a setting was meant."""
        from prodlint.deployment.gunicorn_file import ignored_names

        return ignored_names(self._service, self._repository)

    @property
    def missing_gunicorn_file(self) -> MissingFile | None:
        """The configuration file that its gunicorn is told to read and certainly does not find."""
        from prodlint.deployment.gunicorn_file import missing_file

        return missing_file(self._service, self._repository) if self._service.starts_certainly else None

    @property
    def unloaded_gunicorn_file(self) -> UnloadedFile | None:
        """The one configuration file of gunicorn that is here, where its gunicorn reads none."""
        from prodlint.deployment.gunicorn_file import unloaded_file

        if not self._service.starts_certainly:
            return None
        return unloaded_file(self._service, self._services, self._repository)
