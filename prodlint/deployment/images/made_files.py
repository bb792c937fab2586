"""Which programs of a build may rewrite a file that the build made from a text of its own: nobody knows it then."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Callable

from prodlint.deployment.command import Step
from prodlint.deployment.commands.program import program_of, python_arguments
from prodlint.deployment.filemap import absolute

__all__ = ["may_rewrite"]

# What these do to a file that they name changes nothing of what a shell reads in it.
_KEEPS = frozenset(
    "chmod chown chgrp setcap cat head tail grep ls stat test [ [[ file touch echo printf mkdir dos2unix".split()
)
# What these do is followed where they certainly run.
_PLACED = ("cp", "mv", "ln", "rm")
_WRITTEN = ("tee", "curl", "wget")
_EDITED = ("sed", "perl")
_INTERPRETERS = ("python", "node", "ruby", "perl", "php", "deno", "bun")

FileAt = Callable[[str], "str | None"]
"""The file of the repository that lies at a path."""


def may_rewrite(step: Step, path: str, file_at: FileAt) -> bool:
    """Whether a step may write a file in a way that nothing else of the model says."""
    if step.program in _KEEPS:
        return False
    name = posixpath.basename(path)
    words = [one.written if one.literal is None else one.literal for one in step.argv[1:]]
    is_followed = (
        not step.conditional and None not in step.arguments and not any(word in ("-t", "-T") for word in words)
    )
    if step.program in _EDITED or (step.program in _PLACED and is_followed):
        return any(any(mark in word for mark in "*?[") and fnmatch.fnmatchcase(name, _last(word)) for word in words)
    if step.program in _WRITTEN and is_followed:
        return False
    named = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
    return any(named.search(word) for word in words) or _is_of_the_repository(step, file_at)


def _last(word: str) -> str:
    return posixpath.basename(word)


def _is_of_the_repository(step: Step, file_at: FileAt) -> bool:
    """Whether a step runs a program that the repository holds, which may write whatever it likes."""
    tool, words = program_of(step)
    python = python_arguments(step)
    if tool == "django-admin":
        return False
    run = [step.argv[0].literal or ""] if "/" in step.argv[0].written else []
    if python is not None and python.module is not None:
        module = python.module.replace(".", "/")
        run += [f"{module}.py", f"{module}/__main__.py"]
    elif python is not None and python.file is not None:
        run.append(python.file.literal or "")
    elif tool in _INTERPRETERS:
        run += [word.literal or "" for word in words]
    found = [path for path in (absolute(word, step.directory) for word in run if word) if path is not None]
    return any(file_at(path) is not None for path in found if posixpath.basename(path) != "setup.py")
