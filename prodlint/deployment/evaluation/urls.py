"""Database URLs as `dj_database_url` and django-environ read them: what both say of engine, name and host.

Read in dj-database-url 3.1 and django-environ 0.14. Which further keys there are depends on their version.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from prodlint.deployment.evaluation.concrete import NotConcrete
from prodlint.deployment.evaluation.domain import is_marked

__all__ = ["database_of"]

_ENGINES = {
    "postgres": "django.db.backends.postgresql",
    "postgresql": "django.db.backends.postgresql",
    "pgsql": "django.db.backends.postgresql",
    "postgis": "django.contrib.gis.db.backends.postgis",
    "mysql": "django.db.backends.mysql",
    "mysql2": "django.db.backends.mysql",
    "mysqlgis": "django.contrib.gis.db.backends.mysql",
    "sqlite": "django.db.backends.sqlite3",
    "spatialite": "django.contrib.gis.db.backends.spatialite",
    "oracle": "django.db.backends.oracle",
    "redshift": "django_redshift_backend",
}


def database_of(url: str) -> dict[str, object]:
    """The part of a database's settings that a URL tells whatever reads it. Raises NotConcrete."""
    if is_marked(url):
        return _file_below_the_repository(url)
    if url == "sqlite://:memory:":
        return {"ENGINE": _ENGINES["sqlite"], "NAME": ":memory:"}
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotConcrete("is no URL") from None
    engine = _ENGINES.get(parts.scheme)
    name = unquote(parts.path[1:])
    is_odd = "%" in parts.netloc or "+" in parts.path or "," in parts.netloc or "[" in parts.netloc
    if engine is None or is_odd or not parts.path or (name.startswith("/") and not _is_file(parts.scheme)):
        raise NotConcrete("is a URL that libraries read in different ways")
    if parts.scheme == "oracle":
        raise NotConcrete("is a URL that libraries read in different ways")
    return {
        "ENGINE": engine,
        "NAME": name or (":memory:" if parts.scheme == "sqlite" else ""),
        "USER": parts.username or "",
        "PASSWORD": parts.password or "",
        "HOST": parts.hostname or "",
        "PORT": port or "",
    }


def _is_file(scheme: str) -> bool:
    return scheme in ("sqlite", "spatialite")


def _file_below_the_repository(url: str) -> dict[str, object]:
    scheme, _, path = url.partition(":///")
    if not _is_file(scheme) or "?" in path or "%" in path or "+" in path or "#" in path:
        raise NotConcrete("depends on where the repository lies")
    return {"ENGINE": _ENGINES[scheme], "NAME": path, "USER": "", "PASSWORD": "", "HOST": "", "PORT": ""}
