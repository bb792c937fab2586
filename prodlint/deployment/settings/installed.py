"""What evaluates the settings of a service, and which modules of others that finds there: those that it installs."""

from __future__ import annotations

from collections.abc import Callable

from prodlint.deployment.evaluation.interpreter import Interpreter
from prodlint.deployment.repository import Repository
from prodlint.deployment.service import Service
from prodlint.deployment.settings.start import Start
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer

__all__ = ["interpreter_of"]

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


def _installed_in(service: Service) -> Callable[[str], Answer]:
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


def interpreter_of(start: Start, service: Service, repository: Repository) -> Interpreter:
    """What evaluates the settings of a service: with its files, variables and arguments, and what it installs."""
    return Interpreter(
        repository,
        start.roots,
        start.lookup,
        start.argv,
        _installed_in(service),
        start.place.files,
        tuple(start.variables.names),
    )
