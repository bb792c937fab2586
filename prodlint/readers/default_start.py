"""What a platform starts when no file names a command.

Sources, read in November 2026: cloud.google.com, "Python 3 Runtime Environment", application startup; Railpack,
core/providers/python (python.go, django.go), and Nixpacks, src/providers/python.rs; AWS Elastic Beanstalk developer
guide, "Python platform namespaces"; the catalogue's platform page, 2.5, 2.8 and 2.11. The builders search the
texts of dependency files for names, and so does this.
"""

from __future__ import annotations

from prodlint.deployment.command import CommandLine, shell_form
from prodlint.deployment.repository import Repository, normal_path
from prodlint.regex import regex
from prodlint.source import Span, Text

__all__ = ["app_engine_default", "beanstalk_default", "nixpacks_default", "railpack_default"]

_MAIN_FILES = ("main.py", "app.py", "start.py", "bot.py", "hello.py", "server.py")
_DEPENDENCIES = ("requirements.txt", "pyproject.toml", "Pipfile")
_APPLICATION = regex(r"WSGI_APPLICATION = [\"']([A-Za-z_][\w.]{0,200})\.application[\"']")
_MODULES = 2000


def _line(text: str, span: Span) -> CommandLine:
    return shell_form(Text.at(text, span), span)


def _has(repository: Repository, folder: str, name: str) -> bool:
    return normal_path(folder, name) in repository.paths


def app_engine_default(repository: Repository, folder: str, span: Span) -> CommandLine | None:
    """Gunicorn on `app` of main.py, which the platform installs itself."""
    return _line("gunicorn --bind :$PORT main:app", span) if _has(repository, folder, "main.py") else None


def beanstalk_default(
    repository: Repository, folder: str, target: str | None, processes: str, threads: str, span: Span
) -> CommandLine | None:
    """Gunicorn on the app of `WSGIPath`, or on `application` of application.py when no option names one."""
    if target is None and not _has(repository, folder, "application.py"):
        return None
    target = target or "application:application"
    return _line(f"gunicorn --bind :8000 --workers {processes} --threads {threads} {target}", span)


def railpack_default(repository: Repository, folder: str, span: Span) -> CommandLine | None:
    """Django by its `WSGI_APPLICATION`, FastAPI and Flask by what is installed, else the main file."""
    django = _django_module(repository, folder)
    if django is not None:
        return _line(f"python manage.py migrate && gunicorn --bind 0.0.0.0:${{PORT:-8000}} {django}:application", span)
    main = next((name for name in _MAIN_FILES if _has(repository, folder, name)), None)
    if main is None:
        return None
    if (_uses(repository, folder, "fastapi") or _uses(repository, folder, "fasthtml")) and _uses(
        repository, folder, "uvicorn"
    ):
        return _line("uvicorn main:app --host 0.0.0.0 --port ${PORT:-8000}", span)
    if _uses(repository, folder, "flask") and _uses(repository, folder, "gunicorn"):
        return _line("gunicorn --bind 0.0.0.0:${PORT:-8000} main:app", span)
    return _line(f"python {main}", span)


def nixpacks_default(repository: Repository, folder: str, span: Span) -> CommandLine | None:
    """Django by its `WSGI_APPLICATION`, else main.py; a pyproject.toml may name a module, which is not read."""
    django = _django_module(repository, folder)
    if django is not None:
        return _line(f"python manage.py migrate && gunicorn {django}", span)
    if _has(repository, folder, "pyproject.toml") or not _has(repository, folder, "main.py"):
        return None
    return _line("python main.py", span)


def _uses(repository: Repository, folder: str, name: str) -> bool:
    sources = (repository.source(normal_path(folder, file)) for file in _DEPENDENCIES)
    return any(source is not None and name in source.text.lower() for source in sources)


def _django_module(repository: Repository, folder: str) -> str | None:
    """The module of `WSGI_APPLICATION`, None without Django or where several files name different ones."""
    if not _has(repository, folder, "manage.py") or not _uses(repository, folder, "django"):
        return None
    below = f"{folder}/" if folder else ""
    found: set[str] = set()
    for path in repository.python_files[:_MODULES]:
        data = repository.data(path) if path.startswith(below) else None
        if data is not None and b"WSGI_APPLICATION" in data:
            source = repository.source(path)
            found.update(_APPLICATION.findall(source.text) if source is not None else ())
    return found.pop() if len(found) == 1 else None
