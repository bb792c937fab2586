"""Databases, caches and queues that a platform runs for an app, as the files of platforms call them.

Sources, looked up in November 2026: render.com, "Blueprint YAML Reference"; elements.heroku.com, the names of the
add-ons; docs.digitalocean.com, "App Spec Reference", `engine`; AWS CloudFormation, the types of resources.
"""

from __future__ import annotations

from prodlint.deployment.backing_service import BackingService
from prodlint.deployment.environment import Environment
from prodlint.source import Span

__all__ = ["ADDON_VARIABLES", "addon", "managed"]

_ADDONS = {
    name: product
    for product, names in {
        "PostgreSQL": "heroku-postgresql crunchybridge",
        "Redis": "heroku-redis rediscloud redistogo redisgreen openredis upstash-redis",
        "MySQL": "cleardb jawsdb",
        "MariaDB": "jawsdb-maria",
        "RabbitMQ": "cloudamqp",
        "Kafka": "heroku-kafka cloudkarafka",
        "MongoDB": "mongolab objectrocket ormongo",
        "Memcached": "memcachier memcachedcloud",
        "Elasticsearch": "bonsai searchbox foundelasticsearch",
    }.items()
    for name in names.split()
}
ADDON_VARIABLES = {
    "heroku-postgresql": "DATABASE_URL",
    "heroku-redis": "REDIS_URL",
    "rediscloud": "REDISCLOUD_URL",
    "redistogo": "REDISTOGO_URL",
    "cloudamqp": "CLOUDAMQP_URL",
    "cleardb": "CLEARDB_DATABASE_URL",
    "jawsdb": "JAWSDB_URL",
    "bonsai": "BONSAI_URL",
}
"""The variable that an add-on sets when it is attached under its own name."""


def managed(
    name: str, product: str, version: str, platform: str, span: Span, environment: Environment
) -> BackingService:
    """A service that a platform runs; `product` is what the platform calls it where that is all that is known."""
    return BackingService(name, "", product, version, span, environment, managed_by=platform)


def addon(written: str, version: str, label: str, span: Span, environment: Environment) -> BackingService:
    """An add-on of Heroku by its plan, `heroku-postgresql:essential-0`; `label` is the name of its attachment."""
    name = written.partition(":")[0].strip()
    product = _ADDONS.get(name, "")
    return BackingService(label or name, name, product, version, span, environment, managed_by="Heroku")
