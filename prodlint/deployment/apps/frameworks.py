"""What calls make an app: frameworks, the wrappers that serve the app inside of them, and bridges between interfaces.

Source: the catalogue's serving page, 2.4.
"""

from __future__ import annotations

from prodlint.deployment.app import Interface

__all__ = ["FRAMEWORKS", "PLAIN", "TO_ASGI", "TO_WSGI", "is_wrapper", "wrapped_position"]

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
