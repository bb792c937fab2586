"""Which daemon docker's commands talk to: that of the machine where they run, or one that they name.

Source: Docker, "docker" (base command: `--host`, `--context`, DOCKER_HOST) and "Docker contexts".
"""

from __future__ import annotations

from prodlint.deployment.command import Step
from prodlint.deployment.pipeline import JobStep
from prodlint.deployment.variables.table import Variables

__all__ = ["DOCKER", "GLOBAL_OPTIONS", "may_be_of_the_job", "talks_elsewhere"]

GLOBAL_OPTIONS = frozenset("-H --host -c --context -l --log-level --config --tlscacert --tlscert --tlskey".split())
"""Options in front of the verb that take a value."""

DOCKER = ("docker", "docker-compose")
"""The programs that have them."""
_NAMES_ONE = ("-H", "--host", "-c", "--context")
# The daemon of the machine itself, by its context and by its socket (Docker Desktop and rootless Docker name theirs).
_OWN_CONTEXTS = frozenset(("", "default", "desktop-linux", "rootless"))
_OWN_SOCKETS = ("unix://", "npipe://", "fd://")


def talks_elsewhere(step: Step, declared: JobStep) -> bool:
    """Whether a step of a pipeline, or the environment that it runs in, names the daemon of another machine."""
    if "DOCKER_HOST" in step.environment or any(one.name == "DOCKER_HOST" for one in declared.variables):
        return True
    named = _named(step)
    return named not in _OWN_CONTEXTS and not named.startswith(_OWN_SOCKETS)


def may_be_of_the_job(step: Step, around: Variables) -> bool:
    """Whether the daemon that a step talks to may be a service beside its job, and gone with it: `docker:dind`."""
    is_set = "DOCKER_HOST" in step.environment or "DOCKER_HOST" in around.by_name
    return is_set or _named(step).startswith("tcp://")


def _named(step: Step) -> str:
    """The daemon or context that options of docker itself name, with its variables as written; empty without one."""
    words = list(step.argv[1:]) if step.program in DOCKER else []
    found = ""
    while words and words[0].written.startswith("-"):
        option, separator, value = str(words.pop(0)).partition("=")
        if not separator and option in GLOBAL_OPTIONS:
            value = str(words.pop(0)) if words else ""
        found = value if option in _NAMES_ONE else found
    return found
