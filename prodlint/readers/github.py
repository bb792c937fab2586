"""GitHub Actions: the workflows of `.github/workflows`, their jobs and steps.

Keys and defaults: the catalogue's delivery page, 2.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodlint.deployment.command import Link, shell_form
from prodlint.deployment.pipeline import Action, Job, JobStep, Occasion, Pipeline
from prodlint.deployment.process import EnvDefinition
from prodlint.deployment.releases.pipeline_variables import expression_word
from prodlint.deployment.repository import Repository, normal_path
from prodlint.readers.github_commands import commands_of
from prodlint.readers.github_matrix import in_each_combination, in_each_part, matrix_of
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.syntax.yaml import Mapping, Node, Scalar, Sequence


def read(path: str, repository: Repository) -> Iterator[Pipeline]:
    """The workflow of a file directly in the folder of workflows at the root."""
    if path.count("/") != 2:
        return
    source = repository.source(path)
    documents = repository.yaml(path)
    root = documents[0].root if documents else None
    if source is None or not isinstance(root, Mapping):
        return
    jobs = root.get("jobs")
    default = _directory(root, "")
    open_parts: list[Link] = []
    found = []
    for key, body in jobs.items() if isinstance(jobs, Mapping) else ():
        if isinstance(key, Scalar) and isinstance(body, Mapping):
            found.append(_job(key, body, default, _variables(root), repository, open_parts))
    name = root.get("name")
    yield Pipeline(
        path,
        name.value if isinstance(name, Scalar) else path,
        source.span,
        tuple(found),
        tuple(_names(root.get("on"))),
        tuple(open_parts),
        tuple(_events(root.get("on"))),
        tuple(_occasions(root.get("on")))[:_MOST_OCCASIONS] or (Occasion(),),
    )


# How a reader of the workflow calls them; other events keep their names.
_TO = ("push", "pull_request", "pull_request_target")
_CALLED = {"workflow_dispatch": "by hand", "workflow_call": "called by another workflow"}


def _events(node: Node | None) -> Iterator[str]:
    """`push to main`, `schedule 0 3 * * *`, `by hand`: what starts a workflow, with branches and tags that it names."""
    for event in _names(node):
        told = _CALLED.get(event, event)
        body = node.get(event) if isinstance(node, Mapping) else None
        if isinstance(body, Sequence):
            times = [_text(item.get("cron")) for item in body.items if isinstance(item, Mapping)]
            told = " ".join([told, ", ".join(one for one in times if one)]).strip()
        elif isinstance(body, Mapping):
            branches, tags = ", ".join(_names(body.get("branches"))), ", ".join(_names(body.get("tags")))
            types = ", ".join(_names(body.get("types")))
            asked = [f"{told} {'to' if event in _TO else 'on'} {branches}"] if branches else []
            others = ", ".join(_names(body.get("branches-ignore")))
            asked = asked or ([f"{told} to all branches but {others}"] if others and event in _TO else [])
            changes = _changes(body)
            asked = [f"{one}{changes}" for one in asked]
            # Either one is enough.
            asked += [f"{told} of tag {tags}"] if tags else []
            told = ", ".join(asked) or f"{told}{changes}"
            told += f" {types}" if types and not branches and not tags else ""
        yield told


_PATHS = 2


def _changes(body: Mapping) -> str:
    """` that changes api/** and 3 more`: the files of which a commit has to touch one; tags do not ask for them.

    ` that changes more than docs/**`: those that are not enough.
    """
    asked = list(_names(body.get("paths")))
    named = [one for one in asked if not one.startswith("!")]
    left_out = list(_names(body.get("paths-ignore")))
    if "**" in named:
        # Every file is among them.
        left_out, named = [one[1:] for one in asked if one.startswith("!")], []
    # The workflow itself is nearly always among them.
    paths = [one for one in named if not one.startswith(".github/workflows/")] or named
    if paths:
        return f" that changes {_shortened(paths)}"
    return f" that changes more than {_shortened(left_out)}" if left_out else ""


def _shortened(paths: list[str]) -> str:
    more = f" and {len(paths) - _PATHS} more" if len(paths) > _PATHS else ""
    return f"{', '.join(paths[:_PATHS])}{more}"


_MOST_OCCASIONS = 100
_PLAIN = regex(r"[\w./-]*")


def _occasions(node: Node | None) -> Iterator[Occasion]:
    """Each event, that of a push once for every branch and tag that it names (GitHub, "Events that trigger")."""
    for event in _names(node):
        body = node.get(event) if isinstance(node, Mapping) else None
        body = body if isinstance(body, Mapping) else None
        if event == "push":
            yield from _pushes(body)
        elif event == "workflow_call":
            yield Occasion()
        else:
            yield Occasion(event, _REFS.get(event, ""))


_REFS = {"pull_request": "refs/pull/", "release": "refs/tags/", "schedule": "refs/heads/", "merge_group": "refs/heads/"}


def _pushes(body: Mapping | None) -> Iterator[Occasion]:
    asked = {key: tuple(_names(body.get(key))) if body is not None else () for key in ("branches", "tags")}
    left_out = {key: body is not None and body.get(f"{key}-ignore") is not None for key in ("branches", "tags")}
    for key, folder in (("branches", "refs/heads/"), ("tags", "refs/tags/")):
        for name in asked[key]:
            begun = _PLAIN.match(name)
            start = begun[0] if begun is not None else ""
            # `!name` takes away from what stands before it.
            if not name.startswith("!"):
                yield Occasion("push", folder + start, start == name)
        # What names branches alone is not for tags.
        if left_out[key] or not (any(asked.values()) or any(left_out.values())):
            yield Occasion("push", folder)


def _names(node: Node | None) -> Iterator[str]:
    if isinstance(node, Scalar):
        yield node.value
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _names(item)
    elif isinstance(node, Mapping):
        yield from node.keys()


def _text(node: Node | None) -> str | None:
    return node.value if isinstance(node, Scalar) and not node.is_null else None


def _directory(node: Mapping, above: str | None) -> str | None:
    """The working directory of `defaults.run`, as a path from the root; None for a computed one."""
    written = _text(node.path("defaults", "run", "working-directory"))
    if written is None:
        return above
    return None if "${{" in written else normal_path(written)


def _variables(node: Mapping) -> tuple[EnvDefinition, ...]:
    """What `env:` of a workflow, a job or a step sets."""
    declared = node.get("env")
    return tuple(
        EnvDefinition(key.value, expression_word(value.text, value.span), key.span)
        for key, value in (declared.items() if isinstance(declared, Mapping) else ())
        if isinstance(key, Scalar) and isinstance(value, Scalar)
    )


def _job(
    key: Scalar,
    body: Mapping,
    default: str | None,
    variables: tuple[EnvDefinition, ...],
    repository: Repository,
    open_parts: list[Link],
) -> Job:
    environment = body.get("environment")
    named = _text(environment.get("name")) if isinstance(environment, Mapping) else _text(environment)
    calls = _text(body.get("uses"))
    if calls is not None and not calls.startswith("./"):
        open_parts.append(Link(key.span, f"calls the workflow {calls} of another repository"))
    directory = _directory(body, default)
    variables = (*variables, *_variables(body))
    steps = body.get("steps")
    found: list[JobStep] = []
    matrix = matrix_of(body)
    for item in steps.items if isinstance(steps, Sequence) else ():
        if isinstance(item, Mapping):
            own = (*variables, *_variables(item))
            for one in _steps(item, directory, repository, open_parts, 0):
                told = in_each_part(one, _text(item.get("working-directory")) or "", matrix, repository)
                found.extend(replace(part, variables=own) for part in told)
    return Job(
        name=key.value,
        span=key.span,
        steps=tuple(part for one in found for part in in_each_combination(one, found, matrix)),
        needs=tuple(_names(body.get("needs"))),
        environment=named,
        calls=calls[2:] if calls is not None and calls.startswith("./") else None,
        condition=_text(body.get("if")) or "",
        on_host="self-hosted" in tuple(_names(body.get("runs-on"))),
    )


def _steps(
    item: Mapping, default: str | None, repository: Repository, open_parts: list[Link], depth: int
) -> Iterator[JobStep]:
    written = _text(item.get("working-directory"))
    directory = default if written is None else (None if "${{" in written else normal_path(written))
    name = _text(item.get("name")) or ""
    asked = _text(item.get("if")) or ""
    run = item.get("run")
    if isinstance(run, Scalar):
        yield JobStep(run.span, name, shell_form(run.text, run.span), directory=directory, condition=asked)
        return
    uses = item.get("uses")
    if not isinstance(uses, Scalar):
        return
    if uses.value.startswith("./"):
        for one in _composite(uses, directory, repository, open_parts, depth):
            yield replace(one, condition=_both(asked, one.condition))
        return
    inputs = item.get("with")
    given = inputs.items() if isinstance(inputs, Mapping) else ()
    values = tuple(
        (key.value, value.value) for key, value in given if isinstance(key, Scalar) and isinstance(value, Scalar)
    )
    action = Action(uses.value, values, uses.span)
    told = _text(item.get("id")) or ""
    yield JobStep(uses.span, name, action=action, directory=directory, condition=asked, id=told)
    for command, remote in commands_of(action, inputs if isinstance(inputs, Mapping) else None):
        # An action knows nothing of the folder that its workflow chose for commands.
        folder = None if remote else ""
        yield JobStep(command.span, name, command, directory=folder, remote=remote, condition=asked)


def _both(outer: str, inner: str) -> str:
    """The condition of a step inside of an action that is called under a condition."""
    if not outer or not inner:
        return outer or inner
    from prodlint.deployment.releases.pipeline_condition import joined

    return joined((outer, inner))


def _composite(
    uses: Scalar, directory: str | None, repository: Repository, open_parts: list[Link], depth: int
) -> Iterator[JobStep]:
    """The steps of a composite action of this repository."""
    folder = normal_path(uses.value)
    names = (f"{folder}/action.yml", f"{folder}/action.yaml")
    path = next((name for name in names if name in repository.paths), None)
    documents = repository.yaml(path) if path and depth < 5 else ()
    root = documents[0].root if documents else None
    steps = root.path("runs", "steps") if isinstance(root, Mapping) else None
    if not isinstance(steps, Sequence):
        open_parts.append(Link(uses.span, f"calls {uses.value}, which cannot be read"))
        return
    for item in steps.items:
        if isinstance(item, Mapping):
            yield from _steps(item, directory, repository, open_parts, depth + 1)
