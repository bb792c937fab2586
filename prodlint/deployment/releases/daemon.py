"""Which daemon docker's commands talk to: that of the machine where they run, or one that they name.

Source: Docker, "docker" (base command: `--host`, `--context`, DOCKER_HOST) and "Docker contexts".
"""

from __future__ import annotations

from prodlint.deployment.command import Step
from prodlint.deployment.pipeline import JobStep

__all__ = ["GLOBAL_OPTIONS", "talks_elsewhere"]

GLOBAL_OPTIONS = frozenset("-H --host -c --context -l --log-level --config --tlscacert --tlscert --tlskey".split())
"""Options in front of the verb that take a value."""

_PROGRAMS = ("docker", "docker-compose")
_NAMES_ONE = ("-H", "--host", "-c", "--context")
# The daemon of the machine itself.
_OWN = ("default", "unix://", "npipe://")


def talks_elsewhere(step: Step, declared: JobStep) -> bool:
    """Whether a step of a pipeline, or the environment that it runs in, names the daemon of another machine."""
    if "DOCKER_HOST" in step.environment or any(one.name == "DOCKER_HOST" for one in declared.variables):
        return True
    named = _named(step)
    return named is not None and not named.startswith(_OWN)


def _named(step: Step) -> str | None:
    """The daemon or context that options of docker itself name, with its variables as they are written."""
    words = list(step.argv[1:]) if step.program in _PROGRAMS else []
    found = None
    while words and words[0].written.startswith("-"):
        option, separator, value = str(words.pop(0)).partition("=")
        if not separator and option in GLOBAL_OPTIONS:
            value = str(words.pop(0)) if words else ""
        found = value if option in _NAMES_ONE else found
    return found
