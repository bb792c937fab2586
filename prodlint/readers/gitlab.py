"""GitLab CI: the jobs of `.gitlab-ci.yml` with what they extend and include.

Keys and merging: the catalogue's delivery page, 2.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.command import Link, shell_form
from prodlint.deployment.pipeline import Job, JobStep, Pipeline
from prodlint.deployment.process import EnvDefinition
from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers.gitlab_rules import Asked, condition_of, occasions_of, rules_of
from prodlint.record import replace
from prodlint.source import Span
from prodlint.syntax.interpolation import interpolated
from prodlint.syntax.word import Word
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence

_NOT_JOBS = frozenset(
    "default include stages variables workflow image services cache before_script after_script spec pages".split()
)
_HARMLESS_TEMPLATES = ("Security/", "Jobs/SAST", "Jobs/Secret-Detection", "Jobs/Dependency-Scanning", "Code-Quality")
_DEFAULT_STAGES = (".pre", "build", "test", "deploy", ".post")


def read(path: str, repository: Repository) -> Iterator[Pipeline]:
    """The pipeline of the repository, local includes merged in."""
    source = repository.source(path)
    if source is None:
        return
    open_parts: list[Link] = []
    keys: dict[str, Span] = {}
    entries = _entries(path, repository, open_parts, keys, 0)
    stages = _stages(entries.get("stages"))
    bodies = {name: node for name, node in entries.items() if _is_job(name, node) and isinstance(node, Mapping)}
    by_stage: dict[str, list[str]] = {}
    for name, node in bodies.items():
        by_stage.setdefault(_text(_field(node, "stage", entries)) or "test", []).append(name)
    asked = {name: _asked(node, entries, repository) for name, node in bodies.items()}
    workflow = entries.get("workflow")
    rules = workflow.get("rules") if isinstance(workflow, Mapping) else None
    occasions, names = occasions_of(rules_of(rules, None, None, None, entries, repository.paths), tuple(asked.values()))
    jobs = [
        replace(
            _job(name, node, entries, stages, by_stage, keys, open_parts),
            asked=condition_of(asked[name], occasions, names),
        )
        for name, node in bodies.items()
    ]
    events = tuple(dict.fromkeys(one.event for one in occasions))
    yield Pipeline(path, path, source.span, tuple(jobs), events, tuple(open_parts), (), occasions)


def _is_job(name: str, node: Node) -> bool:
    return name not in _NOT_JOBS and not name.startswith(".") and isinstance(node, Mapping)


def _asked(node: Mapping, entries: dict[str, Node], repository: Repository) -> Asked:
    rules, only, without, when = (_field(node, key, entries) for key in ("rules", "only", "except", "when"))
    return rules_of(rules, only, without, when, entries, repository.paths)


def _entries(
    path: str, repository: Repository, open_parts: list[Link], keys: dict[str, Span], depth: int
) -> dict[str, Node]:
    result: dict[str, Node] = {}
    documents = repository.yaml(path)
    # A component's file has its header in a first document of its own.
    root = documents[-1].root if documents else None
    if not isinstance(root, Mapping):
        return result
    include = root.get("include")
    for item in include.items if isinstance(include, Sequence) else [include] if include is not None else []:
        local = _text(item) or (_text(item.get("local")) if isinstance(item, Mapping) else None)
        template = _text(item.get("template")) if isinstance(item, Mapping) else None
        if template is not None and template.startswith(_HARMLESS_TEMPLATES):
            continue
        target = normal_path(local) if local else None
        if target in repository.paths and depth < 10 and target is not None:
            result.update(_entries(target, repository, open_parts, keys, depth + 1))
        else:
            open_parts.append(Link(item.span, "includes a file that is not in this repository"))
    for key, value in root.items():
        if isinstance(key, Scalar):
            result[key.value] = value
            keys[key.value] = key.span
    return result


def _stages(node: Node | None) -> tuple[str, ...]:
    if isinstance(node, Sequence):
        return (".pre", *(item.value for item in node.items if isinstance(item, Scalar)), ".post")
    return _DEFAULT_STAGES


def _text(node: Node | None) -> str | None:
    return node.value if isinstance(node, Scalar) and not node.is_null else None


def _field(node: Mapping, key: str, entries: dict[str, Node]) -> Node | None:
    """A key of a job, looked for in the job and then in what it extends (the last one first)."""
    return next((found for one in _with_extended(node, entries) if (found := one.get(key)) is not None), None)


def _with_extended(node: Mapping, entries: dict[str, Node]) -> Iterator[Mapping]:
    """A job and what it extends, each once, the strongest first."""
    waiting, seen = [node], set()
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        extends = current.get("extends")
        names = extends.items if isinstance(extends, Sequence) else [] if extends is None else [extends]
        parents = (entries.get(name.value) for name in names if isinstance(name, Scalar))
        waiting.extend(parent for parent in parents if isinstance(parent, Mapping))


def _variables(node: Node | None) -> Iterator[EnvDefinition]:
    """The entries of `variables`: a value, or a mapping with `value` and whether it is expanded."""
    for key, value in node.items() if isinstance(node, Mapping) else ():
        held = value.get("value") if isinstance(value, Mapping) else value
        if not isinstance(key, Scalar) or not isinstance(held, Scalar):
            continue
        is_raw = isinstance(value, Mapping) and _text(value.get("expand")) == "false"
        word = Word.of(held.text, held.span) if is_raw else interpolated(held.text, True)
        yield EnvDefinition(key.value, word, key.span)


def _variables_of(node: Mapping, entries: dict[str, Node]) -> dict[str, EnvDefinition]:
    """The variables of a job, over those of what it extends; those of `rules` are set in some pipelines alone."""
    found: dict[str, EnvDefinition] = {}
    for one in reversed(list(_with_extended(node, entries))):
        found.update({variable.name: variable for variable in _variables(one.get("variables"))})
    rules = _field(node, "rules", entries)
    for rule in rules.items if isinstance(rules, Sequence) else ():
        for variable in _variables(rule.get("variables")) if isinstance(rule, Mapping) else ():
            found[variable.name] = EnvDefinition(variable.name, None, variable.span)
    return found


def _job(
    name: str,
    node: Mapping,
    entries: dict[str, Node],
    stages: tuple[str, ...],
    by_stage: dict[str, list[str]],
    keys: dict[str, Span],
    open_parts: list[Link],
) -> Job:
    steps: list[JobStep] = []
    everywhere = {one.name: one for one in _variables(entries.get("variables"))}
    variables = tuple({**everywhere, **_variables_of(node, entries)}.values())
    default = entries.get("default")
    defaults = default if isinstance(default, Mapping) else None
    for key in ("before_script", "script", "after_script"):
        part = _field(node, key, entries)
        if part is None and key != "script":
            part = entries.get(key) or (defaults.get(key) if defaults else None)
        steps.extend(_lines(part, entries, open_parts, 0))
    steps = [replace(one, variables=variables) for one in steps]
    environment = _field(node, "environment", entries)
    named = _text(environment) or (_text(environment.get("name")) if isinstance(environment, Mapping) else None)
    needs = _field(node, "needs", entries)
    stage = _text(_field(node, "stage", entries)) or "test"
    if isinstance(needs, Sequence):
        waits = [_text(item) or (_text(item.get("job")) if isinstance(item, Mapping) else None) for item in needs.items]
    else:
        before = stages[: stages.index(stage)] if stage in stages else ()
        waits = [job for earlier in before for job in by_stage.get(earlier, ())]
    span = keys.get(name, node.span)
    if _field(node, "trigger", entries) is not None:
        open_parts.append(Link(span, "triggers a pipeline that is not read"))
    return Job(name, span, tuple(steps), tuple(one for one in waits if one), named, on_host=named is not None)


def _lines(node: Node | None, entries: dict[str, Node], open_parts: list[Link], depth: int) -> Iterator[JobStep]:
    """The lines of a script: nested lists and `!reference [job, script]` are spliced in."""
    if isinstance(node, Scalar) and not node.is_null:
        yield JobStep(node.span, script=shell_form(node.text, node.span))
    elif isinstance(node, Sequence) and node.tag.endswith("reference"):
        path = [item.value for item in node.items if isinstance(item, Scalar)]
        target = entries.get(path[0]) if path else None
        part = _field(target, path[1], entries) if isinstance(target, Mapping) and len(path) > 1 else None
        if part is None or depth > 10:
            open_parts.append(Link(node.span, "refers to a script that is not in this repository"))
            return
        yield from _lines(part, entries, open_parts, depth + 1)
    elif isinstance(node, Sequence) and depth < 10:
        for item in node.items:
            yield from _lines(item, entries, open_parts, depth + 1)
