"""The routes of a Django service: those of the URL configuration that its settings name.

Django, "How Django processes a request": ROOT_URLCONF is looked up after the middleware, which may answer itself.
"""

from __future__ import annotations

from dataclasses import replace

from prodlint.deployment.evaluation import has_item
from prodlint.deployment.repository import Repository
from prodlint.deployment.route import Routes
from prodlint.deployment.route_django import routes_of_urlconf
from prodlint.deployment.service import Service
from prodlint.deployment.settings_found import AppSettings
from prodlint.deployment.settings_module import settings_of
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, Known, answer

__all__ = ["routes_of_django"]

_NOTHING = Routes((), NO)
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
        return _NOTHING
    routes = routes_of_urlconf(urlconf.value, repository, settings.roots)
    is_complete = routes.complete & settings.is_certain & _lets_pass(settings)
    return replace(routes, complete=YES if is_complete is YES else NO, appends_slash=_appends_slash(settings))


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
