"""Schema migrations: the tools that make them, and which commands apply them.

Systems and their commands: the catalogue's delivery page, 2.5.
"""

from __future__ import annotations

import ast
import itertools
from enum import Enum

from prodlint.deployment.command import Step
from prodlint.deployment.environment import Environment
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.server import program_of, python_arguments
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Source, Span, SyntaxProblem

__all__ = [
    "MANAGE_COMMANDS",
    "Migration",
    "MigrationRun",
    "MigrationSystem",
    "System",
    "applied_by",
    "applies",
    "has_flask_db",
    "is_ours",
    "management_command",
    "migration_in",
    "migration_of",
]


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


class Migration(Record):
    """One migration file: its app (empty outside of Django), its name without the suffix, and its path."""

    app: str
    name: str
    path: str


class MigrationSystem(Record):
    """A migration tool in use: the folder of the project, how many migrations, and the newest of them."""

    system: System
    root: str
    count: int
    span: Span
    migrations: tuple[Migration, ...] = ()

    @property
    def label(self) -> str:
        """`14 Django migrations`."""
        noun = "revision" if self.system in (System.ALEMBIC, System.FLASK_MIGRATE) else "migration"
        return f"{self.count} {self.system.value} {noun}{'' if self.count == 1 else 's'}"

    @property
    def owner(self) -> str:
        """What brings the migrations when the project has written none."""
        return "Django's own apps" if self.system is System.DJANGO else self.system.value

    @property
    def phrase(self) -> str:
        """The migrations as a sentence names them."""
        return f"its {self.label}" if self.count else f"the migrations of {self.owner}"

    @property
    def described(self) -> str:
        """What its place shows: the newest migration, or what they belong to."""
        return f"the newest of {self.label}" if self.count else f"they belong to {self.owner}"


class MigrationRun(Record):
    """A place where migrations are applied: by which tool, and in which kind of environment.

    `root` is the folder of the repository that the tool is run in, None where that is not known. One
    `in_image` happens while the image is built, and reaches a database that lies in it.
    """

    system: System
    span: Span
    environment: Environment
    note: str
    root: str | None = None
    in_image: bool = False


MANAGE_COMMANDS = ("migrate", "migrate_schemas", "safemigrate")
# What other tools are told that apply migrations.
_OTHERS = {
    "atlas": regex(r"(migrate|schema) apply\b"),
    "dbmate": regex(r"(up|migrate)\b"),
    "edgedb": regex(r"migrate\b"),
    "flyway": regex(r"migrate\b"),
    "gel": regex(r"migrate\b"),
    "goose": regex(r".*\bup\b"),
    "liquibase": regex(r"update\b"),
    "piccolo": regex(r"migrations forwards\b"),
    "prisma": regex(r"(migrate deploy|db push)\b"),
    "pw_migrate": regex(r"migrate\b"),
    "sqitch": regex(r"deploy\b"),
    "supabase": regex(r"db push\b"),
    "tortoise": regex(r"migrate\b"),
    "yoyo": regex(r"apply\b"),
}
_TOOLS = frozenset(("django-admin", "alembic", "alembic.config", "flask", "flask-migrate", "aerich", *_OTHERS))


def migration_of(step: Step) -> System | None:
    """The system whose migrations are applied behind a step, None when it says nothing of them."""
    tool, words = program_of(step)
    if tool == "python":
        return _in_code(step)
    if tool not in _TOOLS:
        return None
    plain = [word.literal or "" for word in words]
    arguments = [word for word in plain if not word.startswith("-")]
    if tool == "django-admin" and arguments:
        if arguments[0] in MANAGE_COMMANDS and not {"--plan", "--fake"} & set(plain):
            # `migrate --check` applies nothing, but stops what comes behind it while one is unapplied.
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
    if tool in _OTHERS and _OTHERS[tool].match(" ".join(arguments)):
        return System.OTHER
    return None


def _in_code(step: Step) -> System | None:
    """The system whose migrations the code of `python -c` applies."""
    python = python_arguments(step)
    written = None if python is None or python.code is None else python.code.literal
    if written is None or not any(one in written for one in ("migrat", "alembic")):
        return None
    from prodlint.syntax.python import parse_python

    try:
        module = parse_python(Source("-c", written))
    except SyntaxProblem:
        return None
    calls = (one for one in module.nodes if isinstance(one, ast.Call))
    return next((found for one in calls if (found := applied_by(one, module.qualified_name(one.func)))), None)


_BY_NAME = {"alembic.command.upgrade": System.ALEMBIC, "flask_migrate.upgrade": System.FLASK_MIGRATE}
# Django's migrate command: its options that apply nothing, in words and as arguments of `call_command`.
_LOOKING = frozenset({"--check", "--plan", "--fake", "check_unapplied", "plan", "fake"})


def applied_by(call: ast.Call, name: str | None) -> System | None:
    """The system whose migrations a call in Python applies, by the dotted name of what it calls."""
    first = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
    if name is not None and name.endswith("call_command") and first in MANAGE_COMMANDS:
        return None if _only_looks(call) else System.DJANGO
    return _BY_NAME.get(name or "")


def _only_looks(call: ast.Call) -> bool:
    """Whether a call of `migrate` applies nothing, or goes to one migration that it names, which may lie behind."""
    words = {node.value for node in call.args if isinstance(node, ast.Constant)}
    given = {
        one.arg
        for one in call.keywords
        if one.arg is not None and not (isinstance(one.value, ast.Constant) and not one.value.value)
    }
    named = [one for one in call.args if not _is_option(one)]
    return bool(_LOOKING & (words | given)) or len(named) > 2 or "migration_name" in given


def _is_option(node: ast.expr) -> bool:
    return isinstance(node, ast.Starred) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("-")
    )


def migration_in(step: Step, repository: Repository) -> System | None:
    """The same in a repository, whose packages may give a command another meaning.

    With Flask-DB `flask db migrate` is a command of Alembic, which upgrades to the newest revision without words
    (flask_db/cli.py, 0.4.1); that of Flask-Migrate writes a revision.
    """
    found = migration_of(step)
    tool, words = program_of(step)
    if found is not None or tool != "flask":
        return found
    arguments = [word.literal or "" for word in words if not (word.literal or "").startswith("-")]
    at = next((index for index, pair in enumerate(itertools.pairwise(arguments)) if pair == ("db", "migrate")), None)
    upgrades = at is not None and arguments[at + 2 : at + 3] in ([], ["upgrade"])
    return System.ALEMBIC if upgrades and has_flask_db(repository) else None


_DECLARING = ("requirements", "pyproject.toml", "Pipfile", "poetry.lock", "uv.lock")
_FLASK_DB = regex(rb"(?im)^[ \t]*(?:name = )?[\"']?flask[-_]db(?![\w-])")


@per_repository
def has_flask_db(repository: Repository) -> bool:
    """Whether a file that declares packages names Flask-DB."""
    return any(
        _FLASK_DB.search(repository.data(path) or b"") is not None
        for path in repository.paths
        if any(name in path.rpartition("/")[2] for name in _DECLARING)
    )


def management_command(step: Step) -> str | None:
    """The command of manage.py or django-admin that a step runs by its name, None where it runs none that is known."""
    tool, words = program_of(step)
    if tool != "django-admin":
        return None
    return next((word.literal for word in words if not (word.literal or "").startswith("-")), None)


def applies(run: MigrationRun, system: MigrationSystem) -> bool:
    """Whether a run brings the migrations of a system into the database.

    Flask-Migrate is Alembic underneath: either command serves both. A tool outside of Python may
    own the schema of any project. A run in the folder of another project does not.
    """
    alembic = (System.ALEMBIC, System.FLASK_MIGRATE)
    fits = run.system in (system.system, System.OTHER) or (run.system in alembic and system.system in alembic)
    return fits and (run.root is None or _is_around(run.root, system.root) or _is_around(system.root, run.root))


def _is_around(folder: str, path: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


_NOT_OURS = frozenset("test tests testing example examples doc docs fixtures".split())


def is_ours(path: str) -> bool:
    """Whether a file belongs to the product: not to its tests, examples or documentation."""
    return _NOT_OURS.isdisjoint(path.split("/")) and "/test_" not in f"/{path}"
