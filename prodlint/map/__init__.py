"""`prodlint map`: the deployment model as people and programs read it, one module per format."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import MappingProxyType

from prodlint.map.document import Map
from prodlint.report.terminal import Terminal

__all__ = ["FORMATS", "renderer"]

# What `--output-format` may say, and the function that writes it.
FORMATS = MappingProxyType(
    {
        "text": ("prodlint.map.text", "render"),
        "json": ("prodlint.map.json", "render"),
        "mermaid": ("prodlint.map.graph", "render_mermaid"),
        "dot": ("prodlint.map.graph", "render_dot"),
    }
)


def renderer(name: str) -> Callable[[Map, Terminal], str]:
    """The function that writes a format; KeyError when there is no format of that name."""
    module, function = FORMATS[name]
    render: Callable[[Map, Terminal], str] = getattr(import_module(module), function)
    return render
