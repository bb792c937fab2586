"""How many pods of an object run: what it says itself, or what an autoscaler allows, of its set or of another."""

from __future__ import annotations

from prodlint.deployment.network import told_name
from prodlint.deployment.value import Bounded, Known, Unknown, Value
from prodlint.readers.declared import declared_number, scalar_at
from prodlint.readers.kubernetes_manifest import SCALED, Manifest, Scope

__all__ = ["replicas_of"]


def replicas_of(manifest: Manifest, scope: Scope) -> Value[int] | None:
    """How many pods run of an object of a set; None where the file leaves it to the default."""
    autoscaler = scope.autoscaler_of(manifest)
    if autoscaler is None and scope.repository is not None and manifest.kind in SCALED:
        from prodlint.readers.kubernetes_elsewhere import autoscaler_of

        autoscaler = autoscaler_of(scope.repository, manifest)
    if autoscaler is not None:
        return _scaled(autoscaler)
    if manifest.kind == "DaemonSet":
        return Unknown("one runs on each node", manifest.span)
    written = scalar_at(manifest.body, "spec", "replicas")
    return None if written is None or manifest.kind not in SCALED else declared_number(written)


def _scaled(autoscaler: Manifest) -> Value[int]:
    """What an autoscaler allows: 1 is the least of a HorizontalPodAutoscaler, 0 that of KEDA, where nothing is said."""
    told = f"the {autoscaler.kind} {told_name(autoscaler.name)} decides how many run"
    keda = autoscaler.kind == "ScaledObject"
    names = ("minReplicaCount", "maxReplicaCount") if keda else ("minReplicas", "maxReplicas")
    least, most = (_count(autoscaler, name) for name in names)
    if least is None:
        least = Known(0 if keda else 1, autoscaler.span)
    if not isinstance(least, Known):
        return Unknown(told, autoscaler.span)
    return Bounded(told, autoscaler.span, least.value, most.value if isinstance(most, Known) else None)


def _count(autoscaler: Manifest, name: str) -> Value[int] | None:
    written = scalar_at(autoscaler.body, "spec", name)
    return None if written is None else declared_number(written)
