"""From settings to one run: which rules are chosen, and the policy that the settings ask for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from prodlint.deployment.environment import Environment
from prodlint.engine import options_for
from prodlint.inspection import ENGINE_RULES, Policy
from prodlint.path_pattern import PathMatcher
from prodlint.report import FORMATS
from prodlint.rule import Rule
from prodlint.setting_types import KnownNames
from prodlint.settings import Settings

__all__ = ["ENGINE_FAMILY", "chosen_rules", "known_names", "policy_for"]

ENGINE_FAMILY = "engine"
"""The family of what the engine itself reports."""


def known_names(rules: Collection[Rule]) -> KnownNames:
    """The names that settings may use when these rules are there."""
    by_name = {rule.name: rule for rule in rules}

    def check_options(name: str, given: Mapping[str, object]) -> object:
        if name not in by_name:
            raise ValueError(f"{name} has no options")
        return options_for(by_name[name], given)

    return KnownNames(
        rules={**{rule.name: rule.family for rule in rules}, **dict.fromkeys(ENGINE_RULES, ENGINE_FAMILY)},
        formerly={old: rule.name for rule in rules for old in rule.formerly},
        formats=tuple(FORMATS),
        check_options=check_options,
    )


def chosen_rules(settings: Settings, rules: Collection[Rule]) -> tuple[tuple[Rule, ...], frozenset[str]]:
    """The rules to run, and which of the engine's own. A preview rule runs only where its name is selected."""

    def is_chosen(name: str, family: str, preview: bool) -> bool:
        named = name in settings.select
        by_group = not preview and ("all" in settings.select or family in settings.select)
        return (named or by_group) and not {name, family, "all"} & set(settings.ignore)

    chosen = tuple(rule for rule in rules if is_chosen(rule.name, rule.family, rule.preview))
    engine = frozenset(name for name in ENGINE_RULES if is_chosen(name, ENGINE_FAMILY, False))
    return chosen, engine


def policy_for(
    settings: Settings, rules: Collection[Rule], root: Path, is_reported: Callable[[str], bool]
) -> tuple[tuple[Rule, ...], Policy]:
    """The rules to run on a root, and how."""
    chosen, engine = chosen_rules(settings, rules)
    base = settings.base(root)
    production = PathMatcher(settings.production, base)
    development = PathMatcher(settings.development, base)
    ignores = [(PathMatcher((glob,), base), frozenset(names)) for glob, names in settings.per_file_ignores]
    families = {rule.name: rule.family for rule in rules}

    def environment_of(path: str) -> Environment | None:
        if production.matches(path):
            return Environment.PRODUCTION
        return Environment.DEVELOPMENT if development.matches(path) else None

    def is_ignored(rule: str, path: str) -> bool:
        names = {rule, families.get(rule, ENGINE_FAMILY), "all"}
        return any(names & ignored and matcher.matches(path) for matcher, ignored in ignores)

    options = {
        rule.name: options_for(rule, settings.options[rule.name]) for rule in rules if rule.name in settings.options
    }
    return chosen, Policy(
        exclude=settings.exclude,
        base=base,
        environment_of=environment_of,
        options=options,
        severities=settings.severity,
        is_ignored=is_ignored,
        is_reported=is_reported,
        engine_rules=engine,
        known_rules=frozenset(families),
        require_reason=settings.require_reason,
    )
