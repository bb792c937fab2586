"""What calls make an app, what serves the app inside of it, what bridges interfaces, what registers paths on an app.

Sources: the catalogue's serving page, 2.4; of what registers paths, the documentation and sources of each package.
"""

from __future__ import annotations

from prodlint.deployment.app import Interface
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer

__all__ = [
    "COLLECTED",
    "COLLECTORS",
    "FRAMEWORKS",
    "PLAIN",
    "REGISTERING",
    "TO_ASGI",
    "TO_WSGI",
    "is_wrapper",
    "registers_paths",
    "wrapped_position",
]

PLAIN = "plain"
"""What stands for the framework of a function that is an app by itself."""

FRAMEWORKS: dict[str, tuple[str, Interface]] = {
    "flask.Flask": ("Flask", Interface.WSGI),
    "flask.app.Flask": ("Flask", Interface.WSGI),
    "apiflask.APIFlask": ("Flask", Interface.WSGI),
    "flask_openapi3.OpenAPI": ("Flask", Interface.WSGI),
    "eve.Eve": ("Flask", Interface.WSGI),
    "dash.Dash": ("Dash", Interface.WSGI),
    "bottle.Bottle": ("Bottle", Interface.WSGI),
    "bottle.default_app": ("Bottle", Interface.WSGI),
    "falcon.App": ("Falcon", Interface.WSGI),
    "falcon.API": ("Falcon", Interface.WSGI),
    "falcon.asgi.App": ("Falcon", Interface.ASGI),
    "django.core.wsgi.get_wsgi_application": ("Django", Interface.WSGI),
    "django.core.handlers.wsgi.WSGIHandler": ("Django", Interface.WSGI),
    "django.core.asgi.get_asgi_application": ("Django", Interface.ASGI),
    "configurations.wsgi.get_wsgi_application": ("Django", Interface.WSGI),
    "configurations.asgi.get_asgi_application": ("Django", Interface.ASGI),
    "channels.routing.ProtocolTypeRouter": ("Django", Interface.ASGI),
    "fastapi.FastAPI": ("FastAPI", Interface.ASGI),
    "fastapi.applications.FastAPI": ("FastAPI", Interface.ASGI),
    "starlette.applications.Starlette": ("Starlette", Interface.ASGI),
    "quart.Quart": ("Quart", Interface.ASGI),
    "litestar.Litestar": ("Litestar", Interface.ASGI),
    "starlite.Starlite": ("Starlite", Interface.ASGI),
    "blacksheep.Application": ("BlackSheep", Interface.ASGI),
    "esmerald.Esmerald": ("Esmerald", Interface.ASGI),
    "connexion.AsyncApp": ("Connexion", Interface.ASGI),
    "pyramid.config.Configurator.make_wsgi_app": ("Pyramid", Interface.WSGI),
    "prometheus_client.make_wsgi_app": ("Prometheus", Interface.WSGI),
    "prometheus_client.make_asgi_app": ("Prometheus", Interface.ASGI),
    "robyn.Robyn": ("Robyn", Interface.OWN),
    "sanic.Sanic": ("Sanic", Interface.OWN),
    "aiohttp.web.Application": ("aiohttp", Interface.OWN),
    "tornado.web.Application": ("Tornado", Interface.OWN),
}
_WRAPPERS = frozenset(
    {
        "whitenoise.WhiteNoise",
        "werkzeug.debug.DebuggedApplication",
        "newrelic.agent.WSGIApplicationWrapper",
        "newrelic.agent.ASGIApplicationWrapper",
        "sentry_sdk.integrations.wsgi.SentryWsgiMiddleware",
        "sentry_sdk.integrations.asgi.SentryAsgiMiddleware",
        "uvicorn.middleware.proxy_headers.ProxyHeadersMiddleware",
        # Functions of AWS Lambda: the app is what they are made of.
        "mangum.Mangum",
        "mangum.adapter.Mangum",
        "apig_wsgi.make_lambda_handler",
        "awsgi.response",
        "awsgi2.response",
        "serverless_wsgi.handle_request",
        "opentelemetry.instrumentation.asgi.OpenTelemetryMiddleware",
        "opentelemetry.instrumentation.wsgi.OpenTelemetryMiddleware",
        "ddtrace.contrib.asgi.TraceMiddleware",
        "ddtrace.contrib.wsgi.DDWSGIMiddleware",
        "elasticapm.contrib.starlette.ElasticAPM",
        "asgi_correlation_id.CorrelationIdMiddleware",
        "brotli_asgi.BrotliMiddleware",
        "servestatic.ServeStatic",
        "servestatic.ServeStaticASGI",
        "dj_static.Cling",
        "static_ranges.Ranges",
        "gradio.mount_gradio_app",
        "quart_cors.cors",
    }
)
# Whole packages of wrappers whose first argument is the app.
_WRAPPING_PACKAGES = ("werkzeug.middleware.", "starlette.middleware.", "fastapi.middleware.")

TO_ASGI = frozenset(
    {
        "asgiref.wsgi.WsgiToAsgi",
        "a2wsgi.WSGIMiddleware",
        "starlette.middleware.wsgi.WSGIMiddleware",
        "fastapi.middleware.wsgi.WSGIMiddleware",
        "uvicorn.middleware.wsgi.WSGIMiddleware",
        "hypercorn.middleware.AsyncioWSGIMiddleware",
        "socketio.ASGIApp",
    }
)
"""Wrappers that serve what is inside of them as ASGI, whatever it is."""

TO_WSGI = frozenset({"a2wsgi.ASGIMiddleware", "socketio.WSGIApp"})
"""Wrappers that serve what is inside of them as WSGI."""


def is_wrapper(name: str) -> bool:
    """Whether a call of this dotted name serves the app that it is given, perhaps by another interface."""
    return name in _WRAPPERS or name in TO_ASGI or name in TO_WSGI or name.startswith(_WRAPPING_PACKAGES)


def wrapped_position(name: str) -> tuple[int, tuple[str, ...]]:
    """Which argument of a wrapper is the app: its position, and the keywords that may name it."""
    if name.startswith("socketio."):
        return 1, ("wsgi_app", "other_asgi_app")
    return 0, ("app", "application", "wsgi_app", "asgi_app", "wsgi_application")


_COLLECTED = {
    "FastAPI": "fastapi.FastAPI fastapi.applications.FastAPI fastapi.APIRouter fastapi.routing.APIRouter",
    "Starlette": "starlette.applications.Starlette starlette.routing.Router",
    "Flask": "flask.Flask flask.app.Flask flask.Blueprint flask.blueprints.Blueprint apiflask.APIFlask "
    "apiflask.APIBlueprint",
    "Quart": "quart.Quart quart.Blueprint",
}
_NOT_READ = {
    "Flask": "flask_restx.Namespace flask_restx.Api flask_restplus.Namespace flask_restful.Api "
    "flask_smorest.Blueprint flask_openapi3.OpenAPI flask_openapi3.APIBlueprint",
    "Flask-Sock": "flask_sock.Sock",
    "Flask-Sockets": "flask_sockets.Sockets",
    "Django Ninja": "ninja.NinjaAPI ninja.Router",
    "Sanic": "sanic.Sanic sanic.Blueprint",
    "aiohttp": "aiohttp.web.RouteTableDef",
}

COLLECTED = frozenset(name for names in _COLLECTED.values() for name in names.split())
"""The apps, blueprints and routers whose routes are read."""

COLLECTORS = {
    name: framework for table in (_COLLECTED, _NOT_READ) for framework, names in table.items() for name in names.split()
}
"""What collects routes under decorators, with its framework; not all of it is read."""

REGISTERING = frozenset(
    "flask_restful flask_restx flask_smorest flask_appbuilder flask_admin fastapi_users dash".split()
)
"""Packages that register paths in ways that are not read: with one of them no path is known to be missing."""

# Packages that are given an app and register no path on it.
_HARMLESS = frozenset(
    "a2wsgi apig_wsgi asgi_correlation_id asgi_lifespan asgiref atexit awsgi awsgi2 beanie bjoern blinker "
    "brotli_asgi builtins celery cheroot contextlib dataclasses ddtrace dependency_injector dishka elasticapm "
    "eventlet fastapi fastapi_cache fastapi_pagination flask flask_alembic flask_assets "
    "flask_babel flask_babelex flask_bcrypt flask_caching flask_compress flask_cors flask_htmlmin flask_httpauth "
    "flask_jwt_extended flask_limiter flask_login flask_mail flask_mailman flask_marshmallow flask_migrate "
    "flask_moment flask_mongoengine flask_principal flask_pymongo flask_redis flask_script flask_seasurf "
    "flask_session flask_sqlalchemy flask_sslify flask_talisman flask_wtf gevent granian gunicorn httpx hypercorn "
    "inspect json logfire logging loguru mangum newrelic opentelemetry pprint psycogreen pytest quart quart_cors "
    "requests rq sentry_sdk serverless_wsgi servestatic signal slowapi sqlalchemy starlette starlette_context "
    "structlog sys tortoise typing typing_extensions uvicorn waitress weakref werkzeug whitenoise wsgiref".split()
)
# Of these packages, what answers paths of its own.
_DISPATCHERS = frozenset(("werkzeug.middleware.dispatcher.DispatcherMiddleware", "werkzeug.wsgi.DispatcherMiddleware"))


def registers_paths(name: str) -> Answer:
    """Whether what bears a dotted name in a package may answer paths of its own once it is given an app."""
    package = name.partition(".")[0]
    if package in REGISTERING or name in _DISPATCHERS:
        return YES
    return NO if package in _HARMLESS else UNKNOWN
