"""Which modules a service can import: told by the distributions that it installs."""

from __future__ import annotations

from collections.abc import Callable

from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer

__all__ = ["installed_in"]

# Modules that settings import, whose distribution has another name.
_DISTRIBUTIONS = {
    "allauth": "django-allauth",
    "configurations": "django-configurations",
    "corsheaders": "django-cors-headers",
    "debug_toolbar": "django-debug-toolbar",
    "decouple": "python-decouple",
    "django_extensions": "django-extensions",
    "django_heroku": "django-heroku",
    "dj_database_url": "dj-database-url",
    "dotenv": "python-dotenv",
    "environ": "django-environ",
    "ldap": "python-ldap",
    "psycopg2": "psycopg2",
    "rest_framework": "djangorestframework",
    "sentry_sdk": "sentry-sdk",
    "split_settings": "django-split-settings",
    "storages": "django-storages",
    "yaml": "pyyaml",
}
# Distributions that bring the modules of another one.
_TWINS = {"psycopg2": ("psycopg2-binary",), "ldap": ("django-auth-ldap",), "environ": ("environ",)}


def installed_in(service: Service) -> Callable[[str], Answer]:
    """Answers whether a module of a distribution can be imported by a service."""
    known: dict[str, Answer] = {}

    def is_installed(module: str) -> Answer:
        # The files of an app ask for the same few modules again and again.
        if module not in known:
            known[module] = of_distributions(module)
        return known[module]

    def of_distributions(module: str) -> Answer:
        distribution = _DISTRIBUTIONS.get(module, module.replace("_", "-").lower())
        answers = [service.installs_distribution(name) for name in (distribution, *_TWINS.get(module, ()))]
        if YES in answers:
            return YES
        # A distribution of another name may bring it.
        return NO if module in _DISTRIBUTIONS and all(one is NO for one in answers) else UNKNOWN

    return is_installed
