"""YAML as it is written: nodes with exact places, values that are never turned into numbers or dates.

PyYAML's event stream decides what is valid; it is read without recursion, so that neither nesting
nor aliases can exhaust the stack. An alias is the anchored node itself, not a copy of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from prodlint.record import Entity, force_setattr
from prodlint.regex import compiled_on_first_use, regex
from prodlint.source import Source, Span, SyntaxProblem, Text
from prodlint.syntax.yaml_text import Style, located

if TYPE_CHECKING:
    import yaml

__all__ = ["Document", "Mapping", "Node", "Scalar", "Sequence", "Style", "YamlProblem", "parse_yaml"]

MAX_LENGTH = 5_000_000
MAX_DEPTH = 200
# Values in one document, those behind an alias counted each time they are reached.
MAX_VALUES = 500_000

_STYLES: dict[str | None, Style] = {
    None: "plain",
    "": "plain",
    "'": "single",
    '"': "double",
    "|": "literal",
    ">": "folded",
}
_TAG = "tag:yaml.org,2002:"
_NULLS = ("", "~", "null", "Null", "NULL")


class Scalar(Entity):
    """A single value.

    `value` is its text as YAML gives it, before any reading as a number, a boolean or a date: `on`,
    `3.10`, `22:22`, `no` and `0755` stay as they are. `span` covers the value with its quotes or its
    block header, without anchor and tag.
    """

    value: str
    style: Style
    span: Span
    _tag: str | None = None
    _text: Text | None = None

    @property
    def tag(self) -> str:
        """The tag as written (`!Ref`), else the one that YAML 1.1 resolves to."""
        if self._tag not in (None, "!"):
            return str(self._tag)
        return _resolve(self.value) if self.style == "plain" and self._tag is None else f"{_TAG}str"

    @property
    def text(self) -> Text:
        """The value with the place of each of its characters; a fold has the place of its line break."""
        if self._text is None:
            force_setattr(self, "_text", located(self.value, self.style, self.span))
        return cast("Text", self._text)

    @property
    def is_null(self) -> bool:
        """Whether nothing is written here, or `~` or `null`."""
        if self._tag is None and self.style == "plain":
            return self.value in _NULLS
        return self._tag == f"{_TAG}null"

    def __repr__(self) -> str:
        return f"Scalar({self.value!r} at {self.span})"


class Sequence(Entity):
    """A list, in block or flow style."""

    items: tuple[Node, ...]
    span: Span
    tag: str = f"{_TAG}seq"

    def __repr__(self) -> str:
        return f"Sequence({len(self.items)} items at {self.span})"


class Mapping(Entity):
    """Keys and values. `pairs` holds them as written, merge keys and repeated keys included.

    Everything else looks at the mapping as YAML means it: `<<` is replaced by what it merges, the
    mapping's own keys win over merged ones, earlier merge sources over later ones, and of repeated
    keys the last wins. A `<<` whose value is no mapping is an ordinary key. Keys are compared as text.
    """

    pairs: tuple[tuple[Node, Node], ...]
    span: Span
    tag: str = f"{_TAG}map"
    _known: dict[str | Node, tuple[Node, Node]] | None = None

    @classmethod
    def of(cls, pairs: Iterable[tuple[Node, Node]], span: Span) -> Mapping:
        """A mapping that is put together from nodes, which may stand in several files."""
        held = tuple(pairs)
        return cls(held, span, f"{_TAG}map", _entries(held))

    @property
    def _entries(self) -> dict[str | Node, tuple[Node, Node]]:
        """The pairs by their keys, worked out when somebody asks: of most mappings nobody does."""
        if self._known is None:
            force_setattr(self, "_known", _entries(self.pairs))
        return cast("dict[str | Node, tuple[Node, Node]]", self._known)

    def items(self) -> tuple[tuple[Node, Node], ...]:
        """The keys and their values: own keys in the order of the text, then merged ones."""
        return tuple(self._entries.values())

    def keys(self) -> tuple[str, ...]:
        """The keys that are scalars, as text."""
        return tuple(key for key in self._entries if isinstance(key, str))

    def get(self, key: str) -> Node | None:
        """The value of a key."""
        entry = self._entries.get(key)
        return entry[1] if entry else None

    def key(self, key: str) -> Scalar | None:
        """The node of a key, for its place."""
        entry = self._entries.get(key)
        return entry[0] if entry and isinstance(entry[0], Scalar) else None

    def path(self, *keys: str | int) -> Node | None:
        """The value behind several keys; a number is an index into a sequence."""
        node: Node | None = self
        for key in keys:
            if isinstance(node, Mapping) and isinstance(key, str):
                node = node.get(key)
            elif isinstance(node, Sequence) and isinstance(key, int) and -len(node.items) <= key < len(node.items):
                node = node.items[key]
            else:
                return None
        return node

    @property
    def merged(self) -> tuple[Mapping, ...]:
        """The mappings that `<<` brings in, in the order of the text."""
        return tuple(source for key, value in self.pairs for source in _merge_sources(key, value) or ())

    def __repr__(self) -> str:
        return f"Mapping({len(self.pairs)} pairs at {self.span})"


Node = Scalar | Sequence | Mapping


class Document(Entity):
    """One document of a stream; `root` is None when it is empty."""

    source: Source
    root: Node | None
    span: Span

    def __repr__(self) -> str:
        return f"Document(at {self.span})"


class YamlProblem(SyntaxProblem):
    """A stream that breaks off; `documents` are the whole ones before the fault."""

    def __init__(self, message: str, span: Span, documents: Iterable[Document] = ()) -> None:
        super().__init__(message, span)
        self.documents = tuple(documents)


def parse_yaml(source: Source) -> tuple[Document, ...]:
    """The documents of a YAML stream.

    Raises YamlProblem at the first fault, with the documents that were complete before it.
    """
    if len(source.text) > MAX_LENGTH:
        raise YamlProblem(f"the file is larger than {MAX_LENGTH:,} characters", Span(source, 0, 0))
    body = source.text.lstrip("\ufeff")
    skipped = len(source.text) - len(body)
    composer = _Composer(source, skipped)
    loader: Any = None
    yaml = _library()
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(body)
        steps = composer.steps(yaml)
        while loader.check_event():
            event = loader.get_event()
            step = steps.get(type(event))
            if step is not None:
                step(event)
    except YamlProblem as problem:
        raise YamlProblem(problem.message, problem.span, composer.documents) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        message, span = _explain(error, source, skipped)
        raise YamlProblem(message, span, composer.documents) from None
    finally:
        if loader is not None:
            loader.dispose()
    return tuple(composer.documents)


class _Frame:
    """A collection, or a document, whose end has not come yet."""

    __slots__ = ("children", "end", "event", "height", "weight")

    def __init__(self, event: yaml.Event) -> None:
        self.event: Any = event
        self.children: list[Node] = []
        self.end = 0
        # Levels below this node, and nodes in it, as if aliases were copies.
        self.height = 0
        self.weight = 1


class _Composer:
    """Builds nodes from events."""

    def __init__(self, source: Source, skipped: int) -> None:
        self.source = source
        self.skipped = skipped
        self.documents: list[Document] = []
        self.frames: list[_Frame] = []
        # The node of each anchor with its height and weight; None while the node is still open.
        self.anchors: dict[str, tuple[Node, int, int] | None] = {}

    def steps(self, yaml: Any) -> dict[type, Callable[[Any], None]]:
        """What is done at each kind of event."""
        return {
            yaml.DocumentStartEvent: self.begin_document,
            yaml.DocumentEndEvent: self.end_document,
            yaml.ScalarEvent: self.scalar,
            yaml.AliasEvent: self.alias,
            yaml.SequenceStartEvent: self.begin,
            yaml.SequenceEndEvent: self.end_sequence,
            yaml.MappingStartEvent: self.begin,
            yaml.MappingEndEvent: self.end_mapping,
        }

    def span(self, event: Any) -> Span:
        return Span(self.source, event.start_mark.index + self.skipped, event.end_mark.index + self.skipped)

    def begin_document(self, event: Any) -> None:
        self.frames = [_Frame(event)]
        self.anchors = {}

    def end_document(self, event: Any) -> None:
        frame = self.frames.pop()
        root: Node | None = frame.children[0]
        if isinstance(root, Scalar) and root.style == "plain" and not root.value and root._tag is None:
            root = None
        self.documents.append(Document(self.source, root, self.span(frame.event).to(self.span(event))))

    def scalar(self, event: Any) -> None:
        span = self.span(event)
        value: str = event.value
        style = _STYLES[event.style]
        if event.anchor is not None or event.tag is not None:
            span = _without_properties(span, (event.anchor is not None) + (event.tag is not None))
        end = span.end
        if style in ("literal", "folded"):
            span = Span(self.source, span.start, span.start + len(span.text.rstrip(_WHITE)))
        node = Scalar(value, style, span, event.tag)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, 0, 1)
        self.add(node, end, 0, 1)

    def alias(self, event: Any) -> None:
        span = self.span(event)
        if event.anchor not in self.anchors:
            message = f"`*{event.anchor}` has no `&{event.anchor}` above it: quote the value if no alias is meant"
            raise YamlProblem(message, span)
        anchored = self.anchors[event.anchor]
        if anchored is None:
            raise YamlProblem(
                f"`*{event.anchor}` stands inside of `&{event.anchor}`: the value would hold itself", span
            )
        node, height, weight = anchored
        if len(self.frames) + height > MAX_DEPTH:
            raise YamlProblem(_TOO_DEEP, span)
        self.add(node, span.end, height, weight)

    def begin(self, event: Any) -> None:
        if len(self.frames) > MAX_DEPTH:
            raise YamlProblem(_TOO_DEEP, self.span(event))
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.frames.append(_Frame(event))

    def end_sequence(self, event: Any) -> None:
        frame = self.frames.pop()
        span = self.collection_span(frame, event)
        self.finish(frame, Sequence(tuple(frame.children), span, _collection_tag(frame, "seq")), span.end)

    def end_mapping(self, event: Any) -> None:
        frame = self.frames.pop()
        span = self.collection_span(frame, event)
        pairs = tuple(zip(frame.children[::2], frame.children[1::2], strict=True))
        self.finish(frame, Mapping(pairs, span, _collection_tag(frame, "map")), span.end)

    def finish(self, frame: _Frame, node: Node, end: int) -> None:
        if frame.event.anchor is not None:
            self.anchors[frame.event.anchor] = (node, frame.height, frame.weight)
        self.add(node, end, frame.height, frame.weight)

    def add(self, node: Node, end: int, height: int, weight: int) -> None:
        frame = self.frames[-1]
        frame.children.append(node)
        frame.end = end
        if height >= frame.height:
            frame.height = height + 1
        frame.weight += weight
        if frame.weight > MAX_VALUES:
            raise YamlProblem(
                f"aliases and values add up to more than {MAX_VALUES:,} values", Span(self.source, end, end)
            )

    def collection_span(self, frame: _Frame, event: Any) -> Span:
        start = frame.event.start_mark.index + self.skipped
        if frame.event.flow_style:
            end = event.end_mark.index + self.skipped
        else:
            # The parser ends a block collection where the next token begins.
            end = max(frame.end, start)
        span = Span(self.source, start, end)
        properties = (frame.event.anchor is not None) + (frame.event.tag is not None)
        return _without_properties(span, properties) if properties else span


_TOO_DEEP = f"the values are nested more than {MAX_DEPTH} levels deep"
_WHITE = " \t\r\n\x85\u2028\u2029"
_PROPERTY = regex(r"[&!](?:<[^>\s]*>|[^\s,\[\]{}]*)")


def _without_properties(span: Span, count: int) -> Span:
    """A node's place behind its anchor and its tag."""
    text = span.source.text
    at = span.start
    for _ in range(count):
        written = _PROPERTY.match(text, at, span.end)
        if written is None:
            break
        at = written.end()
        at = _behind_gap(text, at, span.end)
    return Span(span.source, min(at, span.end), span.end)


def _behind_gap(text: str, at: int, end: int) -> int:
    """The index behind white space, and behind comments, which begin after it."""
    while at < end and text[at] in _WHITE:
        at += 1
        if text.startswith("#", at):
            while at < end and text[at] not in "\r\n\x85\u2028\u2029":
                at += 1
    return at


@cache
def _library() -> Any:
    """PyYAML. Its own reader compiles a class of all characters that libyaml's never asks for (7 % of a small run)."""
    with compiled_on_first_use():
        import yaml

    return yaml


def _collection_tag(frame: _Frame, kind: str) -> str:
    tag: str | None = frame.event.tag
    return f"{_TAG}{kind}" if tag in (None, "!") else str(tag)


def _resolve(value: str) -> str:
    """The tag of a plain scalar by the rules of YAML 1.1."""
    resolvers = _library().SafeLoader.yaml_implicit_resolvers
    for tag, pattern in [*resolvers.get(value[:1], ()), *resolvers.get(None, ())]:
        if pattern.match(value):
            return str(tag)
    return f"{_TAG}str"


def _merge_sources(key: Node, value: Node) -> tuple[Mapping, ...] | None:
    """The mappings that a pair merges, which may be none (`<<: []`); None when it is an ordinary pair."""
    if not (isinstance(key, Scalar) and key.value == "<<" and key.tag == f"{_TAG}merge"):
        return None
    nodes = value.items if isinstance(value, Sequence) else (value,)
    sources = tuple(node for node in nodes if isinstance(node, Mapping))
    return sources if len(sources) == len(nodes) else None


def _entries(pairs: tuple[tuple[Node, Node], ...]) -> dict[str | Node, tuple[Node, Node]]:
    own: dict[str | Node, tuple[Node, Node]] = {}
    merged: dict[str | Node, tuple[Node, Node]] = {}
    for key, value in pairs:
        sources = _merge_sources(key, value)
        if sources is not None:
            brought: dict[str | Node, tuple[Node, Node]] = {}
            for source in sources:
                for identity, entry in source._entries.items():
                    brought.setdefault(identity, entry)
            merged.update(brought)
        else:
            own[key.value if isinstance(key, Scalar) else key] = (key, value)
    for identity, entry in merged.items():
        own.setdefault(identity, entry)
    return own


_PRINTABLE = "\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff\ufeff"
_UNPRINTABLE = regex(f"[^{_PRINTABLE}]")

_CONFLICT = regex(r"^(?:<{7}|>{7})(?= )", re.MULTILINE)

# The parser's words, what they mean, and whether the fault shows best where the construct begins.
_EXPLANATIONS = (
    ("mapping values are not allowed", "a second `: ` or a wrong indentation: quote the value or align the key", False),
    ("block sequence entries are not allowed", "a `- ` item cannot begin here: put it on a line below its key", False),
    ("tab character", "a tab in the indentation: YAML takes spaces only", False),
    ("could not find expected ':'", "no `:` behind this key, or a quote or bracket above is not closed", True),
    ("found unexpected end of stream", "this quote is never closed", True),
    ("found unexpected document indicator", "this quote is not closed before the document ends", True),
    ("found unknown escape character", "an unknown escape between double quotes: double the backslash", False),
    ("did not find expected alphabetic or numeric", "a value that begins with `*` or `&` needs quotes", True),
    ("did not find expected <document start>", "text behind the document's end: is it indented like the rest?", False),
    ("did not find expected ',' or ']'", "this `[` is not closed: a `,` or `]` is missing", True),
    ("did not find expected ',' or '}'", "this `{` is not closed: a `,` or `}` is missing", True),
    ("did not find expected node content", "a value is missing here: is a bracket above not closed?", False),
    ("exceeded maximum nesting depth", _TOO_DEEP, False),
)


def _explain(error: Exception, source: Source, skipped: int) -> tuple[str, Span]:
    """A fault that the parser met, in plain words, and its place."""
    is_unprintable = type(error).__name__ in ("ReaderError", "UnicodeEncodeError")
    unprintable = _UNPRINTABLE.search(source.text) if is_unprintable else None
    if unprintable is not None:
        span = Span(source, *unprintable.span())
        return f"the control character U+{ord(unprintable.group()):04X} is not allowed in YAML", span
    problem = str(getattr(error, "problem", None) or error).partition("\n")[0]
    fault = getattr(error, "problem_mark", None)
    begun = getattr(error, "context_mark", None)
    context = str(getattr(error, "context", None) or "")
    place = _character(source, fault, skipped)
    begin = _character(source, begun or fault, skipped)
    conflict = _CONFLICT.search(source.text)
    if conflict is not None:
        return "an unresolved merge conflict", Span(source, *conflict.span())
    for words, message, at_begin in _EXPLANATIONS:
        if words in problem:
            return message, begin if at_begin else place
    if "cannot start any token" in problem:
        if place.text == "\t":
            return "a tab in the indentation: YAML takes spaces only", place
        return f"a value cannot begin with {place.text!r}: quote it", place
    if begun is None or begin.line == place.line:
        if "did not find expected key" in problem:
            return "text behind the end of the value: a quote or bracket closes too early", place
        return problem, place
    if "did not find expected key" in problem and "block mapping" in context:
        return f"expected a key that is aligned with line {begin.line}, or a quote above it is misplaced", place
    if "did not find expected '-' indicator" in problem:
        return f"expected a `- ` item that is aligned with line {begin.line}", place
    return f"{problem} {context}, which begins on line {begin.line}", place


def _character(source: Source, mark: Any, skipped: int) -> Span:
    """The character at a mark; empty at the end of a line."""
    at = min(mark.index + skipped, len(source.text)) if mark is not None else 0
    return Span(source, at, at + (source.text[at : at + 1].strip("\r\n") != ""))
