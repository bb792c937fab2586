"""Which variables hold secrets, and how their values are shown: nothing that prodlint prints may give one away.

Names and patterns: the catalogue's configuration page, 2.7.
"""

from __future__ import annotations

import re

from prodlint.regex import regex

__all__ = ["MASK", "is_secret_name", "masked", "masked_command", "masked_form", "names_a_place"]

MASK = "***"

_SECRET_WORDS = frozenset(
    "secret secrets token tokens password passwords passwd passphrase pwd pass passcode key keys apikey dsn "
    "credential credentials creds pat privatekey secretkey authtoken accesstoken pgpassword".split()
)
# The last word of a name that speaks of a secret without holding one: `SECRET_KEY_FILE`, `KEY_FINGERPRINT`.
_NOT_HELD = frozenset(
    "name names id ids header headers url uri path file files dir directory folder "
    "fingerprint thumbprint field prefix suffix algorithm algo ttl expiry "
    "expires expiration timeout hashers validators class backend required length size max min minutes seconds hours "
    "days age lifetime enabled count limit type format version policy rotation".split()
)
_NOT_SECRET = regex(r"(?i)(?:^|[_.-])(?:(?:public|publishable|primary|cache)[_-]?key|reset[_-]token)$")
# `PWD` and `OLDPWD` are folders of the shell.
_FOLDERS = frozenset({"PWD", "OLDPWD"})
# The path of a file, whatever its name speaks of.
_PATHS = frozenset({"GOOGLE_APPLICATION_CREDENTIALS"})
_PLACE = regex(r"(?:^|_)(?:DB|DATABASE|DB_?NAME|DATABASE_NAME|HOST|HOSTNAME|PORT)$")
_WORD = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_CREDENTIALS = regex(r"(?P<before>[A-Za-z][A-Za-z0-9+.-]*://)(?P<user>[^\s/?#@:]*)(?::(?P<password>[^\s/?#]*))?@")
_PARAMETER = regex(
    r"(?i)(?P<before>[?&;\s](?:password|passwd|pwd|secret|token|api_?key|access_?key|sig|accountkey|sharedaccesskey)=)"
    r"[^&;\s\"']+"
)
_PROVIDERS = regex(
    r"A(?:KIA|SIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,}|glpat-[\w-]{20,}|[sr]k_live_[0-9A-Za-z]{24,}"
    r"|xox[baprs]-[0-9A-Za-z-]{10,}|SG\.[\w-]{22}\.[\w-]{43}|sk-(?:ant-|proj-)?[\w-]{20,}|AIza[\w-]{35}|ya29\.[\w-]{20,}"
    r"|npm_[A-Za-z0-9]{36}|pypi-AgE[\w-]{20,}|dop_v1_[0-9a-f]{64}|hvs\.[\w-]{24,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*"
)


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret, by whole words: `DB_PASSWORD`, `stripeApiKey`, `SENTRY_DSN`.

    What only points at a secret is none: `SECRET_KEY_FILE`, `TOKEN_URL`, `AWS_ACCESS_KEY_ID`.
    """
    if name in _FOLDERS or name in _PATHS or _NOT_SECRET.search(name):
        return False
    words = [word.lower() for word in _WORD.findall(name[:200])]
    return bool(words) and words[-1] not in _NOT_HELD and any(word in _SECRET_WORDS for word in words)


def names_a_place(name: str) -> bool:
    """Whether a variable names a database, a host or a port: none is a secret, even where a file of secrets sets it."""
    return not is_secret_name(name) and _PLACE.search(name) is not None


def masked(name: str, value: str) -> str:
    """A value as it may be printed: hidden for a secret name, and without the credentials that it holds anywhere.

    An empty value stays empty.
    """
    if is_secret_name(name):
        return MASK if value else value
    value = _CREDENTIALS.sub(_without_credentials, value)
    value = _PARAMETER.sub(rf"\g<before>{MASK}", value)
    return _PROVIDERS.sub(MASK, value)


# Stands for a variable while the text around it is masked.
_VARIABLE = "\ue001"


def masked_form(name: str, form: str, variable: str) -> str:
    """The form of a value as it may be printed: `postgres://shop:$DB_PASSWORD@db` holds no secret."""
    shown = f"${variable}"
    return masked(name, form.replace(shown, _VARIABLE)).replace(_VARIABLE, shown)


def masked_command(written: str) -> str:
    """A command as it may be printed: a variable in the place of a secret gives nothing away."""
    shown = _CREDENTIALS.sub(lambda url: url[0] if "$" in url[0] else _without_credentials(url), written)
    return _PROVIDERS.sub(MASK, shown)


def _without_credentials(url: re.Match[str]) -> str:
    """The user of a URL is shown when there is a password to hide; a user alone may be a token (`https://KEY@host`)."""
    if url["password"] == _VARIABLE:
        return url[0]
    if url["password"] is None:
        return f"{url['before']}{MASK}@"
    return f"{url['before']}{url['user']}:{MASK}@" if url["password"] else url[0]
