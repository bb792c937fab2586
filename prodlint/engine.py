"""Runs the rules over the model: hands each what it asks for, and contains the one that fails."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from prodlint.deployment.model import Deployment
from prodlint.finding import Evidence, Finding
from prodlint.record import Record, replace
from prodlint.rule import Rule, RuleError
from prodlint.source import Span

__all__ = ["PluginError", "RuleCrashed", "built_in_rules", "check", "installed_plugins", "local_plugin", "options_for"]

GROUP = "prodlint.rules"


class PluginError(Exception):
    """A plugin cannot be loaded: which one, and why."""


class RuleCrashed(Record):
    """A rule raised: which rule, on what, and the error."""

    rule: str
    subject: str
    cause: BaseException

    def __str__(self) -> str:
        kind = type(self.cause).__name__
        return (
            f"prodlint: the rule {self.rule} failed on {self.subject} ({kind}: {self.cause}). "
            "The other rules went on. Please report this line."
        )


def built_in_rules() -> tuple[Rule, ...]:
    """The rules that come with prodlint, in the order of their names."""
    root = importlib.import_module("prodlint.rules")
    # Neither `pkgutil` nor `import` knows that ours are files of Python in folders: both ask for every kind of module.
    found: list[Rule] = []
    for folder in root.__path__:
        for family in os.listdir(folder):
            if family.startswith("_"):
                continue
            importlib.import_module(f"{root.__name__}.{family}")
            for file in os.listdir(os.path.join(folder, family)):
                name = file.removesuffix(".py")
                if name not in (file, "__init__"):
                    dotted = f"{root.__name__}.{family}.{name}"
                    module = sys.modules.get(dotted) or _loaded(dotted, os.path.join(folder, family, file))
                    # Each file is named after its rule.
                    found.append(getattr(module, name).__prodlint_rule__)
    return tuple(sorted(found, key=lambda rule: str(rule.name)))


def _loaded(name: str, path: str) -> ModuleType:
    """The module that a file makes, under a name. Raises PluginError for no file of Python, or what the file raises."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path}: is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _rules_in(package: ModuleType) -> tuple[Rule, ...]:
    import pkgutil

    found_modules = pkgutil.walk_packages(getattr(package, "__path__", ()), package.__name__ + ".")
    return _rules_of([package, *(importlib.import_module(info.name) for info in found_modules)])


def _rules_of(modules: Iterable[ModuleType]) -> tuple[Rule, ...]:
    found: dict[str, Rule] = {}
    for module in modules:
        for value in vars(module).values():
            described = getattr(value, "__prodlint_rule__", None) if isinstance(value, FunctionType) else None
            if isinstance(described, Rule) and described.function.__module__ == module.__name__:
                found[described.name] = described
    return tuple(found[name] for name in sorted(found))


def installed_plugins() -> tuple[Rule, ...]:
    """Rules of installed distributions that declare the entry-point group `prodlint.rules`.

    Reading every entry point costs 28 ms, so the distributions' files are first looked through for
    the group's name. Raises PluginError.
    """
    if not any(_declares_plugins(folder) for folder in sys.path):
        return ()
    from importlib.metadata import entry_points

    rules: list[Rule] = []
    for entry in entry_points(group=GROUP):
        try:
            loaded = entry.load()
        except Exception as error:
            raise PluginError(f"the plugin {entry.name} ({entry.value}) cannot be imported: {error}") from error
        rules.extend(_rules_in(loaded) if isinstance(loaded, ModuleType) else [_rule_of(loaded, entry.name)])
    return tuple(rules)


def _rule_of(loaded: object, name: str) -> Rule:
    described = getattr(loaded, "__prodlint_rule__", None)
    if not isinstance(described, Rule):
        raise PluginError(f"the plugin {name} names {loaded!r}, which is neither a module nor a rule")
    return described


def _declares_plugins(folder: str) -> bool:
    try:
        with os.scandir(folder or ".") as entries:
            names = [entry.path for entry in entries if entry.name.endswith((".dist-info", ".egg-info"))]
    except OSError:
        return False
    for path in names:
        try:
            with open(os.path.join(path, "entry_points.txt"), "rb") as file:
                if b"[" + GROUP.encode() + b"]" in file.read():
                    return True
        except OSError:
            continue
    return False


def local_plugin(path: Path) -> tuple[Rule, ...]:
    """The rules of a Python file or of a folder of them. Raises PluginError."""
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    if not path.exists():
        raise PluginError(f"{path}: there is no such plugin")
    rules: list[Rule] = []
    for file in files:
        if file.name == "__init__.py":
            continue
        # The folder that holds the file is the family, as it is for the built-in rules.
        family = file.parent.name.replace("-", "_") or "local"
        name = f"prodlint_local.{family}.{file.stem}"
        try:
            module = _loaded(name, str(file))
        except PluginError:
            raise
        except RuleError as error:
            raise PluginError(f"{file}: {error}") from error
        except Exception as error:
            raise PluginError(f"{file}: cannot be imported: {type(error).__name__}: {error}") from error
        rules.extend(_rules_in(module))
    if not rules:
        raise PluginError(f"{path}: holds no rule")
    return tuple(rules)


def options_for(rule: Rule, given: Mapping[str, object]) -> object | None:
    """The rule's options with what the settings give (kebab-case keys). Raises ValueError for a wrong one."""
    if rule.options is None:
        if given:
            raise ValueError(f"{rule.name} has no options")
        return None
    if not given:
        with suppress(TypeError):  # One that has to be given is told below.
            return rule.options()  # type: ignore[no-any-return]
    import inspect
    import typing

    hints = typing.get_type_hints(rule.options)
    known = {name.replace("_", "-"): one for name, one in inspect.signature(rule.options).parameters.items()}
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key not in known:
            raise ValueError(f'{rule.name} has no option "{key}"; it has {", ".join(sorted(known))}')
        expected = hints[known[key].name]
        if expected is tuple or typing.get_origin(expected) is tuple:
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise ValueError(f'the option "{key}" of {rule.name} must be a list of strings')
            value = tuple(value)
        elif type(value) is not expected:
            raise ValueError(f'the option "{key}" of {rule.name} must be of type {expected.__name__}')
        values[known[key].name] = value
    missing = [name for name, one in known.items() if one.name not in values and one.default is one.empty]
    if missing:
        raise ValueError(f'{rule.name} needs the option "{missing[0]}"')
    return rule.options(**values)  # type: ignore[no-any-return]


def check(
    deployment: Deployment, rules: Iterable[Rule], options: Mapping[str, object] | None = None
) -> Iterator[Finding | RuleCrashed]:
    """Every finding of every rule; a RuleCrashed stands where a rule raised."""
    for rule in rules:
        arguments: dict[str, object] = {}
        for name, kind in rule.parameters:
            if kind is Deployment:
                arguments[name] = deployment
            else:
                arguments[name] = (options or {}).get(rule.name) or kind()
        subjects: tuple[object, ...] = deployment.instances_of(rule.subject)
        # Two overlays of one base, or two processes of one line, have the same fault once.
        found: list[tuple[Finding, object]] = []
        crashed: list[RuleCrashed] = []
        for subject in subjects:
            try:
                found.extend((finding, subject) for finding in rule.function(subject, **arguments))
            except Exception as error:
                crashed.append(RuleCrashed(rule.name, _describe(subject), error))
        yield from (_told_once(alike, rule) for alike in _alike(found))
        yield from crashed


_MOST_OTHERS = 3


def _alike(found: list[tuple[Finding, object]]) -> Iterable[list[tuple[Finding, object]]]:
    """The findings of one rule, those together that say the same of one place, whatever the names of their services."""
    at = Counter(finding.span for finding, _ in found)
    told: dict[tuple[Span, str], list[tuple[Finding, object]]] = {}
    for finding, subject in found:
        said = _unnamed(finding.message, subject) if at[finding.span] > 1 else ""
        told.setdefault((finding.span, said), []).append((finding, subject))
    return told.values()


def _unnamed(message: str, subject: object) -> str:
    """A message without the names of the service that it is about."""
    names = {str(getattr(subject, name, "")) for name in ("label", "name")} - {""}
    for name in sorted((one for one in names if one in message), key=len, reverse=True):
        message = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "\0", message)
    return message


def _told_once(alike: list[tuple[Finding, object]], rule: Rule) -> Finding:
    """The fault that some subjects have at one place: as it is for whom it is worst, with a fix that holds for all."""
    worst = max((finding for finding, _ in alike), key=lambda finding: finding.severity or rule.severity)
    others = [subject for finding, subject in alike if finding.message != worst.message]
    fix = worst.fix if all(finding.fix == worst.fix for finding, _ in alike) else None
    evidence = (*worst.evidence, *_others(others))
    return replace(worst, rule=rule.name, severity=worst.severity or rule.severity, evidence=evidence, fix=fix)


def _others(subjects: list[object]) -> Iterator[Evidence]:
    """Where the other services are declared that have the fault of a finding, too."""
    named = {str(getattr(one, "name", "")): getattr(one, "declared_at", None) for one in subjects}
    for index, (name, span) in enumerate(named.items()):
        if isinstance(span, Span) and index < _MOST_OTHERS:
            rest = len(named) - _MOST_OTHERS if index == _MOST_OTHERS - 1 else 0
            more = f" and {rest} more, which have" if rest > 0 else ", which has"
            yield Evidence(span, f"declares {name}{more} the same fault")


def _describe(subject: object) -> str:
    span = getattr(subject, "span", None)
    return f"{type(subject).__name__} at {span}" if span is not None else type(subject).__name__
