"""Fixes of commands that nobody reads as they were meant, and of servers that leave their command."""

from __future__ import annotations

from prodlint.deployment.commands.words import separator_of, with_quotes
from prodlint.deployment.images.base import shell_of
from prodlint.deployment.processes.command_form import LostOperator
from prodlint.deployment.processes.staying import Detached
from prodlint.deployment.service import Service
from prodlint.finding import Edit, Fix, Safety
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["in_foreground", "with_shell"]

# What means the same in a plain scalar of YAML, between double quotes there, and in a shell.
_CHAIN = regex(r"[A-Za-z0-9_./:=@%+, -]+(?:(?:&&|;)[A-Za-z0-9_./:=@%+, -]+)+")
_AMBIGUOUS = regex(r": |:$| #")
_STARTS_ITSELF = regex(r"\s*(?:exec|cd|export|set|\.|source|[A-Za-z_]\w*=\S*)\s")
_TRUE = regex(r"daemon[ \t]*=[ \t]*(True)[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z)")


def with_shell(service: Service, lost: LostOperator) -> Fix | None:
    """A command of compose on one line, handed to the shell of the image; None where that is not certain."""
    image = service.image
    if lost.is_passed_on or image is None or shell_of(image.base) is None:
        return None
    line = next((one for one in service.start_lines if one.dropped is not None), None)
    dropped = line.dropped if line is not None else None
    if line is None or dropped is None:
        return None
    place = line.span.to(dropped.span)
    text = place.text
    before = place.source.text[max(place.start - 1, 0) : place.start]
    if before in ("'", '"') or not _CHAIN.fullmatch(text) or _AMBIGUOUS.search(text):
        return None
    last = max(text.rfind("&&") + 1, text.rfind(";")) + 1
    if _STARTS_ITSELF.match(text, last):
        return None
    at = place.start + last + len(text[last:]) - len(text[last:].lstrip())
    edits = tuple(
        Edit(Span(place.source, where, where), written)
        for where, written in ((place.start, 'sh -c "'), (at, "exec "), (place.end, '"'))
    )
    return Fix("hand it to a shell", edits, Safety.SAFE)


def in_foreground(found: Detached) -> Fix | None:
    """A server that stays: `daemon = False` in gunicorn's file, or the option taken out of the command."""
    setting = found.setting
    if setting is None:
        return None
    if setting.path.endswith(".py") and setting.column == 1:
        switched = _TRUE.match(setting.source.text, setting.start)
        if switched is None:
            return None
        return _safely(Edit(Span(setting.source, switched.start(1), switched.end(1)), "False"))
    places = [word.span for word in found.step.argv]
    at = next((index for index, place in enumerate(places) if place == setting), 0)
    if at == 0 or separator_of(found.step) is None or found.step.argv[at].literal not in ("-D", "--daemon", "--detach"):
        return None
    return _safely(Edit(Span(setting.source, with_quotes(places[at - 1]).end, with_quotes(places[at]).end), ""))


def _safely(edit: Edit) -> Fix:
    return Fix("keep it in the foreground", (edit,), Safety.SAFE)
