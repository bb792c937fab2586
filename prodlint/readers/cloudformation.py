"""CloudFormation templates as values: short tags, parameters and globals (platform page, 2.10).

`!Ref` of a parameter with a default is that default, driven by the parameter; everything else that is
computed is unknown. The default of a parameter of type `AWS::SSM::Parameter::Value` is the name under which the
value is kept (CloudFormation user guide, "SSM parameter types"), and `{{resolve:…}}` names such a place, too.
Templates are YAML or JSON; JSON is read as YAML.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.backing_service import BackingService
from prodlint.deployment.environment import Environment
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.readers.declared import mapping_at, scalar_at
from prodlint.readers.managed import managed
from prodlint.regex import regex
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence

__all__ = ["Template", "number", "stores", "text"]

_PARAMETER = regex(r"\$\{([A-Za-z0-9]+)\}")


class Template:
    """A template: its resources, and what its parameters are when nobody says otherwise."""

    def __init__(self, root: Mapping) -> None:
        self.root = root
        self.defaults: dict[str, str] = {}
        self.kept: dict[str, str] = {}
        parameters = mapping_at(root, "Parameters")
        for key, value in parameters.items() if parameters is not None else ():
            default = scalar_at(value, "Default")
            kind = scalar_at(value, "Type")
            if isinstance(key, Scalar) and kind is not None and kind.value.startswith("AWS::SSM::Parameter::Value"):
                self.kept[key.value] = f"the SSM parameter {default.value if default is not None else key.value}"
            elif isinstance(key, Scalar) and default is not None:
                self.defaults[key.value] = default.value

    @property
    def is_serverless(self) -> bool:
        """Whether the template is one of AWS SAM."""
        transform = self.root.get("Transform")
        names = transform.items if isinstance(transform, Sequence) else (transform,)
        return any(isinstance(one, Scalar) and one.value.startswith("AWS::Serverless") for one in names)

    def resources(self, *kinds: str) -> Iterator[tuple[Scalar, Mapping]]:
        """The resources of some types: the key of each and its body."""
        found = mapping_at(self.root, "Resources")
        for key, body in found.items() if found is not None else ():
            kind = scalar_at(body, "Type")
            if isinstance(key, Scalar) and isinstance(body, Mapping) and kind is not None and kind.value in kinds:
                yield key, body

    def value(self, node: Node | None) -> Value[str] | None:
        """A text; None when nothing is there."""
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return None
        if isinstance(node, Mapping):
            reference = node.get("Ref")
            if isinstance(reference, Scalar) and len(node.keys()) == 1:
                return self._referred(reference.value, node)
            return Unknown("the template computes it", node.span)
        if isinstance(node, Sequence):
            return Unknown("the template computes it", node.span)
        if node.tag == "!Ref":
            return self._referred(node.value, node)
        if node.tag == "!Sub":
            return self._substituted(node)
        if node.tag.startswith("!"):
            return Unknown("the template computes it", node.span)
        if "{{resolve:" in node.value:
            return Unknown(f"the value of {node.value[:200]}", node.span)
        return Known(node.value, node.span)

    def _referred(self, name: str, node: Node) -> Value[str]:
        default = self.defaults.get(name)
        if name in self.kept:
            return Unknown(self.kept[name], node.span)
        if default is None:
            return Unknown(f"it is {name}, which the stack gives", node.span)
        return EnvDriven(name, default, node.span)

    def _substituted(self, node: Scalar) -> Value[str]:
        names = _PARAMETER.findall(node.value)
        if not names and "${" not in node.value:
            return Known(node.value, node.span)
        if _PARAMETER.sub("", node.value).count("${") or any(name not in self.defaults for name in names):
            return Unknown("the template computes it", node.span)
        filled = _PARAMETER.sub(lambda found: self.defaults[found[1]], node.value)
        form = _PARAMETER.sub(r"$\1", node.value)[:10_000]
        return EnvDriven(names[0], filled[:10_000], node.span, form="" if form == f"${names[0]}" else form)


_STORES = {
    "AWS::DynamoDB::Table": "DynamoDB",
    "AWS::Serverless::SimpleTable": "DynamoDB",
    "AWS::RDS::DBInstance": "",
    "AWS::RDS::DBCluster": "",
    "AWS::ElastiCache::CacheCluster": "",
    "AWS::ElastiCache::ReplicationGroup": "Redis",
    "AWS::ElastiCache::ServerlessCache": "",
    "AWS::SQS::Queue": "Amazon SQS",
    "AWS::OpenSearchService::Domain": "OpenSearch",
}
_ENGINES = {"postgres": "PostgreSQL", "aurora-postgresql": "PostgreSQL", "mysql": "MySQL", "aurora-mysql": "MySQL"}
_ENGINES |= {"mariadb": "MariaDB", "redis": "Redis", "valkey": "Valkey", "memcached": "Memcached"}


def stores(template: Template, environment: Environment) -> Iterator[BackingService]:
    """The databases, caches and queues that a template creates; one whose engine is not known is not told."""
    for key, body in template.resources(*_STORES):
        kind = scalar_at(body, "Type")
        engine = text(template.value(body.path("Properties", "Engine"))) or ""
        version = text(template.value(body.path("Properties", "EngineVersion"))) or ""
        product = _STORES.get(kind.value if kind is not None else "", "") or _ENGINES.get(engine, "")
        if product:
            yield managed(key.value, product, version, "AWS", key.span, environment)


def text(value: Value[str] | None) -> str | None:
    """The text of a value, as its parameters are when nobody says otherwise."""
    if isinstance(value, Known):
        return value.value
    return value.default if isinstance(value, EnvDriven) else None


def number(value: Value[str] | None) -> Value[int] | None:
    """A value as a whole number."""
    if value is None or isinstance(value, Unknown):
        return value
    written = text(value)
    if written is None or not written.isdecimal() or len(written) > 9:
        return Unknown("it is not a number", value.span)
    return Known(int(written), value.span) if isinstance(value, Known) else value.with_default(int(written))
