"""Images that Dockerfiles build in small repositories."""

from prodlint.deployment.image import Image, build_image
from prodlint.deployment.process import Build, EnvDefinition
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import EnvDriven, Known
from prodlint.source import Source
from prodlint.syntax.word import Word

__all__ = ["FILES", "build", "file_at", "value"]


def build(
    dockerfile: str,
    files: dict[str, str] | None = None,
    path: str = "Dockerfile",
    context: str | None = None,
    target: str | None = None,
    **arguments: str,
) -> Image:
    """The image of a Dockerfile beside other files, with arguments of its build."""
    held = {name: text.encode() for name, text in {path: dockerfile, **(files or {})}.items()}
    repository = Repository(held, held.__getitem__)
    source = Source("compose.yaml", "build")
    given = []
    for name, value in arguments.items():
        text = Source("compose.yaml", value).content
        given.append(EnvDefinition(name, Word.of(text), text.span))
    image = build_image(repository, Build(path, context, source.span, target, tuple(given)))
    assert image is not None
    return image


def file_at(image: Image, path: str, files: dict[str, str]) -> str | None:
    """The repository file that lies at a path of the image."""
    return next((one for one in image.files.candidates(path) if one in files), None)


FILES = {
    "app/main.py": "",
    "app/api/views.py": "",
    "src/shop/wsgi.py": "",
    "manage.py": "",
    "requirements.txt": "",
    "requirements-dev.txt": "",
    "scripts/start.sh": "",
    "secrets/key.py": "",
}


def value(image: Image, name: str) -> str | None:
    """What a variable holds when the build is given nothing but its arguments: a default of ARG counts."""
    held = image.variables.get(name)
    if isinstance(held, EnvDriven):
        return held.default
    return held.value if isinstance(held, Known) else None
