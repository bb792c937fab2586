"""Commands that deploy the code of one folder as a function: nothing else of the repository goes live by them.

Source: the reference of each command (`gcloud functions deploy`: "--source ... If you do not specify the flag: the
current directory is used"; the others work on the project file of the folder that they are called in).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from prodlint.deployment.command import Step
from prodlint.deployment.repository import normal_path

__all__ = ["folder_deployed"]

_FROM_HERE = (("chalice", "deploy"), ("zappa", "deploy"), ("zappa", "update"), ("func", "azure"))
_FUNCTION = ("gcloud", "functions", "deploy")


def folder_deployed(step: Step) -> str | None:
    """The folder of the repository whose code a step deploys, None for one that may bring more or lies elsewhere."""
    words = [word.literal if word.literal is not None else "$" for word in step.argv]
    if not words or step.directory is None:
        return None
    words[0] = words[0].rpartition("/")[2]
    here = step.directory.strip("/")
    if tuple(words[:2]) in _FROM_HERE:
        return here
    if tuple(words[:3]) != _FUNCTION:
        return None
    source = next(_given(words, "--source"), ".")
    return None if "$" in source or "://" in source else normal_path(here, source)


def _given(words: list[str], option: str) -> Iterator[str]:
    for word, following in pairwise([*words, "."]):
        name, is_joined, value = word.partition("=")
        if name == option:
            yield value if is_joined else following
