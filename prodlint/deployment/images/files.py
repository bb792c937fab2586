"""Where COPY, ADD and RUN put files of the repository into an image.

Rules: the catalogue's container page, 2.6 (measured with BuildKit).
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prodlint.deployment.command import Step
from prodlint.deployment.filemap import FileMap, Placement, Rewriting, absolute
from prodlint.deployment.packages.files import format_of
from prodlint.deployment.repository import Repository, normal_path
from prodlint.record import Record, compared_without, field, replace
from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.dockerfile import Dockerfile

if TYPE_CHECKING:
    from prodlint.syntax.dockerignore import Dockerignore

__all__ = ["Context", "ImageFiles", "context_of", "is_remote", "read_context"]

_STANDARD_FOLDERS = frozenset(
    "/ /bin /etc /home /lib /media /mnt /opt /root /run /sbin /srv /tmp /usr /usr/bin /usr/lib /usr/local "
    "/usr/local/bin /usr/local/lib /usr/local/sbin /usr/sbin /usr/share /var /var/lib /var/log /var/tmp".split()
)
# Line ends of scripts are mended by these; what a list of packages or a module says afterwards is another matter.
_EDITORS = ("sed", "perl")
_MAX_PLACEMENTS = 1_000
_MAX_SEARCHES = 300
_REMOTE = regex(r"[a-z][a-z0-9+.-]*://|git@")


def is_remote(source: str) -> bool:
    """Whether a source of ADD is fetched instead of copied."""
    return _REMOTE.match(source) is not None


def _is_pattern(source: str) -> bool:
    return any(character in source for character in "*?[")


_BUILT_FIRST = regex(r"^(\./)?(dist|wheels|wheelhouse)(/|$)|\.whl$")


def context_of(repository: Repository, document: Dockerfile) -> str | None:
    """The build context of a Dockerfile that nobody names: the nearest folder that explains its COPY sources."""
    context = Context(repository, "")
    sources = [
        word.literal
        for instruction in document.instructions
        if instruction.keyword in ("COPY", "ADD") and instruction.flag("from") is None
        for word in (instruction.json or instruction.words)[:-1]
        if word.literal and not is_remote(word.literal) and not word.literal.startswith("<<")
    ]
    folders = [posixpath.dirname(document.source.path)]
    while folders[-1]:
        folders.append(posixpath.dirname(folders[-1]))
    # The root comes second: `docker build -f docker/web/Dockerfile .` is far more common than a context halfway.
    ordered = list(dict.fromkeys((folders[0], "", *folders[1:])))
    found = [sum(replace(context, root=folder).has(source) for source in sources[:200]) for folder in ordered]
    # A few may be missing: a `.env` that nobody commits, a submodule, a lock file; what is built first always is.
    counted = sum(1 for source in sources[:200] if _BUILT_FIRST.search(source) is None)
    enough = max(found) * 2 > counted or not sources
    return ordered[found.index(max(found))] if enough else None


@compared_without("_searched")
class Context(Record):
    """A build context: its folder from the root of the repository (None: unknown) and what it leaves out."""

    repository: Repository
    root: str | None
    ignored: Dockerignore | None = None
    _searched: dict[str, list[str]] = field(default_factory=dict)

    def path(self, source: str) -> str:
        """The path from the root of the repository of a source of COPY, which cannot leave the context."""
        return normal_path(self.root or "", posixpath.normpath("/" + source).lstrip("/"))

    def has(self, source: str) -> bool:
        """Whether a source stands for some file or folder."""
        path = self.path(source)
        if _is_pattern(source):
            return bool(self.found(source))
        return path in self.repository.paths or path in self.repository.folders

    def found(self, source: str) -> list[str]:
        """The files and folders that a source stands for, those that are left out aside."""
        if self.root is None:
            return []
        path = self.path(source)
        if not _is_pattern(source):
            return [] if self.leaves_out(path) else [path]
        if path not in self._searched:
            if len(self._searched) >= _MAX_SEARCHES:
                return []
            folder = posixpath.dirname(path)
            folders = [folder]
            if _is_pattern(folder):
                folders = [one for one in self.repository.folders if one.count("/") == folder.count("/")]
            names = [name for one in folders for name in self.repository.inside(one)]
            self._searched[path] = sorted(
                name for name in names if fnmatch.fnmatchcase(name, path) and not self.leaves_out(name)
            )
        return self._searched[path]

    def leaves_out(self, path: str) -> bool:
        """Whether a file is not sent to the builder."""
        if self.ignored is None or path not in self.repository.paths:
            return False
        inside = path[len(self.root) + 1 :] if self.root else path
        return self.ignored.ignores(inside)


def read_context(repository: Repository, dockerfile: str, root: str | None) -> Context:
    """A context with its ignore file: `NAME.dockerignore` beside the Dockerfile, else the one at its root."""
    if root is None:
        return Context(repository, None)
    for path in (f"{dockerfile}.dockerignore", normal_path(root, ".dockerignore")):
        source = repository.source(path)
        if source is not None:
            from prodlint.syntax.dockerignore import parse_dockerignore

            return Context(repository, root, parse_dockerignore(source.text))
    return Context(repository, root)


class ImageFiles(Record):
    """The files at one point of a stage, and the folders that are known to be there."""

    context: Context
    files: FileMap = field(default_factory=FileMap)
    folders: frozenset[str] = _STANDARD_FOLDERS

    def with_folder(self, path: str) -> ImageFiles:
        """The same after `mkdir -p` or WORKDIR."""
        return replace(self, folders=self.folders | {path})

    def incomplete(self) -> ImageFiles:
        """The same with files that cannot be known."""
        return replace(self, files=replace(self.files, complete=False))

    def copied(self, sources: Iterable[str], target: str, into: bool, parents: bool = False) -> ImageFiles:
        """The same after COPY of sources of the context; `into` says that the target is written as a folder."""
        placements: list[Placement] = []
        complete = self.context.root is not None
        into = into or self._is_folder(target)
        for source in sources:
            for path in self.context.found(source):
                if parents:
                    kept = path[len(self.context.root or "") :].lstrip("/")
                    placements.append(self._from_context(posixpath.join(target, kept), path))
                else:
                    placements.append(self._placed(path, target, into or _is_pattern(source)))
        return self._with(placements, complete)

    def _from_context(self, target: str, path: str) -> Placement:
        return Placement(target, path, self.context.leaves_out if self.context.ignored is not None else None)

    def _placed(self, path: str, target: str, into: bool) -> Placement:
        """A folder gives its contents; a file goes into a target that is a folder, else it takes its name."""
        if self._is_folder_of_ours(path):
            return self._from_context(target, path)
        return Placement(posixpath.join(target, posixpath.basename(path)) if into else target, path)

    def _is_folder_of_ours(self, path: str) -> bool:
        repository = self.context.repository
        return path in repository.folders and path not in repository.paths

    def _is_folder(self, target: str) -> bool:
        prefix = target.rstrip("/") + "/"
        return (
            any(folder == target or folder.startswith(prefix) for folder in self.folders)
            or any(one.target.startswith(prefix) for one in self.files.placements)
            or any(self._is_folder_of_ours(path) for path in self.files.candidates(target))
        )

    def _with(self, placements: list[Placement], complete: bool = True) -> ImageFiles:
        known = dict.fromkeys(self.files.placements)
        for placement in placements:
            # What is placed again moves to the end, where it counts.
            known.pop(placement, None)
            known[placement] = None
        if len(known) > _MAX_PLACEMENTS:
            return self.incomplete()
        return replace(self, files=FileMap(tuple(known), self.files.complete and complete))

    def written(self, target: str, into: bool, name: str, text: Text | None = None) -> ImageFiles:
        """The same after a file was made that is none of the repository's; with its text where that is known."""
        inside = into or self._is_folder(target)
        return self._with([Placement(posixpath.join(target, name) if inside else target, None, text=text)])

    def copied_from(self, other: ImageFiles, sources: Iterable[str], target: str, into: bool) -> ImageFiles:
        """The same after `COPY --from=` another stage."""
        placements: list[Placement] = []
        for source in sources:
            path = absolute(source, "/")
            if path is not None:
                placements.extend(self._moved(other, path, target, into))
        return self._with(placements, other.files.complete)

    def moved_from(self, other: ImageFiles, path: str, target: str) -> ImageFiles:
        """The same with what lies at a path of some files at another place, too."""
        return self._with(self._moved(other, path, target, False))

    def _moved(self, other: ImageFiles, path: str, target: str, into: bool) -> list[Placement]:
        """What lies at a path of some files, and below it, at its new place."""
        repository = self.context.repository
        into = into or self._is_folder(target)
        covering = [
            self._placed(candidate, target, into)
            for candidate in reversed(other.files.candidates(path))
            if candidate in repository.paths or candidate in repository.folders
        ]
        edited = next((one for one in reversed(other.files.placements) if one.covers(path)), None)
        if edited is not None and edited.rewritten is not None and edited.target == path:
            covering = [replace(one, rewritten=edited.rewritten) for one in covering]
        prefix = path.rstrip("/") + "/"
        below = [
            replace(one, target=posixpath.join(target, one.target[len(prefix) :]))
            for one in other.files.placements
            if one.target.startswith(prefix)
        ]
        return [*covering, *below]

    def mounted(self, other: ImageFiles | None, source: str, target: str) -> FileMap:
        """The files that a RUN sees which binds a part of the context, or of another stage, to a path."""
        if other is not None:
            return self.copied_from(other, [source], target, False).files
        if self.context.root is None:
            return replace(self.files, complete=False)
        return self._with([self._from_context(target, self.context.path(source))]).files

    def after(self, step: Step) -> ImageFiles:
        """The same after a program of a RUN that moves files, or writes them."""
        told = [one.target for one in self.files.placements if one.text is not None]
        return (self._perhaps_rewritten(told, step) if told and step.argv else self)._after(step)

    def _perhaps_rewritten(self, told: list[str], step: Step) -> ImageFiles:
        """The same without the texts of files that the build made, as far as a program may have rewritten them."""
        from prodlint.deployment.images.made_files import may_rewrite

        lost = [path for path in told if self.files.text(path) is not None and may_rewrite(step, path, self._file_at)]
        return self._with([Placement(path, None) for path in lost]) if lost else self

    def _after(self, step: Step) -> ImageFiles:
        if step.directory is None:
            return self
        if step.program in _EDITORS:
            return self._edited(step)
        if step.conditional:
            return self
        if step.program == "mkdir":
            made = [absolute(word, step.directory) for word in step.arguments if word and not word.startswith("-")]
            return replace(self, folders=self.folders | {path for path in made if path is not None})
        if step.program == "rm":
            gone = [absolute(word, step.directory) for word in step.arguments if word and not word.startswith("-")]
            return self._with([Placement(path, None) for path in gone if path is not None])
        if step.program in ("cp", "mv", "ln"):
            return self._rearranged(step)
        return self.overwritten(written_by(step), step.span)

    def overwritten(self, paths: Iterable[str], span: Span) -> ImageFiles:
        """The same after programs wrote files: what the repository holds is no longer what lies there."""
        changed = []
        for path in paths:
            found = self._file_at(path)
            # A module that the context leaves out may be made here.
            is_made = self.files.text(path) is not None
            if found is not None or is_made or self.files.candidates(path) or path.endswith(".py"):
                changed.append(Placement(path, None, rewritten=Rewriting(found, span) if found is not None else None))
        return self._with(changed) if changed else self

    def _file_at(self, path: str) -> str | None:
        """The file of the repository that lies at a path."""
        candidates = self.files.candidates(path)
        return next((one for one in candidates if one in self.context.repository.paths), None)

    def _edited(self, step: Step) -> ImageFiles:
        """The same after `sed -i`: a module is still there, and what it says is not known."""
        words = [word or "" for word in step.arguments]
        if not any(word.startswith(("-i", "-pi")) or word == "--in-place" for word in words):
            return self
        changed = []
        for word in words:
            path = None if word.startswith("-") else absolute(word, step.directory)
            found = self._file_at(path) if path is not None else None
            if path is not None and self.files.text(path) is not None:
                changed.append(Placement(path, None))
            if path is None or found is None:
                continue
            if format_of(word) is not None and not step.conditional:
                changed.append(Placement(path, None))
            elif word.endswith(".py"):
                again = step.conditional or self.files.rewriting(found) is not None
                done = None if again else _substitution(step.program, words)
                changed.append(Placement(path, found, rewritten=Rewriting(found, step.span, done)))
        return self._with(changed) if changed else self

    def _rearranged(self, step: Step) -> ImageFiles:
        if None in step.arguments or any(word in ("-t", "-T") for word in step.arguments):
            return self
        words = [word for word in step.arguments if word and not word.startswith("-")]
        flags = _flags(step)
        if step.program == "ln" and len(words) == 1:
            words.append(".")
        target = absolute(words[-1], step.directory) if len(words) > 1 else None
        if target is None:
            return self
        into = words[-1].endswith(("/", ".")) or len(words) > 2 or self._is_folder(target)
        if "n" in flags and len(words) == 2 and self.files.link_at(target) is not None:
            into = False
        result = self
        for word in words[:-1]:
            folder, name = posixpath.split(word)
            if name in ("*", "*.py") and not _is_pattern(folder) and step.program != "ln":
                # All that lies in a folder comes to lie in another one.
                above = absolute(folder or ".", step.directory)
                if above is not None and above != target:
                    result = result._with(result._moved(result, above, target, False))
            if _is_pattern(word):
                continue
            inside = into and not word.endswith("/.")
            place = posixpath.join(target, posixpath.basename(word.rstrip("/"))) if inside else target
            if step.program == "ln" and "s" in flags:
                result = result._linked(word, place, step.directory if "r" in flags else None)
            elif (path := absolute(word, step.directory)) is not None:
                link = self.files.link_at(path) if step.program == "mv" or flags & set("adPRr") else None
                result = result._with(result._moved(result, path, place, False))
                if link is not None:
                    result = result._linked(link, place, None)
                if step.program == "mv":
                    result = result._with([Placement(path, None)])
        return result

    def _linked(self, written: str, place: str, beside: str | None) -> ImageFiles:
        """The same with a symbolic link at a place; what it leads to lies there, too.

        A relative one starts from where it lies, unless `ln -r` is given a path from another folder.
        """
        path = absolute(written, posixpath.dirname(place) if beside is None else beside)
        if path is None or path == place:
            return self
        moved = self._moved(self, path, place, False)
        held = [one for one in moved if one.target == place and one.path is not None]
        link = Placement(place, None, link=written if beside is None else path)
        rest = [one for one in moved if one not in held]
        own = [replace(one, link=link.link) for one in held] or [link]
        return self._with([*own, *rest])


def _flags(step: Step) -> set[str]:
    """The letters of the options of ln, cp and mv."""
    short = {letter for word in step.arguments if word and re.fullmatch("-[a-zA-Z]+", word) for letter in word[1:]}
    return short | {letter for name, letter in _LONG_FLAGS.items() if name in step.arguments}


_LONG_FLAGS = {
    "--symbolic": "s",
    "--relative": "r",
    "--no-dereference": "n",
    "--no-target-directory": "n",
    "--archive": "a",
    "--recursive": "r",
}
_SUBSTITUTION = regex(r"s([/|#,@])(?P<old>[\w .:='\"/-]+)\1(?P<new>[\w .:='\"/-]*)\1(?P<all>g?)")


def _substitution(program: str, words: list[str]) -> tuple[str, str, int] | None:
    """What `sed -i s/old/new/ FILES` replaces, where the words hold nothing else that has a meaning to sed."""
    plain = [word for word in words if not word.startswith("-i") and word not in ("-e", "--in-place")]
    found = _SUBSTITUTION.fullmatch(plain[0]) if program == "sed" and plain else None
    if found is None or not all(word and not word.startswith("-") for word in plain) or words.count("-e") > 1:
        return None
    if found[1] in found["old"] + found["new"]:
        return None
    # A dot stands for any character.
    old = ".".join(re.escape(part) for part in found["old"].split("."))
    return old, found["new"], 0 if found["all"] else 1


_OUTPUT_OPTIONS = ("-o", "-O", "--output", "--output-file", "--output-document")


def written_by(step: Step) -> Iterator[str]:
    """The absolute paths that a program writes, as far as its arguments tell."""
    if step.directory is None:
        return
    words = [word or "" for word in step.arguments]
    names: list[str] = []
    plain = [word for word in words if word and not word.startswith("-")]
    if step.program == "tee":
        names += plain
    for index, word in enumerate(words):
        if word in _OUTPUT_OPTIONS and index + 1 < len(words):
            names.append(words[index + 1])
        elif word.startswith(("--output=", "--output-file=")):
            names.append(word.partition("=")[2])
    if step.program == "curl" and "-O" in words:
        names += [posixpath.basename(word) for word in words if "://" in word]
    for name in names:
        path = absolute(name, step.directory)
        if path is not None and name:
            yield path
