"""Who reads a `.env` file: the same line gives other values to other programs."""

from __future__ import annotations

from enum import Enum

__all__ = ["Dialect"]


class Dialect(Enum):
    """The program that reads a `.env` file."""

    COMPOSE = "compose"
    DOCKER = "docker run --env-file"
    SYSTEMD = "systemd"
    PYTHON_DOTENV = "python-dotenv"
    DJANGO_ENVIRON = "django-environ"
    DECOUPLE = "python-decouple"
    STARLETTE = "Starlette"
