"""The migrations that a repository holds: which tool, for which project, in which order, with which ends.

Facts of the formats: the catalogue's delivery page, 2.5.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator

from prodlint.deployment.apps.text import python_with
from prodlint.deployment.migration import Migration, MigrationSystem, System, has_flask_db, is_ours
from prodlint.deployment.repository import Repository, normal_path
from prodlint.source import Source, Span

__all__ = ["migration_systems"]

_TABLES = ("django.contrib.admin", "django.contrib.auth", "django.contrib.sessions", "django.contrib.contenttypes")
_DRIVERS = (b"psycopg", b"mysqlclient", b"mysql-connector", b"oracledb", b"mssql-django")
_DECLARING = ("requirements", "pyproject.toml", "Pipfile", "poetry.lock", "uv.lock")


def migration_systems(repository: Repository) -> tuple[MigrationSystem, ...]:
    """The migration tools that the projects of the repository use, tests and examples aside."""
    found = [*_alembic_systems(repository)]
    if not found:
        found.extend(_flask_migrate(repository))
    if not found:
        found.extend(_alembic_without_revisions(repository))
    found.extend(_django_systems(repository))
    found.extend(_aerich_systems(repository))
    return tuple(found)


def _django_systems(repository: Repository) -> Iterator[MigrationSystem]:
    """For each manage.py the migrations of the project's own apps, else those of the contrib apps it installs.

    A reusable app has migrations but no project to run them in.
    """
    roots = sorted(posixpath.dirname(path) for path in repository.named("manage.py") if is_ours(path))
    files: dict[str, list[str]] = {root: [] for root in roots}
    for path in python_with(repository, (b"class Migration",)) if roots else ():
        owner = _owner(path, roots) if is_ours(path) and _named(path) is not None else None
        if owner is not None:
            files[owner].append(path)
    for root in roots:
        own = sorted(files[root], key=lambda path: (posixpath.basename(path), path))
        source = repository.source(own[-1]) if own else None
        if source is not None:
            migrations = tuple(_django_migration(path) for path in own)
            yield MigrationSystem(System.DJANGO, root, len(own), _line_of(source, "class Migration"), migrations)
        elif (contrib := _contrib_system(repository, root)) is not None:
            yield contrib


def _owner(path: str, roots: list[str]) -> str | None:
    """The project that a file belongs to: the nearest around it, or the only one there is."""
    around = [root for root in roots if not root or path.startswith(f"{root}/")]
    if around:
        return max(around, key=len)
    return roots[0] if len(roots) == 1 else None


def _django_migration(path: str) -> Migration:
    """A migration as its path tells it; its dependencies are read when somebody asks for them."""
    named = _named(path)
    assert named is not None
    return Migration(*named, path)


def _named(path: str) -> tuple[str, str] | None:
    """The app and the name of a migration of Django, as its path tells them: `shop/migrations/0001_initial.py`."""
    *_, app, folder, file = ("", "", *path.split("/"))
    is_one = bool(app) and folder == "migrations" and file[:1].isdecimal() and file.endswith(".py")
    return (app, file.removesuffix(".py")) if is_one else None


def _contrib_system(repository: Repository, root: str) -> MigrationSystem | None:
    """A project without migrations of its own whose contrib apps have tables in a database server."""
    if not _names_server(repository, root):
        return None
    for path in python_with(repository, (b"INSTALLED_APPS",)):
        if "settings" not in path or not is_ours(path):
            continue
        data = repository.data(path) or b""
        if b"DATABASES" not in data or (root and not path.startswith(f"{root}/")):
            continue
        source = repository.source(path)
        installed = source is not None and any(f'"{app}' in source.text or f"'{app}" in source.text for app in _TABLES)
        if source is not None and installed:
            return MigrationSystem(System.DJANGO, root, 0, _line_of(source, "INSTALLED_APPS"))
    return None


def _names_server(repository: Repository, root: str) -> bool:
    """Whether the project depends on the driver of a database server: SQLite alone is no reason to migrate.

    A project in `src/` may declare its dependencies above.
    """
    return any(
        driver in (repository.data(path) or b"")
        for path in repository.paths
        if any(name in path for name in _DECLARING)
        and (path.startswith(root) or root.startswith(posixpath.dirname(path)))
        for driver in _DRIVERS
    )


def _line_of(source: Source, text: str) -> Span:
    return source.line_span(source.position(max(source.text.find(text), 0)).line)


def _flask_migrate(repository: Repository) -> Iterator[MigrationSystem]:
    """Flask-Migrate that is set up in code for an app with models, without committed revisions."""
    models = False
    found: Span | None = None
    for path in python_with(repository, _SIGNS_OF_FLASK):
        if not is_ours(path):
            continue
        module = repository.python(path)
        for node in module.nodes if module is not None else ():
            if isinstance(node, ast.Call) and module is not None:
                if isinstance(node.func, ast.Attribute) and node.func.attr == "create_all":
                    # The tables come from the models.
                    return
                name = module.qualified_name(node.func)
                found = found or (module.span(node) if name == "flask_migrate.Migrate" else None)
            elif isinstance(node, ast.ClassDef) and module is not None:
                models = models or any(_is_model(ast.unparse(base)) for base in node.bases)
    if found is not None and models:
        yield MigrationSystem(System.FLASK_MIGRATE, "", 0, found)


_SIGNS_OF_FLASK = (b".create_all(", b"db.Model", b"SurrogatePK", b"flask_migrate")


def _is_model(base: str) -> bool:
    """Whether a base class, as it is written, is that of the tables of Flask-SQLAlchemy."""
    return base.endswith("db.Model") or base == "SurrogatePK"


def _alembic_environments(repository: Repository) -> Iterator[str]:
    """The `env.py` of each folder of Alembic: those that import it."""
    for path in repository.named("env.py"):
        if is_ours(path) and b"alembic" in (repository.data(path) or b"") and _imports(repository, path, "alembic"):
            yield path


def _is_of_flask(repository: Repository, path: str) -> bool:
    """Whether an `env.py` is one of Flask-Migrate.

    All of its templates ask Flask's `current_app`, as those of Flask-DB do, which is Alembic itself. One that people
    have written anew lies beside its `alembic.ini`, as a plain one may too: then the app decides.
    """
    if _imports(repository, path, "flask.current_app") and not has_flask_db(repository):
        return True
    beside = normal_path(posixpath.dirname(path), "alembic.ini") in repository.paths
    return beside and any(
        _imports(repository, one, "flask_migrate")
        for one in python_with(repository, (b"flask_migrate",))
        if is_ours(one)
    )


def _imports(repository: Repository, path: str, name: str) -> bool:
    """Whether a file names a module or something of it: in an import, or as an attribute of what is imported."""
    module = repository.python(path)
    for node in module.nodes if module is not None else ():
        if isinstance(node, ast.Import):
            found = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            # `from .alembic import x` is a module of the project.
            found = [f"{node.module}.{one.name}" for one in node.names] if not node.level else []
        elif isinstance(node, ast.Attribute) and module is not None:
            found = [module.qualified_name(node) or ""]
        else:
            continue
        if any(one == name or one.startswith(f"{name}.") for one in found):
            return True
    return False


def _alembic_systems(repository: Repository) -> Iterator[MigrationSystem]:
    for path in _alembic_environments(repository):
        folder = posixpath.dirname(path)
        prefix = f"{folder}/versions/" if folder else "versions/"
        revisions = [
            one
            for one in repository.python_files
            if one.startswith(prefix) and b"down_revision" in (repository.data(one) or b"")
        ]
        source = repository.source(revisions[-1]) if revisions else None
        if source is None:
            continue
        yield MigrationSystem(
            System.FLASK_MIGRATE if _is_of_flask(repository, path) else System.ALEMBIC,
            _root_of(repository, folder),
            len(revisions),
            _line_of(source, "revision"),
            tuple(Migration("", posixpath.basename(one).removesuffix(".py"), one) for one in revisions),
        )


def _alembic_without_revisions(repository: Repository) -> Iterator[MigrationSystem]:
    """What `alembic init` made, before the first revision: the template of revisions lies beside `env.py`."""
    for path in _alembic_environments(repository):
        folder = posixpath.dirname(path)
        source = repository.source(path) if not _is_of_flask(repository, path) else None
        if source is not None and normal_path(folder, "script.py.mako") in repository.paths:
            yield MigrationSystem(System.ALEMBIC, _root_of(repository, folder), 0, source.line_span(1))


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
    for path in repository.named("pyproject.toml"):
        if b"[tool.aerich]" not in (repository.data(path) or b""):
            continue
        folder = normal_path(posixpath.dirname(path), "migrations")
        files = [one for one in repository.python_files if one.startswith(f"{folder}/")]
        source = repository.source(files[-1]) if files else None
        if source is not None:
            yield MigrationSystem(System.AERICH, posixpath.dirname(path), len(files), source.line_span(1))
