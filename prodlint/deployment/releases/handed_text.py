"""Commands that the tools of platforms run elsewhere and are given as one text: `fly ssh console -C "…"`.

Sources: the manuals of flyctl, gcloud ("compute ssh"), az ("webapp ssh", "containerapp exec"), aws ("ecs
execute-command") and eb ("eb ssh").
"""

from __future__ import annotations

from prodlint.deployment.command import CommandLine, Step, exec_form, shell_form
from prodlint.deployment.commands.grammar import head, tail
from prodlint.deployment.environment import Environment, environment_of
from prodlint.source import SyntaxProblem, Text
from prodlint.syntax.shell import split_words
from prodlint.syntax.word import Word

__all__ = ["handed_text", "is_for_machine", "managed_text", "starts_a_task"]

_MACHINE = ("gcloud", "compute", "ssh")
_OPTIONS = {
    ("fly", "ssh", "console"): ("-C", "--command"),
    ("flyctl", "ssh", "console"): ("-C", "--command"),
    _MACHINE: ("--command",),
    ("az", "webapp", "ssh"): ("--command",),
    ("az", "containerapp", "exec"): ("--command",),
    ("aws", "ecs", "execute-command"): ("--command",),
    ("eb", "ssh"): ("-c", "--command"),
}


def handed_text(step: Step, verbs: list[str]) -> CommandLine | None:
    """The command that a step hands on as the value of an option; `verbs` are its words that are no options."""
    names = _OPTIONS.get((step.program, *verbs[:2])) or _OPTIONS.get((step.program, *verbs[:1]))
    words = step.argv[1:]
    for index, word in enumerate(words if names is not None else ()):
        given = _value(word, words[index + 1] if index + 1 < len(words) else None, names or ())
        content = given.respelled if given is not None else None
        if content is not None:
            return shell_form(content)
    return None


def managed_text(step: Step, verbs: list[str], rest: tuple[Word, ...]) -> CommandLine | None:
    """The manage.py of a function's Django: `zappa manage STAGE migrate`, `serverless wsgi manage -c migrate`.

    `rest` are the words behind the stage; a stage of developers is none of production's. Sources:
    github.com/zappa/Zappa, "Running Custom Invocations"; github.com/logandk/serverless-wsgi, "Django management
    commands".
    """
    if step.program == "zappa" and verbs[:1] == ["manage"] and rest:
        if environment_of(verbs[1]) in (Environment.DEVELOPMENT, Environment.TEST):
            return None
        given = rest
    elif step.program in ("serverless", "sls") and verbs[:2] == ["wsgi", "manage"]:
        words = step.argv[1:]
        names = ("-c", "--command")
        found = (_value(word, words[at + 1] if at + 1 < len(words) else None, names) for at, word in enumerate(words))
        given = tuple(one for one in found if one is not None)[:1]
    else:
        return None
    content = given[0].respelled if len(given) == 1 else None
    try:
        split = tuple(split_words(content)) if content is not None else given
    except SyntaxProblem:
        return None
    if not split:
        return None
    span = given[0].span.to(given[-1].span)
    return exec_form((Word.of(Text.at("manage.py", span)), *split), span)


def _value(word: Word, following: Word | None, names: tuple[str, ...]) -> Word | None:
    if word.literal in names:
        return following
    shown = head(word)
    name = next((one for one in names if one.startswith("--") and shown.startswith(f"{one}=")), None)
    return None if name is None else tail(word, len(name) + 1)


_TASKS = (
    ("aws", "ecs", "run-task"),
    ("gcloud", "run", "jobs", "execute"),
    ("gcloud", "beta", "run", "jobs", "execute"),
    ("az", "containerapp", "job", "start"),
)


def starts_a_task(step: Step) -> bool:
    """Whether a step runs what the platform keeps: a task, a job, whose command is told somewhere else."""
    words = (step.program, *step.arguments)
    if words[:3] == ("gcloud", "run", "jobs") and "--execute-now" in words:
        return True
    if step.program in ("kubectl", "oc") and words[1:3] == ("create", "job"):
        return any((one or "").startswith("--from") for one in words)
    return any(words[: len(one)] == one for one in _TASKS)


def is_for_machine(step: Step) -> bool:
    """Whether such a command runs on the machine itself, and not in a container of it."""
    return (step.program, *step.arguments[:2]) == _MACHINE
