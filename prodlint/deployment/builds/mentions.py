"""Whether something here may run an image that a pipeline pushes, though no service of the model says so.

A deployment by command (`docker run`, `gcloud run deploy --image`, `kubectl set image`) is no service. Who only makes,
moves or looks at the image runs nothing; every other mention of its name may.

Texts are asked and not the steps of the model. Steps are what pipelines and services are seen to start; the claim is
that nothing runs the image, and what makes it untrue may stand where no step is: in a script that people start, in a
variable or here-document of it, in what it writes down for another machine. A mention in a comment at the end of a
line or in a text for people costs the claim, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from prodlint.deployment.builds.names import image_path
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.pipeline import StepKind
from prodlint.deployment.releases.release import PipelineStep
from prodlint.deployment.repository import Repository
from prodlint.record import Record
from prodlint.regex import regex

__all__ = ["ImageMentions", "image_mentions"]

_MOST_SCRIPTS = 200
_LONGEST_NAME = 300
_MOST_PARTS = 4
_DEPLOYING = (StepKind.DEPLOY, StepKind.RESTART)
_CONTINUED = regex(r"\\\r?\n")
_FILLED_IN = regex(r"\$?\{+[^{}]*\}+|\$\w*")
_PARTS = regex(r"\r?\n|&&|\|\||;")
_RUNS_NOTHING = regex(
    r"[\s@-]*(?:sudo\s+)?(?:(?:docker|podman|buildah)\s+(?:buildx\s+|image\s+|builder\s+)?"
    r"(?:build|bud|push|tag|pull|login|inspect|save|load|imagetools|manifest|scout|rmi)\b"
    r"|(?:trivy|cosign|grype|syft|snyk|crane|skopeo|#))"
)
# What is said to people runs nothing; what is said to a program or written into a file may.
_SPEAKS = regex(r"[\s@-]*(?:echo|printf)\b(?!.*(?:\||>(?!>?\s*(?:&|/dev/))))")
_ACTION_RUNS_NOTHING = regex(
    r"(?i)(?!.*deploy).*(?:build|metadata|login|description|trivy|scan|attest|sbom|cosign|snyk)"
)


class ImageMentions(Record):
    """What may run images: pipelines that deploy something, whether some deploy what is computed, and `texts`."""

    deploying: frozenset[str]
    computed: bool
    texts: tuple[str, ...]

    def may_run(self, names: Iterable[str], pipeline: str) -> bool:
        """Whether something may run the image that a pipeline pushes under these names."""
        if self.computed or pipeline in self.deploying:
            return True
        return any(self._name(name) for name in names)

    def _name(self, name: str) -> bool:
        """Whether a text names it, with or without a registry, or its last part behind something computed."""
        path = image_path(name)
        if not path:
            return True
        whole, last = re.escape("/".join(path)), re.escape(path[-1])
        named = re.compile(
            rf"(?i)(?:(?<![\w.-]){whole}|[$}}][^\s/]{{0,100}}/{last})(?![\w/-]|\.\w)(?::([\w.-]{{1,128}}(?![\w.$-])))?"
        )
        own = _tag(name)
        return any(found[1] is None or own.fullmatch(found[1]) for text in self.texts for found in named.finditer(text))


def _tag(name: str) -> re.Pattern[str]:
    """The tags that an image may have by its name; what is computed of it may be anything."""
    written = name.rpartition("/")[2].partition(":")[2] if "@" not in name else "$"
    if "$" not in written and "{" not in written:
        return re.compile(re.escape(written or "latest"))
    known = _FILLED_IN.split(written) if len(written) <= _LONGEST_NAME else ["", ""]
    # Of many computed parts only the ends are looked at: a long search for nothing.
    kept = known if len(known) <= _MOST_PARTS else [known[0], known[-1]]
    return re.compile(".*".join(re.escape(one) for one in kept))


def image_mentions(steps: Iterable[PipelineStep], repository: Repository) -> ImageMentions:
    """What the steps of all pipelines and the scripts of a repository may run."""
    deploying: set[str] = set()
    computed = False
    texts: dict[str, None] = {}
    jobs: set[tuple[str, str]] = set()
    for step in steps:
        told = tuple(_told(step))
        texts.update(dict.fromkeys(told))
        if step.kind in _DEPLOYING:
            deploying.add(step.pipeline.path)
            computed = computed or any("$" in one for one in told)
        # What no kind of step is known for.
        job = (step.pipeline.path, step.job.name)
        for declared in step.job.steps if job not in jobs else ():
            if declared.script is not None:
                texts[declared.script.text.value if declared.script.text else declared.script.written] = None
            if declared.action is not None and not _ACTION_RUNS_NOTHING.match(declared.action.name):
                texts.update(dict.fromkeys(value for _, value in declared.action.inputs))
        jobs.add(job)
    texts.update(dict.fromkeys(_scripts(repository)))
    kept = (part for text in texts for part in _PARTS.split(_CONTINUED.sub(" ", text)))
    kept = (one for one in kept if not (_RUNS_NOTHING.match(one) or _SPEAKS.match(one)))
    return ImageMentions(frozenset(deploying), computed, tuple(kept))


def _told(step: PipelineStep) -> Iterator[str]:
    if step.step is not None:
        yield step.written
    if step.action is not None and not _ACTION_RUNS_NOTHING.match(step.action.name):
        yield from (value for _, value in step.action.inputs)


def _scripts(repository: Repository) -> Iterator[str]:
    paths = [*repository.ending(".sh", ".bash"), *repository.named("Makefile", "justfile", "Justfile", "post-receive")]
    ours = (one for one in paths if environment_of(one) not in (Environment.DEVELOPMENT, Environment.TEST))
    for path in islice(ours, _MOST_SCRIPTS):
        source = repository.source(path)
        if source is not None:
            yield source.text
