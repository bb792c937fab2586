"""What the repository is called on GitHub, where it says so itself: whose image `ghcr.io/${{ github.repository }}` is.

A comparison of a workflow counts first: where it does not hold, nothing runs. Else labels of images and the
pyproject.toml, which copies and forks keep, have to agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prodlint.deployment.pipeline import Pipeline
from prodlint.deployment.process import BuiltImage
from prodlint.deployment.repository import Repository
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.syntax.word import Word

__all__ = ["under_repository_name"]

_REPOSITORY = regex(r"\$\{\{\s*github\.repository\s*\}\}|\$\{GITHUB_REPOSITORY\}|\$GITHUB_REPOSITORY(?![A-Z_])")
_OWNER = regex(
    r"\$\{\{\s*github\.repository_owner\s*\}\}|\$\{GITHUB_REPOSITORY_OWNER\}|\$GITHUB_REPOSITORY_OWNER(?![A-Z_])"
)
_COMPARED = regex(
    r"(?i)github\.repository\s*==\s*'([\w.-]{1,100}/[\w.-]{1,100})'"
    r"|'([\w.-]{1,100}/[\w.-]{1,100})'\s*==\s*github\.repository(?![\w.-])"
)
_URL = regex(r"(?i)(?:https?://|git@|ssh://git@)(?:www\.)?github\.com[/:]([\w.-]{1,100}/[\w.-]{1,100}?)(?:\.git)?/?")
_SOURCE = "org.opencontainers.image.source"
_LINKS = frozenset(("source", "sourcecode", "repository", "github", "code"))
_MOST_LENGTH = 300


def under_repository_name(
    built: Iterable[BuiltImage], pipelines: Iterable[Pipeline], dockerfiles: Iterable[str], repository: Repository
) -> tuple[BuiltImage, ...]:
    """Those of the images that are named after their repository, under its name; nothing where that is not known."""
    after = [one for one in built if _REPOSITORY.search(one.name) or _OWNER.search(one.name)]
    name = _repository_name(pipelines, dockerfiles, repository) if after else None
    if name is None:
        return ()
    owner = name.partition("/")[0]
    return tuple(replace(one, name=_OWNER.sub(owner, _REPOSITORY.sub(name, one.name))) for one in after)


def _repository_name(pipelines: Iterable[Pipeline], dockerfiles: Iterable[str], repository: Repository) -> str | None:
    """Its owner and name in lower case, as registries take them; None where nothing tells it, or several do."""
    compared = {one.lower() for one in _compared(pipelines)}
    told = compared or {one.lower() for one in (*_by_labels(dockerfiles, repository), *_by_project(repository))}
    return told.pop() if len(told) == 1 else None


def _compared(pipelines: Iterable[Pipeline]) -> Iterator[str]:
    for pipeline in pipelines:
        for job in pipeline.jobs:
            pushes = (step.action.input("push") or "" for step in job.steps if step.action is not None)
            for text in (job.condition, *(step.condition for step in job.steps), *pushes):
                for found in _COMPARED.finditer(text):
                    if not text[: found.start()].rstrip().endswith("!("):
                        yield found[1] or found[2]


def _by_labels(dockerfiles: Iterable[str], repository: Repository) -> Iterator[str]:
    for path in dockerfiles:
        dockerfile = repository.dockerfile(path) if _SOURCE.encode() in (repository.data(path) or b"") else None
        for instruction in dockerfile.instructions if dockerfile is not None else ():
            for pair in instruction.pairs if instruction.keyword == "LABEL" else ():
                if pair.name == _SOURCE and isinstance(pair.value, Word):
                    yield from _of_url(pair.value.literal)


def _by_project(repository: Repository) -> Iterator[str]:
    document = repository.toml("pyproject.toml") if "pyproject.toml" in repository.paths else None
    urls = document.get("project", "urls") if document is not None else None
    for key, url in urls.items() if isinstance(urls, dict) else ():
        if "".join(one for one in str(key).lower() if one.isalnum()) in _LINKS:
            yield from _of_url(url)
    yield from _of_url(document.get("tool", "poetry", "repository") if document is not None else None)


def _of_url(url: object) -> Iterator[str]:
    found = _URL.fullmatch(url.strip()) if isinstance(url, str) and len(url) <= _MOST_LENGTH else None
    if found is not None:
        yield found[1]
