"""Backing services: databases, brokers, caches and proxies that run beside the app from images of others."""

from __future__ import annotations

from prodlint.deployment.environment import Environment
from prodlint.deployment.process import MadeImage, Process
from prodlint.record import Record
from prodlint.source import Span

__all__ = ["BackingService", "backing_product", "backing_service", "name_and_tag"]

# The last part of an image's name, and what it is.
_PRODUCTS = {
    name: product
    for product, names in {
        "PostgreSQL": "postgres postgresql postgis pgvector timescaledb timescaledb-ha alloydbomni",
        "PgBouncer": "pgbouncer",
        "MySQL": "mysql mysql-server percona",
        "MariaDB": "mariadb",
        "Redis": "redis redis-stack redis-stack-server",
        "Valkey": "valkey",
        "KeyDB": "keydb",
        "Dragonfly": "dragonfly",
        "Memcached": "memcached",
        "RabbitMQ": "rabbitmq",
        "Kafka": "kafka cp-kafka",
        "ZooKeeper": "zookeeper cp-zookeeper",
        "NATS": "nats",
        "MongoDB": "mongo mongodb",
        "Elasticsearch": "elasticsearch",
        "OpenSearch": "opensearch",
        "Meilisearch": "meilisearch",
        "Typesense": "typesense",
        "ClickHouse": "clickhouse clickhouse-server",
        "Cassandra": "cassandra",
        "MinIO": "minio",
        "nginx": "nginx nginx-proxy nginx-unprivileged",
        "Traefik": "traefik",
        "Caddy": "caddy caddy-docker-proxy",
        "HAProxy": "haproxy",
        "Apache httpd": "httpd",
        "Certbot": "certbot",
        "acme-companion": "acme-companion letsencrypt-nginx-proxy-companion",
        "Adminer": "adminer",
        "pgAdmin": "pgadmin4",
        "phpMyAdmin": "phpmyadmin",
        "Mailpit": "mailpit",
        "MailHog": "mailhog",
        "Mailcatcher": "mailcatcher",
        "Prometheus": "prometheus",
        "Grafana": "grafana",
        "Loki": "loki",
        "Jaeger": "all-in-one jaeger",
        "OpenTelemetry Collector": "opentelemetry-collector opentelemetry-collector-contrib",
        "Gotenberg": "gotenberg",
        "Tika": "tika",
        "Watchtower": "watchtower",
        "Selenium": "standalone-chrome standalone-firefox",
    }.items()
    for name in names.split()
}


class BackingService(Record):
    """One such service; `product` is empty for an image that is not known, `version` is the image's tag.

    `process` is what its file says of how it runs. `managed_by` is the platform that runs it, which shows no image.
    `made_by` is what makes its image in this repository, without a Dockerfile.
    """

    name: str
    image: str
    product: str
    version: str
    span: Span
    environment: Environment = Environment.UNKNOWN
    process: Process | None = None
    managed_by: str = ""
    made_by: MadeImage | None = None


def backing_service(name: str, process: Process, span: Span | None = None) -> BackingService | None:
    """The backing service that a process of an outside image is, None when it names no image.

    `span` is where it is declared, if not where its process is.
    """
    if process.image is None:
        return None
    _, tag = name_and_tag(process.image)
    return BackingService(
        name, process.image, backing_product(process.image), tag, span or process.span, process=process
    )


def backing_product(image: str) -> str:
    """The product that an image of others runs, empty when it is not known."""
    return _PRODUCTS.get(name_and_tag(image)[0].rpartition("/")[2].lower(), "")


def name_and_tag(image: str) -> tuple[str, str]:
    """An image's name with its registry, and its tag; empty where it has none."""
    whole = image.partition("@")[0]
    name, _, tag = whole.rpartition(":")
    # No tag, or the colon belongs to the port of a registry.
    return (whole, "") if not name or "/" in tag else (name, tag)
