"""Whether an image bears the name of this project: by its words, where nobody else owns the image.

A chart is often called after what somebody else publishes (`my-airflow`, `superset-tools`): a name that two things
share says nothing of an image that stands below another's name.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from prodlint.deployment.builds.agreement import COMPUTED, without_tag
from prodlint.deployment.images.base import is_official
from prodlint.deployment.process import BuiltImage
from prodlint.deployment.repository import Repository
from prodlint.record import Record
from prodlint.regex import regex

__all__ = ["ProjectNames", "project_names", "says_nothing", "words_of"]

_WORD = regex(r"[a-z0-9]+")
_REGISTRY = regex(r"[.:]|^localhost$")
# Where everybody publishes, each below a name of their own.
_HUBS = frozenset(
    "docker.io index.docker.io registry-1.docker.io registry.hub.docker.com hub.docker.com ghcr.io quay.io cgr.dev "
    "public.ecr.aws mcr.microsoft.com registry.gitlab.com registry.k8s.io k8s.gcr.io nvcr.io docker.elastic.co lscr.io "
    "registry.access.redhat.com registry.redhat.io docker.n8n.io".split()
)
# Whose images are mirrored into registries of one's own; from memory: no list of them is published.
_VENDORS = frozenset(
    "apache bitnami bitnamilegacy library grafana prom elastic confluentinc hashicorp google-containers "
    "google_containers google-samples google.com distroless cloudsql-docker kaniko-project amazon aws microsoft "
    "dotnet nginxinc linuxserver chainguard rancher istio linkerd minio datadog newrelic openzipkin jaegertracing "
    "otel sonatype jupyter jupyterhub tiangolo dpage mlflow prefecthq dagster kong hasura n8nio getsentry".split()
)
# What Docker publishes below no name at all (docker-library/official-images, library/, as of 2026-08-21).
_OFFICIAL = frozenset(
    "adminer aerospike almalinux alpine alt amazoncorretto amazonlinux api-firewall arangodb archlinux azul-zulu "
    "backdrop bash bonita buildpack-deps busybox caddy cassandra chronograf cirros clearlinux clefos clickhouse "
    "clojure composer convertigo couchbase couchdb crate dart debian docker drupal eclipse-mosquitto eclipse-temurin "
    "eggdrop elasticsearch elixir emqx erlang espocrm fedora flink fluentd friendica gazebo gcc geonetwork ghost "
    "golang gradle groovy haproxy haskell haxe hello-world hitch httpd hylang ibm-semeru-runtimes ibmjava influxdb "
    "irssi jetty joomla jruby julia kapacitor kibana kong krakend lightstreamer liquibase logstash mageia mariadb "
    "matomo maven mediawiki memcached mongo mongo-express monica mysql nats neo4j neurodebian nextcloud nginx nim "
    "node notary odoo open-liberty openjdk oraclelinux orientdb percona perl photon php php-zendserver phpmyadmin "
    "plone postfixadmin postgres pypy python r-base rabbitmq rakudo-star redis redmine registry rethinkdb rocket.chat "
    "rockylinux ros ruby rust sapmachine satosa silverpeas solr sonarqube spark spiped storm swift swipl teamspeak "
    "telegraf tomcat tomee traefik ubuntu unit varnish websphere-liberty wordpress xwiki yourls znc zookeeper".split()
)
_COMMON = frozenset(
    "app apps web api server backend frontend service services worker src tests test docs python django flask fastapi "
    "image docker project config core main the and".split()
)
_OF_CHARTS = frozenset(("chart", "charts", "helm"))


class ProjectNames(Record):
    """Words of the project and of a family of its images, the name of its only chart as words, names of its owner.

    `whole` are names that are the project's whoever owns an image: of several words, or those of both a package and
    the chart. A single word is often that of a product of others. `own` are all of its names.
    """

    words: frozenset[str]
    family: frozenset[str] = frozenset()
    chart: tuple[str, ...] = ()
    owners: frozenset[str] = frozenset()
    whole: frozenset[tuple[str, ...]] = frozenset()
    own: frozenset[tuple[str, ...]] = frozenset()

    def stand_in(self, text: str, image: str) -> bool:
        """Whether a part of an image's name is that of the project, and the image is nobody else's."""
        found = words_of(text)
        if not self.family.isdisjoint(found):
            return True
        if not self.may_stand_in(text, image):
            return False
        return tuple(found) in self.whole or not self._is_of_others(image)

    def may_stand_in(self, text: str, image: str) -> bool:
        """Whether a part of an image's name is that of the project; whose the image is need not be known."""
        *above, last = without_tag(image.strip().lower()).split("/")
        if is_official(image.strip()) or any(one in _VENDORS for one in above) or (not above and last in _OFFICIAL):
            return False
        found = words_of(text)
        return not self.words.isdisjoint(found) or self._chart_stands_in(found)

    def is_called(self, text: str, image: str) -> bool:
        """Whether a part of an image's name is a name of the project and nothing else, and no vendor's."""
        return tuple(words_of(text)) in self.own and self.may_stand_in(text, image)

    @staticmethod
    def is_of_a_vendor(image: str) -> bool:
        """Whether an image stands below the name of somebody whose images everybody uses."""
        return any(one in _VENDORS for one in image.strip().lower().split("/")[:-1])

    def _chart_stands_in(self, found: list[str]) -> bool:
        size = len(self.chart)
        return size > 0 and any(tuple(found[at : at + size]) == self.chart for at in range(len(found)))

    def _is_of_others(self, image: str) -> bool:
        """Whether an image stands below a name that is not known to be that of this project's owner."""
        *above, last = without_tag(image.strip().strip("\"'")).split("/")
        registry = above.pop(0) if above and _REGISTRY.search(above[0]) else ""
        if registry and registry.lower() not in _HUBS:
            return False
        if not above:
            return bool(registry)
        owner = above[0].lower()
        # A product is often published below its own name: that says nothing of who publishes it.
        own = self.words - set(words_of(last))
        return not COMPUTED.search(above[0]) and owner not in self.owners and own.isdisjoint(words_of(owner))


def words_of(name: str) -> list[str]:
    """The words of a name, in order."""
    return _WORD.findall(name.lower())


def says_nothing(names: Iterable[str]) -> bool:
    """Whether all words of some names are those that many projects use: `vaultwarden/server` is not everybody's."""
    return all(word in _COMMON for name in names for word in words_of(name))


def project_names(repository: Repository, built: Iterable[BuiltImage], family: frozenset[str]) -> ProjectNames:
    """The names of a project: those of its pyproject and its packages, of its chart, of whom its builds are for."""
    names = {path.partition("/")[0] for path in repository.named("__init__.py") if path.count("/") == 1}
    document = repository.toml("pyproject.toml") if "pyproject.toml" in repository.paths else None
    for keys in (("project", "name"), ("tool", "poetry", "name")):
        name = document.get(*keys) if document is not None else None
        if isinstance(name, str):
            names.add(name)
    words = frozenset(word for name in names for word in words_of(name) if len(word) > 2) - _COMMON
    chart = _chart(repository)
    own = frozenset(tuple(words_of(name)) for name in names)
    whole = {one for one in own if one == chart or (len(one) > 1 and not words.isdisjoint(one))}
    return ProjectNames(words, family, chart, frozenset(_owners(built)), frozenset(whole), own)


def _owners(built: Iterable[BuiltImage]) -> Iterable[str]:
    """The names below which builds here put their images."""
    for one in built:
        *above, _ = without_tag(one.name.strip()).split("/")
        if above and _REGISTRY.search(above[0]):
            del above[0]
        if above and not COMPUTED.search(above[0]) and above[0].lower() not in _VENDORS:
            yield above[0].lower()


def _chart(repository: Repository) -> tuple[str, ...]:
    """The words of the name of the only chart; where there are several, each names a part of what is deployed."""
    paths = [path for path in repository.named("Chart.yaml") if not _is_of_a_chart(path, repository)]
    if len(paths) != 1:
        return ()
    from prodlint.syntax.yaml import Mapping, Scalar

    document = next(iter(repository.yaml(paths[0])), None)
    root = document.root if document is not None else None
    name = root.path("name") if isinstance(root, Mapping) else None
    words = [one for one in words_of(name.value) if one not in _OF_CHARTS] if isinstance(name, Scalar) else []
    return tuple(words) if any(len(one) > 2 and one not in _COMMON for one in words) else ()


def _is_of_a_chart(path: str, repository: Repository) -> bool:
    """Whether a chart lies among those that another one brings."""
    folder = posixpath.dirname(posixpath.dirname(path))
    above = posixpath.join(posixpath.dirname(folder), "Chart.yaml")
    return posixpath.basename(folder) == "charts" and above in repository.paths
