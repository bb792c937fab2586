"""What `eval` reads: texts that a script puts together from what it writes, its variables and its arguments.

`cmd="gunicorn -b :$PORT $@"; if …; then cmd="su app -c '$cmd'"; fi; eval "$cmd"` starts one server in both ways. Only
scripts that say `eval` have their texts kept so (POSIX, "Shell Command Language", 2.14, "eval").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from prodlint.deployment.condition import Lookup
from prodlint.deployment.execution.condition_words import Asked, both
from prodlint.deployment.execution.respelling import COMPUTED, Quotes, part_value, placed, respelled, unquoted
from prodlint.deployment.execution.shell_walk import DECIDED, Composed, Held, Shell, Wording
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Source, Span, Text
from prodlint.syntax.word import Expansion, Literal, Part, Substitution, Word

__all__ = ["Evaluated", "chosen", "composed", "evaluated"]

_MOST = 4
_MOST_PARTS = 400
_LONGEST = 20_000
_APART = " \t\n'\";"
_NAMED = regex(r"\$\{?([A-Za-z_]\w*)")

_Ways = tuple[tuple[tuple[Part, ...], tuple[Asked, ...] | None], ...]


class Evaluated(Record):
    """A text that `eval` may read, and what must hold for it; it is `whole` where nothing in it is unknown."""

    text: Text
    when: tuple[Asked, ...] | None
    whole: bool


def composed(word: Word, value: Value[str], shell: Shell, lookup: Lookup) -> Word | Value[str] | Composed:
    """What an assignment of a word holds that comes to a value, with the place of each piece of it."""
    ways = _ways(word, shell, lookup)
    if isinstance(value, Known):
        sources = {part.text.source for parts, _ in ways for part in parts if isinstance(part, Literal)}
        is_one = len(ways) == 1 and len(sources) == 1
        return Word(ways[0][0], word.span) if is_one else Word.of(Text.at(value.value, value.span), value.span)
    return Composed(value, _wordings(ways, word.span)) if ways else value


def chosen(
    values: Sequence[Held | None], when: Sequence[tuple[Asked, ...] | None], before: Value[str] | None
) -> Composed | None:
    """A variable that arms leave differently: the wordings of all; None where one of them is no text.

    `before` is what it held where an arm does not touch it.
    """
    found: list[Wording] = []
    for value, own in zip(values, when, strict=True):
        if isinstance(value, Composed):
            found += [Wording(one.word, both(own, one.when)) for one in value.wordings]
        elif isinstance(value, Word):
            found.append(Wording(value, own))
        elif value is None and (before is None or isinstance(before, Known)):
            text = Text("", Source("", ""), (0,)) if before is None else Text.at(before.value, before.span)
            found.append(Wording(Word.of(text), own))
        else:
            return None
    return Composed(Unknown(DECIDED), tuple(found)) if len(found) <= _MOST else None


def evaluated(words: tuple[Word, ...], shell: Shell, lookup: Lookup) -> tuple[Evaluated, ...]:
    """The texts that `eval WORDS` may read; none where it is not known how one of them begins, or where it ends."""
    ways: _Ways = (((), ()),)
    for word in words:
        more = _ways(word, shell, lookup)
        if not all(part.quoted for part in word.parts if not isinstance(part, Literal)) and _has_lines(more):
            # Outside of quotes its lines become one.
            return ()
        if any(parts for parts, _ in ways):
            blank = Literal(Text(" ", word.span.source, (word.span.start, word.span.start)), True)
            more = tuple(((blank, *parts), when) for parts, when in more)
        ways = _joined(ways, more)
    found: list[Evaluated] = []
    for parts, when in ways:
        text = _text(parts, shell, lookup)
        if text is None:
            return ()
        found.append(Evaluated(text, when, all(isinstance(part, Literal) for part in parts)))
    return tuple(found)


def _wordings(ways: _Ways, span: Span) -> tuple[Wording, ...]:
    return tuple(Wording(Word(parts, span), when) for parts, when in ways)


def _joined(ways: _Ways, more: _Ways) -> _Ways:
    """Each way of a text with each of what follows; none where these are too many."""
    length = max((len(parts) for parts, _ in ways), default=0) + max((len(parts) for parts, _ in more), default=0)
    if len(ways) * len(more) > _MOST or length > _MOST_PARTS:
        return ()
    return tuple(((*parts, *rest), both(when, own)) for parts, when in ways for rest, own in more)


def _has_lines(ways: _Ways) -> bool:
    return any("\n" in part.text.value for parts, _ in ways for part in parts if isinstance(part, Literal))


def _ways(word: Word, shell: Shell, lookup: Lookup) -> _Ways:
    """The parts that a word may come to: text, variables from outside, and what is not known."""
    ways: _Ways = (((), ()),)
    size = 0
    for number, part in enumerate(word.parts):
        held = _held(part, shell.variables)
        if isinstance(held, Composed):
            more: _Ways = tuple((one.word.parts, one.when) for one in held.wordings)
        elif isinstance(held, Word) and held.literal is not None:
            more = ((held.parts, ()),)
        else:
            more = ((_settled(part, shell, lookup), ()),)
        if held is not None and not _stands_apart(word.parts, number):
            more = tuple((_moved(parts, part), own) for parts, own in more)
        size += sum(len(part.text.value) for parts, _ in more for part in parts if isinstance(part, Literal))
        ways = _joined(ways, more) if size <= _LONGEST else ()
        if not ways:
            break
    return ways


def _held(part: Part, variables: Mapping[str, Held]) -> Held | None:
    is_plain = isinstance(part, Expansion) and not part.operator and not part.outside and not part.reason
    return variables.get(part.name) if is_plain and isinstance(part, Expansion) else None


def _settled(part: Part, shell: Shell, lookup: Lookup) -> tuple[Part, ...]:
    """A part of a word with what is known of it."""
    if isinstance(part, Literal):
        return (part,)
    if isinstance(part, Expansion) and part.name in ("@", "*") and not part.operator:
        return tuple(_listed(shell.arguments, part, lookup))
    return (_known(part, lookup),)


def _listed(words: Iterable[Word], around: Expansion, lookup: Lookup) -> Iterable[Part]:
    """All arguments, with blanks between them."""
    for number, word in enumerate(words):
        if number:
            yield Literal(Text.at(" ", around.span), True)
        yield from (part if isinstance(part, Literal) else _known(part, lookup) for part in word.parts)


def _known(part: Expansion | Substitution, lookup: Lookup) -> Part:
    value = part_value(part, lookup)
    if isinstance(value, Known):
        return Literal(placed(value.value, part.span), True)
    if isinstance(value, EnvDriven) and respelled(value) != COMPUTED:
        operand = None if value.default is None else Word.of(Text.at(value.default, part.span), part.span)
        return Expansion(value.name, part.span, "" if operand is None else ":-", operand, part.quoted, outside=True)
    return Substitution(part.span, part.quoted)


def _stands_apart(parts: tuple[Part, ...], number: int) -> bool:
    """Whether no word of a text begins or ends within a part of it that is written elsewhere."""
    before = parts[number - 1] if number else None
    after = parts[number + 1] if number + 1 < len(parts) else None
    begins = before is None or (isinstance(before, Literal) and before.text.value[-1:] in _APART)
    return begins and (after is None or (isinstance(after, Literal) and after.text.value[:1] in _APART))


def _moved(parts: tuple[Part, ...], around: Part) -> tuple[Part, ...]:
    """Parts that are told as what they are written into."""
    assert not isinstance(around, Literal)
    moved: list[Part] = []
    for part in parts:
        if isinstance(part, Literal):
            moved.append(Literal(placed(part.text.value, around.span), True))
        elif isinstance(part, Expansion):
            moved.append(Expansion(part.name, around.span, part.operator, part.operand, part.quoted, True))
        else:
            moved.append(Substitution(around.span, part.quoted))
    return tuple(moved)


def _text(parts: tuple[Part, ...], shell: Shell, lookup: Lookup) -> Text | None:
    """Parts as a text for a shell to read; None where it begins with what is not known, or a variable has changed."""
    pieces: list[Text] = []
    quotes = Quotes()
    for part in parts:
        if isinstance(part, Literal):
            pieces.append(part.text)
            quotes.read(part.text.value)
            continue
        if not "".join(piece.value for piece in pieces).strip():
            return None
        told = respelled(part_value(part, lookup))
        if isinstance(part, Expansion) and not _is_as_it_was(part, shell, lookup):
            return None
        if pieces[-1].value.endswith(("$", "\\")):
            # `\\$$NAME`: what it names is not known.
            pieces[-1], told = pieces[-1].slice(0, len(pieces[-1].value) - 1), COMPUTED
        if quotes.single and not _reads_the_same(part, lookup):
            return None
        pieces.append(unquoted(told, part.span) if quotes.single else placed(told, part.span))
    return _of_one_source(pieces)


def _reads_the_same(part: Expansion | Substitution, lookup: Lookup) -> bool:
    """Whether what stands for a part in the script comes to it in a shell that is handed the text."""
    written = _NAMED.match(part.span.text)
    if written is None or isinstance(part, Expansion):
        return written is None if isinstance(part, Substitution) else written is not None and written[1] == part.name
    return not isinstance(lookup(written[1]), Known)


def _is_as_it_was(part: Expansion, shell: Shell, lookup: Lookup) -> bool:
    """Whether a variable still holds what it did when the text was put together."""
    if part.name not in shell.variables and part.name not in shell.exported:
        return True
    held = lookup(part.name)
    default = None if part.operand is None else part.operand.literal
    is_same = isinstance(held, EnvDriven) and held.is_variable and held.name == part.name
    return is_same and isinstance(held, EnvDriven) and held.default in (None, default)


def _of_one_source(pieces: list[Text]) -> Text | None:
    """Pieces behind one another, in the file that brings most of them: what others bring stands between."""
    sizes: dict[Source, int] = {}
    for piece in pieces:
        sizes[piece.source] = sizes.get(piece.source, 0) + len(piece.value)
    if not sizes:
        return None
    source = max(sizes, key=lambda one: sizes[one])
    at = next(piece.offsets[0] for piece in pieces if piece.source is source)
    own: list[Text] = []
    for piece in pieces:
        is_own = piece.source is source
        own.append(piece if is_own else Text(piece.value, source, (at,) * (len(piece.value) + 1)))
        at = piece.offsets[-1] if is_own else at
    return Text.join(own)
