"""The commands that actions of GitHub are handed: for another machine, or for the one that runs them.

Inputs: the catalogue's delivery page, 2.1, and the entrypoint.sh of cloud-gov/cg-cli-tools (read on 2026-11-27).
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.command import CommandLine, shell_form
from prodlint.deployment.pipeline import Action
from prodlint.source import Span, Text
from prodlint.syntax.yaml import Mapping, Scalar

__all__ = ["commands_of"]

# The inputs that hold what is run on another machine.
_REMOTE = {
    "appleboy/ssh-action": ("script",),
    "fifsky/ssh-action": ("command",),
    "garygrossgarten/github-action-ssh": ("command",),
    "cross-the-world/ssh-pipeline": ("script",),
    "cross-the-world/ssh-scp-ssh-pipelines": ("first_ssh", "last_ssh"),
    "d3rhase/ssh-command-action": ("command",),
    "nyarthan/ssh-action": ("script", "command"),
}
_CLOUD_GOV = "cloud-gov/cg-cli-tools"


def commands_of(action: Action, inputs: Mapping | None) -> Iterator[tuple[CommandLine, bool]]:
    """What an action runs of what it is handed, and whether another machine does."""
    for name in _REMOTE.get(action.plain_name, ()):
        script = _given(inputs, name)
        if script is not None:
            yield shell_form(script.text, script.span), True
    if action.plain_name == _CLOUD_GOV:
        yield _of_cloud_gov(inputs, action.span), False


def _of_cloud_gov(inputs: Mapping | None, span: Span) -> CommandLine:
    """A command, else one of `cf`, else a push."""
    command, told = _given(inputs, "command"), _given(inputs, "cf_command")
    if command is not None:
        return shell_form(command.text, command.span)
    if told is not None:
        program = Text.at("cf ", Span(told.span.source, told.span.start, told.span.start))
        return shell_form(Text.join([program, told.text]), told.span)
    manifest = _given(inputs, "cf_manifest")
    return shell_form(Text.at(f"cf push -f {manifest.value if manifest else 'manifest.yml'}", span), span)


def _given(inputs: Mapping | None, name: str) -> Scalar | None:
    """An input that holds something."""
    found = inputs.get(name) if inputs is not None else None
    return found if isinstance(found, Scalar) and found.value else None
