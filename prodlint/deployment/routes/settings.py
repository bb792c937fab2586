"""The routes of a Django service: those of the URL configuration that its settings name.

Django, "How Django processes a request": ROOT_URLCONF is looked up after the middleware, which may answer itself.
"""

from __future__ import annotations

import ast
import operator
from functools import reduce

from prodlint.deployment.command import Link
from prodlint.deployment.evaluation.interpreter import has_item, is_whole
from prodlint.deployment.repository import Repository
from prodlint.deployment.route import Routes
from prodlint.deployment.routes.django import Decide, routes_of_urlconf
from prodlint.deployment.service import Service
from prodlint.deployment.settings.found import AppSettings
from prodlint.deployment.settings_module import settings_of
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Known, Unknown, Value, answer
from prodlint.record import replace
from prodlint.syntax.python import NOT_LITERAL, PythonModule, literal

__all__ = ["routes_of_django"]

_COMMON = "django.middleware.common.CommonMiddleware"
# Packages whose middleware lets every request pass to its view, files and preflights aside.
_PASSING = (
    "allauth.",
    "axes.",
    "corsheaders.",
    "csp.",
    "debug_toolbar.",
    "django.",
    "django_htmx.",
    "simple_history.",
    "waffle.",
    "whitenoise.",
)


def routes_of_django(service: Service, repository: Repository) -> Routes:
    """The routes of a service's URL configuration; none, and not complete, where the settings do not tell it.

    They are not complete either where other settings may be used, or a middleware may answer by itself.
    """
    settings = settings_of(service, repository)
    urlconf = settings.get("ROOT_URLCONF") if settings is not None else None
    if settings is None or not isinstance(urlconf, Known) or not isinstance(urlconf.value, str):
        assert service.app is not None
        unread = (Link(service.app.span, "ROOT_URLCONF, which the settings do not tell"),)
        return Routes((), NO, unread=unread)
    moved: dict[str, None] = {}
    decide: Decide = lambda test, module: _holds(test, module, settings, moved)  # noqa: E731
    routes = routes_of_urlconf(urlconf.value, repository, settings.roots, decide)
    stays = YES if not moved else NO
    is_complete = routes.complete & settings.is_certain & _lets_pass(settings) & stays
    return replace(
        routes,
        complete=YES if is_complete is YES else NO,
        appends_slash=_appends_slash(settings),
        moved_by=tuple(moved),
    )


def _holds(test: ast.expr, module: PythonModule, settings: AppSettings, moved: dict[str, None]) -> Answer:
    """Whether a test about `django.conf.settings` holds with these settings.

    Of a setting that a variable decides it is what holds while that is not set; its name is added to `moved`.
    """
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return ~_holds(test.operand, module, settings, moved)
    if isinstance(test, ast.BoolOp):
        answers = [_holds(one, module, settings, moved) for one in test.values]
        return reduce(operator.and_ if isinstance(test.op, ast.And) else operator.or_, answers)
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.In):
        item = literal(test.left)
        value = _setting(test.comparators[0], module, settings)
        return UNKNOWN if item is NOT_LITERAL else has_item(value, item)
    value = _setting(test, module, settings)
    if isinstance(value, EnvDriven) and not value.is_required:
        moved[value.name] = None
        return answer(bool(value.default))
    return answer(bool(value.value)) if isinstance(value, Known) and is_whole(value) else UNKNOWN


def _setting(node: ast.expr, module: PythonModule, settings: AppSettings) -> Value[object] | None:
    """What a setting holds that an expression reads: Unknown where other settings may be chosen.

    Of those only a DEBUG that is off counts: production has it off whichever it chooses.
    """
    owner, _, name = (module.qualified_name(node) or "").rpartition(".")
    if owner != "django.conf.settings" and not _is_of(owner, settings):
        return None
    value = settings.get(name)
    if settings.is_certain is YES or (name == "DEBUG" and isinstance(value, Known) and value.value is False):
        return value
    return Unknown("other settings may be chosen", module.span(node))


def _is_of(owner: str, settings: AppSettings) -> bool:
    """Whether a dotted name is that of the settings module itself: `from shop.settings import DEBUG`."""
    chosen = settings.module
    return bool(owner) and owner == (chosen.value if isinstance(chosen, Known) else getattr(chosen, "default", None))


def _lets_pass(settings: AppSettings) -> Answer:
    """Whether every middleware is known to leave the answer to the views, below the paths as they are."""
    middleware = settings.get("MIDDLEWARE")
    if middleware is None:
        return YES
    if not isinstance(middleware, Known) or not isinstance(middleware.value, list | tuple):
        return UNKNOWN
    known = all(isinstance(one, str) and one.startswith(_PASSING) for one in middleware.value)
    return answer(known and settings.get("FORCE_SCRIPT_NAME") is None)


def _appends_slash(settings: AppSettings) -> Answer:
    """APPEND_SLASH, which is on by default, works through CommonMiddleware."""
    held = settings.get("APPEND_SLASH")
    chosen = YES if held is None else answer(bool(held.value)) if isinstance(held, Known) else UNKNOWN
    middleware = settings.get("MIDDLEWARE")
    return NO if middleware is None else chosen & has_item(middleware, _COMMON)
