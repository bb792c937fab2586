"""Where an app answers Prometheus itself, from the counters of the process that happens to be asked."""

from __future__ import annotations

from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import served_code
from prodlint.deployment.service import Service
from prodlint.deployment.value import Known
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["metrics_of_one_process"]

_EXPOSES = frozenset(
    {
        "prometheus_client.make_wsgi_app",
        "prometheus_client.make_asgi_app",
        "prometheus_fastapi_instrumentator.Instrumentator.expose",
        "prometheus_fastapi_instrumentator.Instrumentator.instrument.expose",
        "prometheus_fastapi_instrumentator.Instrumentator.add.instrument.expose",
        "prometheus_flask_exporter.PrometheusMetrics",
        "prometheus_flask_exporter.PrometheusMetrics.for_app_factory",
    }
)
_WRITES = frozenset({"prometheus_client.generate_latest", "prometheus_client.exposition.generate_latest"})
_INCLUDES = frozenset({"django.urls.include", "django.conf.urls.include", "django.urls.conf.include"})
_URLS = "django_prometheus.urls"
_VARIABLES = ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir")
_SHARES = regex(rb"(?i)prometheus_multiproc_dir|MultiProcessCollector|prometheus_flask_exporter\.multiprocess")
_NEEDLES = (b"prometheus",)


def metrics_of_one_process(service: Service, repository: Repository) -> Span | None:
    """The place where a service's app answers Prometheus for the process alone; None where it is not known to.

    prometheus_client adds up what the processes count where a variable names a folder for them (its documentation,
    "Multiprocess Mode (E.g. Gunicorn)"): wherever that name is written, it may be set.
    """
    place = _answered(service, repository)
    return None if place is None or _shares(repository) else place


def _answered(service: Service, repository: Repository) -> Span | None:
    """Where it answers Prometheus, or hands numbers on, whatever the processes share."""
    if service.app is None:
        return None
    if any(service.variables.get(name) is not None for name in _VARIABLES):
        return None
    code = served_code(service, repository)
    for call in (*code.calls_on_import(_NEEDLES, _EXPOSES), *code.calls_at_start(_NEEDLES, _EXPOSES)):
        path = call.argument("path") if "flask" in call.name else None
        if path is None and not call.is_conditional:
            return call.span
    for call in code.calls_on_request(_NEEDLES, _WRITES):
        return call.span
    for call in code.calls_on_import((_URLS.encode(),), _INCLUDES):
        included = call.argument("arg", 0)
        if isinstance(included, Known) and included.value == _URLS and not call.is_conditional:
            return call.span
    return None


@per_repository
def _shares(repository: Repository) -> bool:
    names = (*repository.python_files, *repository.ending(".sh", ".ini", ".toml", ".env"))
    return any(_SHARES.search(repository.data(path) or b"") for path in names)
