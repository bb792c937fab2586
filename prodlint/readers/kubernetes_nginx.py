"""nginx configuration that a ConfigMap holds: each of its servers, at its lines in the manifest.

Source: the catalogue's configuration page, 2.9, Files.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.environment import Environment
from prodlint.deployment.network import Proxy
from prodlint.readers.declared import mapping_at
from prodlint.readers.kubernetes_manifest import Manifest, configuration_name
from prodlint.readers.nginx import proxies_in
from prodlint.record import replace
from prodlint.syntax.yaml import Scalar

__all__ = ["proxies_of_configuration"]

_MOST = 50


def proxies_of_configuration(manifest: Manifest, group: str, environment: Environment | None) -> Iterator[Proxy]:
    """The servers in the texts of a ConfigMap; `group` is the name of the set of objects that it belongs to.

    `environment` is what that set says of production.
    """
    data = mapping_at(manifest.body, "data")
    texts = [value for _, value in data.items() if isinstance(value, Scalar)] if data is not None else []
    for value in texts[:_MOST]:
        if "server" in value.value and "{" in value.value:
            for proxy in proxies_in(value.text):
                named = configuration_name(manifest.name)
                said = manifest.environment_within(environment)
                yield replace(proxy, group=group, configuration=named, environment=said)
