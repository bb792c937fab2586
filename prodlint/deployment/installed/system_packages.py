"""What the package manager of a distribution installs in an image: apt, apk, dnf and their like (container page, 2.8).

These are no Python packages of the app: `python3-gunicorn` of Debian belongs to Debian's own Python.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.command import Step
from prodlint.deployment.image import Image
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["SystemPackage", "system_packages"]

_VERBS = {
    "apt-get": "install",
    "apt": "install",
    "aptitude": "install",
    "apk": "add",
    "dnf": "install",
    "microdnf": "install",
    "tdnf": "install",
    "yum": "install",
    "zypper": "install",
    "pacman": "-S",
}
_OPERATOR = regex(r"[=<>~]+")
# Options that take the next word.
_VALUED = frozenset("-t --virtual --target-release -o --option -c --config-file --repository -X -p --root".split())


class SystemPackage(Record):
    """A package by its name in the distribution, the version that is asked for, and the manager that installs it."""

    name: str
    version: str
    manager: str
    span: Span


def system_packages(image: Image) -> tuple[SystemPackage, ...]:
    """The packages that the image's own stages install, each once; names that are computed are left out."""
    found = (package for one in image.steps for package in _of(one.step))
    return tuple({package.name: package for package in found}.values())


def _of(step: Step) -> Iterator[SystemPackage]:
    words = list(step.argv[1:])
    verb = _VERBS.get(step.program)
    place = next((at for at, word in enumerate(words) if word.literal == verb), None) if verb is not None else None
    if place is None:
        return
    skipped = False
    for word in words[place + 1 :]:
        text = word.literal
        if skipped or text is None or not text or text.startswith(("-", ".", "/")) or "://" in text:
            skipped = not skipped and text in _VALUED
            continue
        name, *rest = _OPERATOR.split(text, maxsplit=1)
        yield SystemPackage(name, rest[0] if rest else "", step.program, word.span)
