"""Whether a job goes to a cluster of its own, which it starts on its runner, or to one that outlives it.

The programs that its scripts run decide, and its actions: what a script prints or keeps in a variable starts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.pipeline import Job
from prodlint.regex import regex
from prodlint.source import Text
from prodlint.syntax.shell import Command, Unparsed, parse_shell, walk

__all__ = ["brings_its_cluster", "goes_to_a_lasting_cluster"]

_OWN_CLUSTER = regex(
    r"\b(?:kind[ ](?:create|load|export)[ ]|minikube[ ](?:start|image)\b|k3d[ ](?:cluster|image)[ ])"
    r"|^(?:helm/kind-action|engineerd/setup-kind|medyagh/setup-minikube|manusa/actions-setup-minikube"
    r"|absaoss/k3d-action|nolar/setup-k3d-k3s|jupyterhub/action-k3s-helm)@"
)
_LASTING_CLUSTER = regex(
    r"update-kubeconfig|get-credentials|kubeconfig save|terraform\b.{0,100}\bapply|argocd app sync"
    r"|^google-github-actions/get-gke-credentials@|^azure/aks-set-context@"
)
_SPEAKS = ("echo", "printf", "logger", ":")
# A word of these is a script by itself.
_SHELLS = ("sh", "bash", "ash", "dash", "zsh", "eval", "ssh")


def brings_its_cluster(job: Job) -> bool:
    """Whether a job starts a cluster of its own on its runner, which ends with it, and goes to no other."""
    return any(_OWN_CLUSTER.search(one) for one in _run(job)) and not goes_to_a_lasting_cluster(job)


def goes_to_a_lasting_cluster(job: Job) -> bool:
    """Whether a job asks for the credentials of a cluster that was there before it, or makes one that stays."""
    return any(_LASTING_CLUSTER.search(one) for one in _run(job))


def _run(job: Job) -> Iterator[str]:
    """The commands of the scripts of a job, and the names of its actions."""
    for step in job.steps:
        if step.action is not None:
            yield step.action.name.lower()
        text = step.script.text if step.script is not None else None
        if text is not None and (_OWN_CLUSTER.search(text.value) or _LASTING_CLUSTER.search(text.value)):
            yield from _commands(text)


def _commands(script: Text) -> Iterator[str]:
    """Each command of a script on a line; a word with blanks in it is a text, no program with its arguments."""
    for node in walk(parse_shell(script).body):
        if isinstance(node, Unparsed):
            yield node.span.source.text[node.span.start : node.span.end]
        elif isinstance(node, Command) and node.words:
            words = [one.written if one.literal is None else one.literal for one in node.words]
            name = words[0].rpartition("/")[2]
            if name not in _SPEAKS:
                yield " ".join(one for one in words if name in _SHELLS or not any(map(str.isspace, one)))
