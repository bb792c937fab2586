"""One run from files to findings: discover, parse, declare, link, check, triage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.link import link
from prodlint.deployment.model import Deployment
from prodlint.deployment.process import Role
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.discovery import Survey, survey
from prodlint.engine import RuleCrashed, check
from prodlint.finding import Finding, Severity
from prodlint.readers import declare
from prodlint.record import Record, field
from prodlint.rule import Rule
from prodlint.source import Source, Span
from prodlint.suppression import INVALID, UNUSED
from prodlint.tree import Tree
from prodlint.triage import Triaged, triage

__all__ = ["ENGINE_RULES", "UNREADABLE", "Inspection", "Policy", "inspect", "load", "understood"]

UNREADABLE = "unreadable-file"

ENGINE_RULES = {
    UNREADABLE: "A deployment file cannot be read or does not follow its grammar, so nothing in it was checked.",
    INVALID: "A suppression comment is malformed or names a rule that does not exist.",
    UNUSED: "A suppression comment hides nothing.",
}
"""What the engine itself may report, besides the rules."""


class Policy(Record):
    """What the settings say of one run; the defaults report everything.

    Globs of `exclude` are relative to a folder from which `base` leads to the root.
    """

    exclude: tuple[str, ...] = ()
    base: str = ""
    environment_of: Callable[[str], Environment | None] = lambda path: None
    options: Mapping[str, object] = field(default_factory=dict)
    severities: Mapping[str, Severity] = field(default_factory=dict)
    is_ignored: Callable[[str, str], bool] = lambda rule, path: False
    is_reported: Callable[[str], bool] = lambda path: True
    engine_rules: frozenset[str] = frozenset(ENGINE_RULES)
    known_rules: frozenset[str] = frozenset()
    require_reason: bool = False


class Inspection(Record):
    """What one run found out."""

    deployment: Deployment
    survey: Survey
    read_as: Mapping[str, str]
    triaged: Triaged
    crashes: tuple[RuleCrashed, ...]


def load(tree: Tree, policy: Policy) -> tuple[Deployment, Survey, Mapping[str, str]]:
    """The model of a tree, its files, and what each of them was read as."""
    found = survey(tree, policy.exclude, policy.base)
    repository = Repository((file.path for file in found.files), tree.read, tree.is_link)
    facts, read_as = declare(repository)
    return link(facts, repository, policy.environment_of), found, read_as


def inspect(tree: Tree, rules: Iterable[Rule], policy: Policy | None = None) -> Inspection:
    """Check a tree with the given rules."""
    policy = policy or Policy()
    rules = tuple(rules)
    deployment, found, read_as = load(tree, policy)
    findings: list[Finding] = []
    crashes: list[RuleCrashed] = []
    for result in check(deployment, rules, policy.options):
        if isinstance(result, RuleCrashed):
            crashes.append(result)
        else:
            findings.append(result)
    repository = deployment.repository
    if UNREADABLE in policy.engine_rules:
        findings.extend(_unreadable(repository, read_as))
    names = frozenset(rule.name for rule in rules)
    triaged = triage(
        findings,
        [source for path in repository.read_paths if (source := repository.source(path)) is not None],
        known_rules=policy.known_rules | names | frozenset(ENGINE_RULES),
        ran=names | policy.engine_rules,
        is_reported=policy.is_reported,
        is_ignored=policy.is_ignored,
        severities=policy.severities,
        require_reason=policy.require_reason,
    )
    return Inspection(deployment, found, read_as, triaged, tuple(crashes))


def _unreadable(repository: Repository, read_as: Mapping[str, str]) -> Iterable[Finding]:
    """One finding for each file that could not be read, except for samples that are broken on purpose."""
    for path, problem in sorted(repository.problems.items()):
        if environment_of(path) in (Environment.DEVELOPMENT, Environment.TEST):
            continue
        source = repository.source(path)
        if source is not None and _is_template(source, problem.span, path in read_as):
            continue
        yield Finding(
            problem.span,
            f"{path.rpartition('/')[2]} was not checked: {problem.message}",
            help="correct it, or exclude it in the settings when it is not part of the deployment",
            severity=Severity.WARNING,
            rule=UNREADABLE,
        )


_PLACEHOLDERS = ("{{", "{%", "<%", "${{ cookiecutter")


def _is_template(source: Source, problem: Span, known: bool) -> bool:
    """Whether another program fills a file in first: one of unknown kind, or one whose problem is a placeholder."""
    text = source.line(problem.line) if known else source.text
    return any(sign in text for sign in _PLACEHOLDERS)


def understood(deployment: Deployment) -> str:
    """What runs in production, or perhaps does where nothing certainly does, in one sentence without a full stop."""
    names = _names(deployment, Environment.PRODUCTION)
    perhaps = [] if names else _names(deployment, Environment.UNKNOWN)
    parts = [
        _listed("service", names, 4),
        f"perhaps in production, {_listed('service', perhaps, 4)}" if perhaps else "",
        _listed("release path", [release.name for release in deployment.roads], 3),
    ]
    told = [part for part in parts if part] or ["nothing here is deployed as far as the files tell"]
    unread = list(dict.fromkeys(f"{one.system} ({one.span.path})" for one in deployment.unread))
    if unread:
        more = f" and {len(unread) - 3} more" if len(unread) > 3 else ""
        told.append(f"not read: {', '.join(unread[:3])}{more}")
    return "; ".join(told)


def _names(deployment: Deployment, environment: Environment) -> list[str]:
    """The services of an environment with who starts each: what serves people is told first."""
    services = [one for one in deployment.services if one.environment is environment]
    services.sort(key=lambda one: (one.role is not Role.WEB, not one.written))
    return list(dict.fromkeys(f"{one.label} ({_starter(one)})" for one in services))


def _starter(service: Service) -> str:
    """Who starts a service, in a word: a Procfile serves more platforms than one."""
    is_procfile = service.process.path.rpartition("/")[2].startswith("Procfile")
    return "Procfile" if is_procfile else service.process.platform.value


def _listed(kind: str, names: list[str], most: int) -> str:
    """`2 services: one, two`; nothing for no names."""
    if not names:
        return ""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{len(names)} {kind}{'' if len(names) == 1 else 's'}: {', '.join(names[:most])}{more}"
