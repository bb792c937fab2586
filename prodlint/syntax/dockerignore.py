"""Which files of a build context a `.dockerignore` leaves out, exactly as Docker's own matcher decides.

It is not gitignore: every pattern is anchored at the root of the context, a `!` line puts files back
below a folder that is left out, and there are no comments behind a pattern.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from prodlint.record import Record, compared_without, field
from prodlint.regex import regex
from prodlint.syntax.dockerfile_words import SPACE

__all__ = ["Dockerignore", "Pattern", "parse_dockerignore"]

MAX_LENGTH = 1024 * 1024
MAX_LINE_BYTES = 65_535

# Each file of the context is held against each pattern.
MAX_PATTERNS = 10_000

_PIECE = regex(
    r"(?P<folders>\*\*/?)|(?P<run>\*)|(?P<one>\?)|(?P<set>\[[^\]]*\])|\\(?P<escaped>.)|(?P<plain>[^\[\\])", re.DOTALL
)
# What Go's `filepath.Match` and the regular expression that Docker makes of a pattern read alike.
_SET = regex(r"\[(\^?)((?:[^]^[\\*?/-](?:-[^]^[\\*?/-])?)+)\]")
_RANGE = regex(r"(.)(?:-(.))?", re.DOTALL)

# From the places in a path where a match may stand before a step to those behind it.
Step = Callable[[str, set[int]], set[int]]


@compared_without("_matches")
class Pattern(Record):
    """One line that counts: its 1-based number, its text, and whether it puts files back (`!`).

    `path` is the pattern without `!`, blanks and superfluous slashes.
    """

    line: int
    text: str
    negated: bool
    path: str
    _matches: Callable[[str], bool]

    def matches(self, path: str) -> bool:
        """Whether the pattern is true of just this path, whatever holds for the folders above it."""
        return self._matches(path)


@compared_without("_folders")
class Dockerignore(Record):
    """The patterns of a file, in its order."""

    patterns: tuple[Pattern, ...]
    # For each folder, one bit for each pattern that matches it or a folder above it.
    _folders: dict[str, int] = field(default_factory=dict)

    def decided_by(self, path: str) -> Pattern | None:
        """The pattern that has the last word on a path, None where no pattern matches.

        The path is taken from the root of the context, with forward slashes.
        """
        matching = self._matching(posixpath.normpath(path).lstrip("/"))
        return self.patterns[matching.bit_length() - 1] if matching else None

    def ignores(self, path: str) -> bool:
        """Whether a file or folder is kept out of COPY and ADD."""
        pattern = self.decided_by(path)
        return pattern is not None and not pattern.negated

    def _matching(self, path: str) -> int:
        folders = []
        folder = path
        while (folder := posixpath.dirname(folder)) and folder not in self._folders:
            folders.append(folder)
        above = self._folders.get(folder, 0)
        for folder in reversed(folders):
            above = self._with_own(folder, above)
            self._folders[folder] = above
        return self._with_own(path, above)

    def _with_own(self, path: str, above: int) -> int:
        """The bits of a path, from those of the folder that it lies in.

        Docker asks only the patterns that would change the verdict. So `!app` puts back what an
        earlier line takes out of the context by the folder `app`, but not what it takes out of
        `app` by a name of its own: nothing had to be put back when `app` itself was looked at.
        """
        bits = above
        ignored = False
        for index, pattern in enumerate(self.patterns):
            if above >> index & 1:
                ignored = not pattern.negated
            elif pattern.negated is ignored and pattern.matches(path):
                bits |= 1 << index
                ignored = not pattern.negated
        return bits


def parse_dockerignore(text: str) -> Dockerignore | None:
    """The patterns of a `.dockerignore`.

    None where Docker refuses the file (a lone `!`, a malformed `[…]`), where a pattern means
    something that cannot be told exactly, and for more than 1 MiB or 10,000 patterns.
    """
    if len(text) > MAX_LENGTH:
        return None
    patterns: list[Pattern] = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if len(line) > MAX_LINE_BYTES // 4 and len(line.encode("utf-8", "replace")) > MAX_LINE_BYTES:
            return None
        written = line.strip(SPACE)
        # Only a `#` in the first column begins a comment.
        if line.startswith("#") or not written:
            continue
        negated = written.startswith("!")
        path = _cleaned(written[1:].strip(SPACE) if negated else written)
        if len(path) > 1:
            path = path.removeprefix("/")
        # Docker trims and cleans a second time, the `!` included.
        path = ("!" if negated else "") + path
        path = _cleaned(path.strip(SPACE)) if path.strip(SPACE) else ""
        if not path:
            continue
        negated = path.startswith("!")
        path = path.removeprefix("!")
        matches = _matcher(path) if path else None
        if matches is None or len(patterns) == MAX_PATTERNS:
            return None
        patterns.append(Pattern(number, written, negated, path, matches))
    return Dockerignore(tuple(patterns))


def _cleaned(path: str) -> str:
    """A path without empty and dot segments, as Go's `filepath.Clean` leaves it."""
    if not path:
        return ""
    cleaned = posixpath.normpath(path)
    # POSIX gives two leading slashes a meaning of their own.
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def _matcher(pattern: str) -> Callable[[str], bool] | None:
    """What tells whether a cleaned pattern matches a path; None where that is not known."""
    pieces = list(_PIECE.finditer(pattern))
    if sum(len(piece.group()) for piece in pieces) < len(pattern):
        # A set without an end, or an escape with nothing behind it.
        return None
    doubles = [piece for piece in pieces if piece.lastgroup == "folders"]
    if len(doubles) <= 1 and all(piece.lastgroup in ("folders", "plain") and piece.group() != "]" for piece in pieces):
        if not doubles:
            return pattern.__eq__
        if doubles[0].start() == 0:
            suffix = pattern[2:]
            return lambda path: path.endswith(suffix) or suffix == f"/{path}"
        if doubles[0].end() == len(pattern):
            prefix = pattern[:-2]
            return lambda path: path.startswith(prefix)
    steps = _steps(pieces)
    return None if steps is None else lambda path: _walk(steps, path)


def _walk(steps: list[Step], path: str) -> bool:
    """Whether steps lead over a whole path, in time that grows with both, whatever the pattern."""
    places = {0}
    for step in steps:
        places = step(path, places)
        if not places:
            return False
    return len(path) in places


def _steps(pieces: list[re.Match[str]]) -> list[Step] | None:
    steps: list[Step] = []
    for piece in pieces:
        kind, text = piece.lastgroup, piece.group()
        if kind == "folders":
            steps.append(_over_folders if piece is not pieces[-1] else _over_rest)
        elif kind == "run":
            steps.append(_over_run)
        elif kind == "one":
            steps.append(_over_one)
        elif kind == "set":
            ranges = _SET.fullmatch(text)
            if ranges is None:
                return None
            bounds = [(low, high or low) for low, high in _RANGE.findall(ranges[2])]
            if any(low > high for low, high in bounds):
                return None
            steps.append(_over_set(bounds, negated=bool(ranges[1])))
        elif kind == "escaped":
            if not piece["escaped"].isascii() or piece["escaped"].isalnum():
                # Docker hands it to a regular expression, where it has another meaning or none.
                return None
            steps.append(_over_text(piece["escaped"]))
        elif text in "^|":
            # The same; newer versions of Docker take `|` as it is.
            return None
        else:
            steps.append(_over_text(text))
    return steps


def _over_text(text: str) -> Step:
    return lambda path, places: {at + len(text) for at in places if path.startswith(text, at)}


def _over_set(bounds: list[tuple[str, str]], *, negated: bool) -> Step:
    def step(path: str, places: set[int]) -> set[int]:
        inside = (at for at in places if at < len(path))
        return {at + 1 for at in inside if any(low <= path[at] <= high for low, high in bounds) is not negated}

    return step


def _over_one(path: str, places: set[int]) -> set[int]:
    return {at + 1 for at in places if at < len(path) and path[at] != "/"}


def _over_run(path: str, places: set[int]) -> set[int]:
    """Over any characters but a slash."""
    reached: set[int] = set()
    for at in sorted(places):
        if at not in reached:
            slash = path.find("/", at)
            reached.update(range(at, (slash if slash >= 0 else len(path)) + 1))
    return reached


def _over_folders(path: str, places: set[int]) -> set[int]:
    """Over any number of folders, each with the slash behind it."""
    first = min(places)
    return places | {at + 1 for at in range(first, len(path)) if path[at] == "/"}


def _over_rest(path: str, places: set[int]) -> set[int]:
    return {len(path)}
