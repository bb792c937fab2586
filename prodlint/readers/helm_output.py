"""What a filled-in template says as Kubernetes objects, with places in the template instead of in the output.

What is hidden becomes a placeholder (`{{ … }}`) again, which every reader of manifests knows.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from prodlint.readers.helm_data import Hidden
from prodlint.readers.helm_template import FilledIn, Renderer
from prodlint.readers.helm_text import MARKED, has_mark
from prodlint.readers.kubernetes_manifest import Manifest, manifests_of
from prodlint.record import Record
from prodlint.source import Source, Span, Text
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence, YamlProblem, parse_yaml

__all__ = ["Output", "objects_of"]

_LONGEST_LABEL = 80


class Output(Record):
    """The objects of a template, why its YAML breaks off, None when it does not, and what hides whole parts.

    `doubtful` are the names of the objects with keys or items that are not told.
    """

    manifests: tuple[Manifest, ...]
    problem: str | None
    doubtful: tuple[tuple[Manifest, str], ...]


def objects_of(filled: FilledIn, renderer: Renderer) -> Output:
    """The objects in the output of a template."""
    text = "".join(piece.text for piece in filled.pieces)
    problem = None
    try:
        documents = parse_yaml(Source(filled.source.path, text))
    except YamlProblem as error:
        documents, problem = error.documents, error.message
    placer = _Placer(filled, renderer)
    manifests: list[Manifest] = []
    doubtful: list[tuple[Manifest, str]] = []
    for document in documents:
        placer.doubts.clear()
        for manifest in manifests_of((placer.node(document.root),) if document.root is not None else ()):
            manifests.append(manifest)
            doubtful.extend((manifest, reason) for reason in placer.doubts[:1])
    return Output(tuple(manifests), problem, tuple(doubtful))


class _Placer:
    """Gives the nodes of an output their places in the template."""

    def __init__(self, filled: FilledIn, renderer: Renderer) -> None:
        self.source = filled.source
        self.pieces = filled.pieces
        self.ends = list(accumulate(len(piece.text) for piece in filled.pieces))
        self.renderer = renderer
        self.moved: dict[int, Node] = {}
        # Why whole keys and items of the document at hand are not told.
        self.doubts: list[str] = []

    def place(self, offset: int) -> tuple[int, int]:
        """Where in the template the character at an offset of the output comes from, and where that ends."""
        index = min(bisect_right(self.ends, offset), len(self.pieces) - 1)
        if index < 0:
            return 0, 0
        piece = self.pieces[index]
        if not piece.is_verbatim:
            return piece.start, piece.end
        start = piece.start + min(offset - (self.ends[index] - len(piece.text)), len(piece.text))
        return start, min(start + 1, piece.end)

    def span(self, span: Span) -> Span:
        start, end = self.place(span.start)
        if span.end > span.start:
            # The output of a loop may go back to where the loop begins.
            end = max(end, self.place(span.end - 1)[1])
        elif end > start:
            end = start
        return Span(self.source, start, end)

    def node(self, node: Node) -> Node:
        # An alias is the anchored node itself: each node is moved once.
        found = self.moved.get(id(node))
        if found is None:
            found = self.moved[id(node)] = self.fresh(node)
        return found

    def fresh(self, node: Node) -> Node:
        span = self.span(node.span)
        if isinstance(node, Scalar):
            return self.scalar(node, span)
        if isinstance(node, Sequence):
            for item in node.items:
                self.notice(item.value if isinstance(item, Scalar) else "")
            return Sequence(tuple(self.node(item) for item in node.items), span, node.tag)
        for name in node.keys():  # noqa: SIM118 -- a mapping is no iterable
            self.notice(name)
        return Mapping.of([(self.node(key), self.node(value)) for key, value in node.items()], span)

    def notice(self, written: str) -> None:
        """Notes a key or an item that is nothing but a mark: others may stand there."""
        if len(written) == 1 and has_mark(written):
            self.doubts.append(self.renderer.hidden_in(written).reason)

    def scalar(self, node: Scalar, span: Span) -> Scalar:
        if has_mark(node.value):
            value = MARKED.sub(lambda found: _placeholder(self.renderer.hidden_in(found[0])), node.value)
            return Scalar(value, "double", span, None, Text.at(value, span))
        if span.text == node.span.text:
            return Scalar(node.value, node.style, span, node._tag)
        first = bisect_right(self.ends, node.span.start)
        is_within = first < len(self.pieces) and node.span.end <= self.ends[first]
        if is_within or not node.value:
            return Scalar(node.value, node.style, span, node._tag, Text.at(node.value, span))
        written = node.text
        offsets = [self.place(offset) for offset in written.offsets[: len(node.value)]]
        text = Text(node.value, self.source, (*(start for start, _ in offsets), offsets[-1][1]))
        return Scalar(node.value, node.style, span, node._tag, text)


def _placeholder(hidden: Hidden) -> str:
    label = (hidden.label or hidden.reason).replace("{", "").replace("}", "")
    return "{{ " + label[:_LONGEST_LABEL] + " }}"
