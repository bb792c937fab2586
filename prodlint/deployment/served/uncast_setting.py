"""Switches of an app that are the text of a variable, or `bool()` of it: `DEBUG=False` leaves them on.

Measured with Django 5.2, Flask 3.1 and Starlette 1.10, which all ask for the truth of what they are given: that of
"False", "0" and "no" is true (configuration page, 2.3.2). What the variable says in production is looked for where a
committed file tells, the sample of an env file of production included.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.process import EnvFile
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import served_code
from prodlint.deployment.service import Service
from prodlint.deployment.settings.found import AppSettings
from prodlint.deployment.settings_module import opened, settings_of, settings_when_open
from prodlint.deployment.value import EnvDriven, Known, Reading, Unknown, Value
from prodlint.finding import Advice, Edit, Evidence, Fix, Safety
from prodlint.record import Record, replace
from prodlint.regex import regex
from prodlint.source import Span, SyntaxProblem

__all__ = ["UncastSetting", "uncast_settings"]

# True is what nobody wants of these in production.
_DANGEROUS = frozenset("DEBUG debug TESTING CORS_ALLOW_ALL_ORIGINS CORS_ORIGIN_ALLOW_ALL ALWAYS_EAGER".split())
# A framework or an extension asks for the truth of these.
_SWITCHES = frozenset(
    "SECURE_SSL_REDIRECT USE_TLS USE_SSL CORS_ALLOW_CREDENTIALS CORS_ALLOW_PRIVATE_NETWORK WTF_CSRF_ENABLED".split()
)
_ENDS_OF_SWITCHES = ("_COOKIE_SECURE", "_USE_TLS", "_USE_SSL")
# The project reads these itself, and may compare their text: only `bool()` says that they are switches.
_ENDS_OF_OWN_SWITCHES = ("_ENABLED", "_SECURE")
_WORDS = frozenset("DEBUG TESTING SECURE SSL TLS ALLOW ENABLED ENABLE EAGER USE REDIRECT FORWARDED".split())
# A variable that holds something is not set at all where nobody wants that: its presence is the switch.
_HOLDS = frozenset(
    "ADDR ADDRESS CERT DIR DSN FILE HOST HOSTS ID IP IPS KEY LEVEL LIST NAME ORIGIN ORIGINS PASSWORD PATH PORT SECRET "
    "TOKEN URI URL USER USERS".split()
)
_FALSE = frozenset({"0", "false", "f", "no", "n", "off"})
_QUOTED = regex(r"""["']([A-Za-z_]\w*)["']""")
_PLAIN = regex(
    r"(?P<bool>bool\()?(?P<reader>(?:os\.)?(?:environ\.get|getenv)|config|env(?:\.str)?)"
    r"""\((?P<name>["']\w+["'])(?:, *(?:default=)?[^(),]*)?\)(?(bool)\))"""
)
_LITERAL = regex(r"(?:^|[^=]=)\s*(?:True|False)\b")
_IMPORT_OF_ALL = regex(r"from\s[^#\n]*\bimport\s*\*")
_MAKERS = frozenset({"fastapi.FastAPI", "fastapi.applications.FastAPI", "starlette.applications.Starlette"})


class UncastSetting(Record):
    """A switch that is on for every text of a variable but the empty one, and where it is set.

    `read_at` is the expression that takes the variable as it is, None where nobody can tell; `default` what is meant
    without the variable. `text` is a false-looking one: that of a committed file of production (`told`), the code's
    own default, or `False`. `is_dangerous` tells that production must not have it on. `chosen` is the choice of the
    settings that hold it.
    """

    name: str
    span: Span
    read_at: Span | None
    variable: str
    text: str
    default: bool
    told: tuple[Evidence, ...] = ()
    chosen: tuple[Evidence, ...] = ()
    is_dangerous: bool = True

    @property
    def reads(self) -> tuple[Evidence, ...]:
        """The expression that reads the variable, where that is another place."""
        return (Evidence(self.read_at, "reads it"),) if self.read_at not in (None, self.span) else ()

    @property
    def advice(self) -> Advice:
        """How to cast it with what reads it here, and the change where it is one plain expression."""
        plain = _PLAIN.fullmatch(self.span.text)
        reader = plain["reader"] if plain is not None else ""
        if plain is not None and reader.endswith("config"):
            better = f"{reader}({plain['name']}, default={self.default}, cast=bool)"
        elif plain is not None and reader in ("env", "env.str"):
            better = f"{reader.removesuffix('.str')}.bool({plain['name']}, default={self.default})"
        else:
            name = plain["name"] if plain is not None else f'"{self.variable}"'
            unset = '"true"' if self.default else '""'
            better = f'{reader or "os.environ.get"}({name}, {unset}).lower() in ("1", "true", "yes", "on")'
        compared = regex(rf"\b{self.name}\b(?:\s*[=!]=|\s+(?:not\s+)?in\b|\.)")
        if plain is None or compared.search(self.span.source.text) is not None:
            return Advice(f"cast it: `{better}`")
        return Advice(f"cast it: `{better}`", Fix("cast it", (Edit(self.span, better),), Safety.UNSAFE))


def uncast_settings(service: Service, repository: Repository) -> tuple[UncastSetting, ...]:
    """The switches of a service's app that no text of their variable turns off."""
    return (*_in_settings(service, repository), *_in_calls(service, repository))


def _in_settings(service: Service, repository: Repository) -> Iterator[UncastSetting]:
    settings = settings_of(service, repository)
    if settings is None or not _is_meant(settings, repository):
        return
    found = {name: settings.values[name] for name in settings.names if _is_switch(name, settings.framework)}
    names = _hiding(service, tuple(found.values()))
    again = settings_when_open(service, names, repository) if names else None
    is_same = again is not None and again.path == settings.path
    chosen = (Evidence(settings.span, "chooses these settings"),) if settings.span.path != settings.path else ()
    for name, value in found.items():
        told = again.get(name) if again is not None and is_same and _may_hide(value) else value
        one = _uncast(name, told, service, repository)
        if one is not None:
            yield replace(one, chosen=chosen)


def _is_switch(name: str, framework: str) -> bool:
    if name == "TESTING" and framework == "Django":
        return False
    return _is_dangerous(name) or _is_asked_for(name) or name.endswith(_ENDS_OF_OWN_SWITCHES)


def _is_dangerous(name: str) -> bool:
    return name in _DANGEROUS or name.endswith("_ALWAYS_EAGER")


def _is_asked_for(name: str) -> bool:
    """Whether a framework or an extension asks for the truth of a setting."""
    return name in _SWITCHES or name.endswith(_ENDS_OF_SWITCHES) or name.startswith("USE_X_FORWARDED_")


def _is_meant(settings: AppSettings, repository: Repository) -> bool:
    """Whether production uses these settings: where outside others may be chosen, none here look more like it."""
    if isinstance(settings.module, Known) or settings.path is None:
        return settings.path is not None
    if settings.framework != "Django" or environment_of(settings.path) in (Environment.DEVELOPMENT, Environment.TEST):
        return False
    folder, name = posixpath.split(settings.path)
    if environment_of(name.removesuffix(".py")) is Environment.PRODUCTION:
        return True
    beside = (path for path in repository.python_files if posixpath.dirname(path) == folder and path != settings.path)
    return not any(environment_of(posixpath.basename(path)) is Environment.PRODUCTION for path in beside)


def _in_calls(service: Service, repository: Repository) -> Iterator[UncastSetting]:
    if service.app is None or service.app.framework not in ("FastAPI", "Starlette"):
        return
    for call in served_code(service, repository).calls_on_import((b"debug",), _MAKERS):
        value = call.argument("debug")
        if value is None or call.is_conditional:
            continue
        names = _hiding(service, (value,))
        if names:
            value = call.argument("debug", lookup=opened(service.variables.get, names))
        one = _uncast("debug", value, service, repository)
        if one is not None:
            yield replace(one, chosen=call.reached.chain)


def _hiding(service: Service, values: tuple[Value[object], ...]) -> frozenset[str]:
    """The variables whose known values hide what is made of them."""
    hidden = [one for one in values if _may_hide(one)]
    if not hidden:
        return frozenset()
    quoted = {name for one in hidden if one.span is not None for name in _QUOTED.findall(_from(one.span))}
    return frozenset({*quoted, *(name for name in service.variables.by_name if _names_a_switch(name))})


def _may_hide(value: Value[object]) -> bool:
    if value.span is None:
        return False
    written = _from(value.span)
    if ("True" in written or "False" in written) and _LITERAL.search(written) is not None:
        return False
    if isinstance(value, Unknown) and _IMPORT_OF_ALL.match(written) is not None:
        # What a module that is not here brings is as unknown with every variable.
        return False
    if isinstance(value, Known):
        return value.value is True or (isinstance(value.value, str) and value.value != "")
    return not isinstance(value, EnvDriven) or value.reading is None


def _from(span: Span) -> str:
    """The text from a place to the end of its line: what a name is given there."""
    text = span.source.text
    end = text.find("\n", span.end)
    return text[span.start : len(text) if end < 0 else end]


def _uncast(name: str, value: Value[object] | None, service: Service, repository: Repository) -> UncastSetting | None:
    if not isinstance(value, EnvDriven) or value.reading is None:
        return None
    is_own = name.endswith(_ENDS_OF_OWN_SWITCHES) and not _is_asked_for(name)
    if is_own and value.reading is Reading.TEXT:
        return None
    text, told = _false_text(value.name, service, repository)
    if not told and not (_names_a_switch(value.name) or value.name.upper().endswith(name.upper())):
        return None
    default = value.default
    if not told and isinstance(default, str) and default.lower() in _FALSE:
        text = default
    span, read_at = value.span, value.read_at
    is_here = read_at is not None and (read_at.path, read_at.line) == (span.path, span.line)
    return UncastSetting(
        name,
        read_at if read_at is not None and is_here else span,
        read_at,
        value.name,
        text,
        bool(default) and not (isinstance(default, str) and default.lower() in _FALSE),
        told,
        is_dangerous=_is_dangerous(name),
    )


def _names_a_switch(variable: str) -> bool:
    words = variable.upper().split("_")
    return words[-1] not in _HOLDS and not _WORDS.isdisjoint(words)


def _false_text(name: str, service: Service, repository: Repository) -> tuple[str, tuple[Evidence, ...]]:
    """The false-looking text that a committed file of production gives a variable, and the places that say so."""
    definitions = service.variables.definitions(name)
    if not definitions:
        return "False", ()
    last = definitions[-1]
    value = last.value
    text = value.value if isinstance(value, Known) else value.default if isinstance(value, EnvDriven) else None
    file = next((one for one in service.process.env_files if one.path == last.span.path), None)
    if text is None and file is not None and file.stands_for:
        text = _in_sample(file, name, repository)
    if text is None or text.lower() not in _FALSE:
        return "False", ()
    taken = () if file is None else (Evidence(file.span, f"takes variables from {file.stands_for or file.path}"),)
    said = f"sets {name}={text}"
    if file is not None and file.stands_for:
        said = f"shows {name}={text} for {posixpath.basename(file.stands_for)}"
    return text, (*taken, Evidence(last.span, said))


def _in_sample(file: EnvFile, name: str, repository: Repository) -> str | None:
    source = repository.source(file.path)
    try:
        from prodlint.syntax.dotenv_dialects import read_env_file

        lines = read_env_file(source, file.dialect) if source is not None else ()
    except SyntaxProblem:
        return None
    found = [one.value.literal for one in lines if one.name == name and one.value is not None]
    return found[-1] if found else None
