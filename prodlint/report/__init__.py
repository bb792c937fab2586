"""How findings are shown: one module per format, each loaded when it is asked for.

A format is a pure function `render(report, terminal)` from data to the text to be written.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import MappingProxyType

from prodlint.report.data import Report, Summary
from prodlint.report.terminal import ColourChoice, Terminal, wants_colour

__all__ = ["FORMATS", "ColourChoice", "Renderer", "Report", "Summary", "Terminal", "renderer", "wants_colour"]

Renderer = Callable[[Report, Terminal], str]

# What `--output-format` may say, and the module that writes it.
FORMATS = MappingProxyType(
    {
        "text": "prodlint.report.text",
        "concise": "prodlint.report.concise",
        "json": "prodlint.report.json",
    }
)


def renderer(name: str) -> Renderer:
    """The function that writes a format; KeyError when there is no format of that name."""
    render: Renderer = import_module(FORMATS[name]).render
    return render
