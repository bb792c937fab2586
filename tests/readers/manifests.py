"""Manifests of Kubernetes, and what they declare."""

from prodlint.deployment.repository import Repository
from prodlint.readers import declare

__all__ = ["declared", "deployment"]


def declared(files: dict[str, str]) -> tuple[object, ...]:
    """What the files of a repository declare."""
    held = {path: text.encode() for path, text in files.items()}
    return declare(Repository(held, held.__getitem__))[0]


def deployment(container: str, name: str = "shop", more: str = "") -> str:
    """A Deployment with one container, whose keys are given."""
    lines = "\n".join(f"        {line}" for line in container.strip("\n").splitlines())
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n"
        f"  name: {name}\nspec:\n{more}  template:\n    metadata:\n      labels: {{app: shop}}\n"
        f"    spec:\n      containers:\n      - name: web\n{lines}\n"
    )
