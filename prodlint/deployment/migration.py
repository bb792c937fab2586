"""Schema migrations: which system the project uses, and which commands apply it.

Systems and their commands: the catalogue's delivery page, 2.5.
"""

from __future__ import annotations

import ast
import itertools
import posixpath
import re
from collections.abc import Iterator
from enum import Enum

from prodlint.deployment.command import Step
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.repository import Repository, normal_path
from prodlint.deployment.server import program_of
from prodlint.record import record
from prodlint.regex import regex
from prodlint.source import Source, Span

__all__ = ["MigrationRun", "MigrationSystem", "System", "migration_of", "migration_systems", "migrations_in_code"]


class System(Enum):
    """A migration tool, by what applies its migrations."""

    DJANGO = "Django"
    ALEMBIC = "Alembic"
    FLASK_MIGRATE = "Flask-Migrate"
    AERICH = "aerich"
    OTHER = "other"

    @property
    def command(self) -> str:
        """The command that brings a database up to date."""
        return {
            System.DJANGO: "python manage.py migrate --noinput",
            System.ALEMBIC: "alembic upgrade head",
            System.FLASK_MIGRATE: "flask db upgrade",
            System.AERICH: "aerich upgrade",
        }.get(self, "migrate")


@record
class MigrationSystem:
    """A migration tool in use: the folder of the project, how many migrations, and the newest of them."""

    system: System
    root: str
    count: int
    span: Span

    @property
    def label(self) -> str:
        """`14 Django migrations`."""
        noun = "revision" if self.system in (System.ALEMBIC, System.FLASK_MIGRATE) else "migration"
        return f"{self.count} {self.system.value} {noun}{'' if self.count == 1 else 's'}"

    @property
    def owner(self) -> str:
        """What brings the migrations when the project has written none."""
        return "the apps of Django itself" if self.system is System.DJANGO else self.system.value

    @property
    def phrase(self) -> str:
        """The migrations as a sentence names them."""
        return f"its {self.label}" if self.count else f"the migrations of {self.owner}"


@record
class MigrationRun:
    """A place where migrations are applied: by which tool, and in which kind of environment."""

    system: System
    span: Span
    environment: Environment
    note: str


_MANAGE = ("migrate", "migrate_schemas", "safemigrate")
_OTHERS = regex(
    r"^(yoyo apply|piccolo migrations forwards|pw_migrate migrate|dbmate (up|migrate)|flyway migrate|liquibase update"
    r"|goose .*\bup\b|sqitch deploy|atlas (migrate|schema) apply|prisma (migrate deploy|db push)|supabase db push"
    r"|tortoise migrate|gel migrate|edgedb migrate)\b"
)


def migration_of(step: Step) -> System | None:
    """The system whose migrations a step applies, None when it applies none."""
    tool, words = program_of(step)
    plain = [word.literal or "" for word in words]
    arguments = [word for word in plain if not word.startswith("-")]
    if tool == "django-admin" and arguments:
        if arguments[0] in _MANAGE and not {"--check", "--plan", "--fake"} & set(plain):
            return System.DJANGO
        if arguments[:2] == ["db", "upgrade"]:
            return System.FLASK_MIGRATE
    if tool in ("alembic", "alembic.config") and "upgrade" in arguments and "--sql" not in plain:
        return System.ALEMBIC
    if tool in ("flask", "flask-migrate"):
        pairs = list(itertools.pairwise(arguments))
        if ("db", "upgrade") in pairs:
            return System.FLASK_MIGRATE
    if tool == "aerich" and "upgrade" in arguments:
        return System.AERICH
    if _OTHERS.match(" ".join([tool, *arguments])):
        return System.OTHER
    return None


def applies(run: System, system: System) -> bool:
    """Whether running one tool brings the other's migrations into the database.

    Flask-Migrate is Alembic underneath: either command serves both. A tool outside of Python may
    own the schema of any project.
    """
    alembic = (System.ALEMBIC, System.FLASK_MIGRATE)
    return run is system or run is System.OTHER or (run in alembic and system in alembic)


_DJANGO_FILE = regex(r"(^|.*/)([^/]+)/migrations/(\d[^/]*)\.py$")
_NOT_OURS = regex(r"(^|/)(tests?|testing|test_[^/]*|examples?|docs?|fixtures)(/|$)")


def migration_systems(repository: Repository) -> tuple[MigrationSystem, ...]:
    """The migration tools that the repository uses, tests and examples aside."""
    found = [*_alembic_systems(repository)]
    if not found:
        found.extend(_flask_migrate(repository))
    django = _django_system(repository)
    if django is not None:
        found.append(django)
    found.extend(_aerich_systems(repository))
    return tuple(found)


def _django_system(repository: Repository) -> MigrationSystem | None:
    """Django's migrations: those of the project's own apps, else those of the contrib apps that it installs."""
    # A reusable app has migrations but no project to run them in.
    project = next(iter(sorted(p for p in repository.paths if _ours(p) and posixpath.basename(p) == "manage.py")), None)
    if project is None:
        return None
    root = posixpath.dirname(project)
    files = [path for path in repository.paths if _ours(path) and (_DJANGO_FILE.match(path))]
    own = sorted(
        (path for path in files if b"class Migration" in (repository.data(path) or b"")),
        key=lambda path: (posixpath.basename(path), path),
    )
    source = repository.source(own[-1]) if own else None
    if source is not None:
        return MigrationSystem(System.DJANGO, root, len(own), _line_of(source, "class Migration"))
    return _contrib_system(repository, root)


_TABLES = ("django.contrib.admin", "django.contrib.auth", "django.contrib.sessions", "django.contrib.contenttypes")


def _contrib_system(repository: Repository, root: str) -> MigrationSystem | None:
    """A project without migrations of its own whose contrib apps have tables in a database server."""
    for path in sorted(repository.paths):
        if not path.endswith(".py") or "settings" not in path or not _ours(path):
            continue
        data = repository.data(path) or b""
        if b"INSTALLED_APPS" not in data or b"DATABASES" not in data or not _names_server(repository, root):
            continue
        source = repository.source(path)
        installed = source is not None and any(f'"{app}' in source.text or f"'{app}" in source.text for app in _TABLES)
        if source is not None and installed:
            return MigrationSystem(System.DJANGO, root, 0, _line_of(source, "INSTALLED_APPS"))
    return None


def _names_server(repository: Repository, root: str) -> bool:
    """Whether the project depends on the driver of a database server: SQLite alone is no reason to migrate."""
    drivers = (b"psycopg", b"mysqlclient", b"mysql-connector", b"oracledb", b"mssql-django")
    names = ("requirements", "pyproject.toml", "Pipfile", "poetry.lock", "uv.lock")
    return any(
        driver in (repository.data(path) or b"")
        for path in repository.paths
        if any(name in path for name in names) and path.startswith(root)
        for driver in drivers
    )


def _ours(path: str) -> bool:
    return _NOT_OURS.search(path) is None


def _line_of(source: Source, text: str) -> Span:
    return source.line_span(source.position(max(source.text.find(text), 0)).line)


def _flask_migrate(repository: Repository) -> Iterator[MigrationSystem]:
    """Flask-Migrate that is set up in code for an app with models, without committed revisions."""
    models = False
    found: Span | None = None
    for path in sorted(repository.paths):
        data = (repository.data(path) or b"") if path.endswith(".py") and _ours(path) else b""
        models = models or b"db.Model" in data or b"SurrogatePK" in data
        if b"flask_migrate" not in data:
            continue
        module = repository.python(path)
        for node in ast.walk(module.tree) if module is not None else ():
            if isinstance(node, ast.Call) and module is not None:
                name = module.qualified_name(node.func)
                found = found or (module.span(node) if name == "flask_migrate.Migrate" else None)
    if found is not None and models:
        yield MigrationSystem(System.FLASK_MIGRATE, "", 0, found)


def _alembic_systems(repository: Repository) -> Iterator[MigrationSystem]:
    for path in sorted(repository.paths):
        if posixpath.basename(path) != "env.py" or _NOT_OURS.search(path):
            continue
        folder = posixpath.dirname(path)
        data = repository.data(path)
        if data is None or b"alembic" not in data:
            continue
        prefix = f"{folder}/versions/" if folder else "versions/"
        revisions = sorted(
            one
            for one in repository.paths
            if one.startswith(prefix) and one.endswith(".py") and b"down_revision" in (repository.data(one) or b"")
        )
        source = repository.source(revisions[-1]) if revisions else None
        if source is None:
            continue
        flask = b"current_app" in data or f"{folder}/alembic.ini" in repository.paths
        yield MigrationSystem(
            System.FLASK_MIGRATE if flask else System.ALEMBIC,
            _root_of(repository, folder),
            len(revisions),
            _line_of(source, "revision"),
        )


def _root_of(repository: Repository, folder: str) -> str:
    """The folder that a migration tool is run from: the nearest above that has its configuration."""
    at = folder
    while at:
        at = posixpath.dirname(at)
        if any(
            normal_path(at, name) in repository.paths for name in ("alembic.ini", "pyproject.toml", "requirements.txt")
        ):
            return at
    return posixpath.dirname(folder)


def _aerich_systems(repository: Repository) -> Iterator[MigrationSystem]:
    for path in sorted(repository.paths):
        if posixpath.basename(path) != "pyproject.toml" or b"[tool.aerich]" not in (repository.data(path) or b""):
            continue
        folder = normal_path(posixpath.dirname(path), "migrations")
        files = sorted(one for one in repository.paths if one.startswith(f"{folder}/") and one.endswith(".py"))
        source = repository.source(files[-1]) if files else None
        if source is not None:
            yield MigrationSystem(System.AERICH, posixpath.dirname(path), len(files), source.line_span(1))


_CODE = (b"call_command", b"command.upgrade", b"flask_migrate", b"upgrade", b"MigrationExecutor", b"migrate")


def migrations_in_code(repository: Repository) -> Iterator[MigrationRun]:
    """Calls in the project's own Python that apply migrations: at start, in a command, in a script."""
    for path in sorted(repository.paths):
        if not path.endswith(".py") or "/versions/" in path or _NOT_OURS.search(path):
            continue
        data = repository.data(path)
        if data is None or (b"migrat" not in data and b"alembic" not in data):
            continue
        if not any(needle in data for needle in _CODE):
            continue
        module = repository.python(path)
        if module is None or posixpath.basename(path).startswith(("test_", "conftest")):
            continue
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            system = _applied_by(node, module.qualified_name(node.func))
            if system is not None:
                environment = environment_of(path) or Environment.UNKNOWN
                yield MigrationRun(system, module.span(node), environment, f"{path} applies them when it runs")


_CHILDREN = ("subprocess.", "os.system", "os.exec", "sh.", "invoke.")
_COMMAND = (
    (re.compile(r"manage\.py\S* migrate|django-admin migrate"), System.DJANGO),
    (re.compile(r"alembic\b.* upgrade"), System.ALEMBIC),
    (re.compile(r"flask\b.* db upgrade"), System.FLASK_MIGRATE),
)


def _applied_by(call: ast.Call, name: str | None) -> System | None:
    first = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
    if name is None:
        return None
    if name.startswith(_CHILDREN):
        words = " ".join(str(node.value) for node in ast.walk(call) if isinstance(node, ast.Constant))
        return next((system for pattern, system in _COMMAND if pattern.search(words)), None)
    if name.endswith("call_command") and first in _MANAGE:
        return System.DJANGO
    if name.endswith("MigrationExecutor"):
        return System.DJANGO
    if name == "alembic.command.upgrade":
        return System.ALEMBIC
    if name == "flask_migrate.upgrade":
        return System.FLASK_MIGRATE
    return None
