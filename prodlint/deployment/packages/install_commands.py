"""Which commands install Python packages, and what each of them is told to install."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from prodlint.deployment.command import Step
from prodlint.deployment.condition import from_outside, word_value
from prodlint.deployment.dependency import Install
from prodlint.deployment.packages.install_arguments import Arguments, Grammar, Settings, grammar, read_arguments
from prodlint.deployment.packages.install_sources import Locate, Sources
from prodlint.deployment.repository import Repository
from prodlint.deployment.requirement import canonical_name, conda_dependency
from prodlint.deployment.value import UNKNOWN, EnvDriven, Value
from prodlint.record import Record, replace
from prodlint.regex import regex
from prodlint.source import Text
from prodlint.syntax.word import Word

if TYPE_CHECKING:
    from prodlint.deployment.packages.install_managers import ManagerCall

__all__ = ["install_of"]

_PIP = grammar(
    "-r=--requirements=--requirement -c=--constraints=--constraint -e=--editable --group -t=--target --prefix --root "
    "--platform --python-version --implementation --abi --src --upgrade-strategy -C=--config-setting=--config-settings "
    "--global-option --build-option --install-option --no-binary --only-binary --progress-bar --root-user-action "
    "--report -i=--pypi-url=--index-url --extra-index-url -f=--find-links --python --log --keyring-provider --proxy "
    "--retries --timeout --default-timeout --exists-action --trusted-host --cert --client-cert --cache-dir "
    "--use-feature --use-deprecated -b=--build -d=--dest -w=--wheel-dir --resume-retries --build-constraint "
    "--requirements-from-script --uploaded-prior-to"
)
_UV_GLOBAL = (
    "--project --directory --config-file --cache-dir --color --allow-insecure-host -p=--python --index --default-index "
    "-i=--index-url --extra-index-url -f=--find-links --index-strategy --keyring-provider --resolution --prerelease "
    "--fork-strategy --exclude-newer --exclude-newer-package --link-mode -C=--config-setting=--config-settings "
    "--config-settings-package --no-build-isolation-package --no-build-package --no-binary-package "
    "-P=--upgrade-package --reinstall-package --refresh-package --python-platform --torch-backend --env-file "
    "--output-format --format "
)
_UV_PIP = grammar(
    _UV_GLOBAL
    + "-r=--requirements=--requirement -c=--constraints=--constraint -e=--editable --group --extra -t=--target "
    "--prefix -b=--build-constraints=--build-constraint --overrides=--override --excludes --no-binary --only-binary "
    "-o=--output-file --python-version --annotation-style --custom-compile-command --no-emit-package "
    "--unsafe-package"
)
_UV_TOOL = grammar(_UV_GLOBAL + "--with --with-editable --with-requirements --with-executables-from --from -w=--with")
_UV_SYNC = grammar(
    _UV_GLOBAL + "--extra --no-extra --group --no-group --only-group --package --no-install-package -o=--output-file "
    "-w=--with --with --with-editable --with-requirements -m=--module -s=--script --no-emit-package --prune"
)
_CONDA = grammar(
    "-n=--name -p=--prefix -f=--file -c=--channel --solver --platform --subdir -r=--root-prefix --repodata-fn "
    "--rc-file --log-level --category"
)
_PIPX = grammar("--python --spec --pip-args -i=--index-url --suffix --backend --preinstall")
_COMPILE = grammar(
    "-o=--output-file -c=--constraint --extra -i=--index-url --extra-index-url -f=--find-links --resolver --pip-args "
    "--annotation-style --cache-dir --trusted-host --unsafe-package --upgrade-package -P --config --max-rounds"
)
_MODULE_OPTION = regex(r"-[a-zA-Z]*?m(\w*)")
_PIP_PROGRAM = regex(r"pip(\d(\.\d+)*)?")
_PYTHON_PROGRAM = regex(r"(python|pypy)(\d(\.\d+)*)?")


class _Call(Record):
    """One command: the words behind its program, and the place where it runs."""

    step: Step
    words: tuple[Word, ...]
    settings: Settings
    sources: Sources

    def install(self, tool: str) -> Install:
        return self.sources.install(self.step.span, tool, self.step.written)


def install_of(
    step: Step,
    directory: str | None,
    repository: Repository,
    locate: Locate,
    environment: Mapping[str, Value[str]] | None = None,
) -> Install | None:
    """The installation that a step performs, None when it performs none.

    `directory` is the step's working directory; where it is absolute, paths are joined with it before
    `locate` is asked. `locate` maps a path, as the process names it, to a repository path, None when it
    is unknown. `environment` is what the process finds set, beside the variables of the step itself.
    """
    sources = Sources(repository, locate, directory)
    program, words = step.program, tuple(_by_default(step.argv[1:], sources))
    if program.startswith(("python", "pypy")) and _PYTHON_PROGRAM.fullmatch(program):
        program, words = _started_module(words)
    call = _Call(step, words, Settings(step.environment, environment or {}), sources)
    if program.startswith("pip") and (program == "pip" or _PIP_PROGRAM.fullmatch(program)):
        return _pip(call)
    handler = _PROGRAMS.get(program)
    return handler(call) if handler else None


def _by_default(words: tuple[Word, ...], sources: Sources) -> Iterator[Word]:
    """The words with the defaults of their variables, split as a shell does it.

    A default of ARG counts unless the build is given another value: what is installed then may be more.
    """
    for word in words:
        value = word_value(word, from_outside) if word.literal is None else None
        if not isinstance(value, EnvDriven) or value.default is None:
            yield word
            continue
        sources.complete = False
        is_bare = len(word.parts) == 1 and not word.parts[0].quoted
        for text in value.default.split() if is_bare else (value.default,):
            yield Word.of(Text.at(text, word.span), word.span)


def _started_module(words: tuple[Word, ...]) -> tuple[str, tuple[Word, ...]]:
    """The program and arguments behind `python -m`, or the name of a setup script."""
    at = 0
    while at < len(words):
        value = words[at].literal
        if value is None or not value.startswith("-"):
            return ("setup.py", words[at:]) if value is not None and value.endswith("setup.py") else ("", ())
        module = _MODULE_OPTION.fullmatch(value)
        if module is not None and module[1]:
            return module[1], words[at + 1 :]
        if module is not None:
            return (words[at + 1].literal or "", words[at + 2 :]) if at + 1 < len(words) else ("", ())
        at += 2 if value in ("-c", "-W", "-X", "--check-hash-based-pycs") else 1
    return "", ()


def _sub_command(call: _Call, values: str = "") -> tuple[str, _Call]:
    """The first word that is no option, and the call without it; `values` are the options that take one."""
    head = read_arguments(call.words, grammar(values), only_leading=True)
    if not head.positional:
        return "", replace(call, words=())
    name, *rest = head.positional
    # Options in front of the sub-command count as much as those behind it.
    leading = call.words[: len(call.words) - len(head.positional)]
    return name.literal or "", replace(call, words=(*leading, *rest))


def _pip(call: _Call) -> Install | None:
    name, call = _sub_command(
        call, "--python --log --proxy --retries --timeout --trusted-host --cert --client-cert --cache-dir"
    )
    if name not in ("install", "wheel", "download"):
        return None
    arguments = read_arguments(call.words, _PIP)
    if arguments.has("--dry-run", "--help", "-h"):
        return None
    if name != "install":
        # Who installs the wheels later resolves what they need.
        arguments = arguments.without("--no-deps", "--no-dependencies")
    install = _pip_like(call, arguments, "pip", "PIP")
    if name == "wheel":
        return replace(install, wheels_directory=_literal(arguments.value("--wheel-dir"), "."))
    if name == "download":
        return replace(install, wheels_directory=_literal(arguments.value("--dest"), "."))
    return install


def _literal(word: Word | None, otherwise: str) -> str:
    return otherwise if word is None or word.literal is None else word.literal


def _pip_like(call: _Call, arguments: Arguments, tool: str, prefix: str) -> Install:
    """`pip install` and `uv pip install`: requirements, constraints, projects, groups and names."""
    sources, settings = call.sources, call.settings
    sources.without_dependencies = arguments.has("--no-deps", "--no-dependencies") or settings.is_on(
        f"{prefix}_NO_DEPS"
    )
    extras = [canonical_name(value.literal or "") for value in arguments.values("--extra")]
    for word in arguments.values("--requirement"):
        sources.requirement_file(word, extras, every_extra=arguments.has("--all-extras"))
    for word in arguments.values("--constraint"):
        sources.constraint_file(word.literal)
    for written in settings.words(f"{prefix}_CONSTRAINT"):
        sources.constraint_file(written)
    if settings.is_open(f"{prefix}_CONSTRAINT"):
        sources.constrained = False
    if settings.get(f"{prefix}_REQUIREMENT") is not None or settings.is_open(f"{prefix}_REQUIREMENT"):
        sources.complete = False
    if arguments.has("--override", "--requirements-from-script"):
        sources.constrained = False
    for word in arguments.values("--group"):
        _pip_group(sources, word.literal)
    for word in (*arguments.values("--editable"), *arguments.positional):
        sources.requirement(word)
    # Only what was built before can be taken from these; see `joined`.
    offline = arguments.has("--no-index")
    for word in arguments.values("--find-links") if offline else ():
        sources.from_wheels.append(word.literal or "")
    install = call.install(tool)
    target = arguments.value("--target", "--prefix", "--root")
    return install if target is None else replace(install, target=_literal(target, ""))


def _pip_group(sources: Sources, written: str | None) -> None:
    """`--group [PATH:]NAME`: a dependency group of the pyproject.toml here or at a path."""
    path, _, name = (written or "").rpartition(":")
    file = sources.declaring(path or "pyproject.toml") if written else None
    if file is None or not name:
        sources.complete = False
    else:
        sources.parts_of(file, groups=[canonical_name(name)])


def _uv(call: _Call) -> Install | None:
    name, call = _sub_command(call, _UV_GLOBAL)
    if name == "pip":
        name, call = _sub_command(call, _UV_GLOBAL)
        return _uv_pip(call, name)
    if name == "tool":
        name, call = _sub_command(call, _UV_GLOBAL)
        return _isolated(call, _UV_TOOL, "uv", runs=name == "run") if name in ("install", "run") else None
    from prodlint.deployment.packages.install_managers import uv_export, uv_run, uv_sync

    handler = {"sync": uv_sync, "export": uv_export, "run": uv_run, "add": uv_sync}.get(name)
    if handler is None:
        return None
    arguments = read_arguments(call.words, _UV_SYNC, only_leading=name == "run")
    install = handler(_manager(call, arguments))
    if install is not None and name == "add":
        for word in arguments.positional:
            call.sources.requirement(word)
        # Adding resolves again.
        return replace(_with_more(install, call.sources), locked=UNKNOWN)
    return install


def _with_more(install: Install, sources: Sources) -> Install:
    known = dict.fromkeys((*install.dependencies, *sources.dependencies))
    return replace(
        install,
        dependencies=tuple(known),
        complete=install.complete if sources.complete else UNKNOWN,
    )


def _uv_pip(call: _Call, name: str) -> Install | None:
    arguments = read_arguments(call.words, _UV_PIP)
    project = arguments.value("--directory", "--project")
    if project is not None:
        call = replace(call, sources=_moved(call.sources, project.literal))
    if arguments.has("--dry-run", "--help"):
        return None
    if name == "install":
        return _pip_like(call, arguments, "uv", "UV")
    if name == "sync":
        return _synced(call, arguments, "uv")
    return _compiled(call, arguments, "uv") if name == "compile" else None


def _moved(sources: Sources, folder: str | None) -> Sources:
    if folder is None:
        return replace(sources, directory=None, complete=False)
    if sources.directory is None and not folder.startswith("/"):
        return sources
    return replace(sources, directory=f"{sources.directory}/{folder}" if not folder.startswith("/") else folder)


def _synced(call: _Call, arguments: Arguments, tool: str) -> Install:
    """`pip-sync` and `uv pip sync` install just what the files list."""
    for word in arguments.positional:
        call.sources.requirement_file(word)
    if not arguments.positional:
        file = call.sources.declaring("requirements.txt")
        if file is None:
            call.sources.complete = False
        else:
            call.sources.declared_by(file)
    install = call.install(tool)
    names = frozenset(dependency.name for dependency in install.dependencies)
    return install if install.installed is not None else replace(install, installed=names)


def _compiled(call: _Call, arguments: Arguments, tool: str) -> Install:
    """`pip-compile`: resolves afresh and writes the result."""
    for word in arguments.positional:
        call.sources.requirement_file(word)
    output = arguments.value("--output-file")
    written = _literal(output, "")
    if output is None and tool == "pip-tools" and arguments.positional:
        written = re.sub(r"\.\w+$", "", arguments.positional[0].literal or "") + ".txt"
    return replace(call.install(tool), exports_to=written)


def _isolated(call: _Call, rules: Grammar, tool: str, runs: bool = False) -> Install:
    """`pipx install` and `uv tool install`: an environment for a command alone."""
    arguments = read_arguments(call.words, rules, only_leading=runs)
    named = arguments.values("--from", "--spec")
    positional = arguments.positional[:1] if runs else arguments.positional
    for word in (*(named or positional), *arguments.values("--with", "--preinstall")):
        call.sources.requirement(word)
    return replace(call.install(tool), isolated=True)


def _pipx(call: _Call) -> Install | None:
    name, call = _sub_command(call)
    return _isolated(call, _PIPX, "pipx", runs=name == "run") if name in ("install", "run") else None


def _uvx(call: _Call) -> Install | None:
    return _isolated(call, _UV_TOOL, "uv", runs=True)


def _pip_sync(call: _Call) -> Install | None:
    return _synced(call, read_arguments(call.words, _COMPILE), "pip-sync")


def _pip_compile(call: _Call) -> Install | None:
    return _compiled(call, read_arguments(call.words, _COMPILE), "pip-tools")


def _manager(call: _Call, arguments: Arguments) -> ManagerCall:
    from prodlint.deployment.packages.install_managers import ManagerCall

    return ManagerCall(call.step.span, call.step.written, arguments, call.settings, call.sources)


_POETRY = grammar(
    "--without --with --only -E=--extras -C=--directory -P=--project -f=--format -o=--output --installer --source",
)
_PIPENV = grammar(
    "--python --pypi-mirror -r=--requirements -e=--editable -i=--index --categories --extra-pip-args -p --sequential"
)
_PDM = grammar(
    "-G=--with=--group --without -p=--project -L=--lockfile --venv -f=--format -o=--output --config --override"
)


def _poetry(call: _Call) -> Install | None:
    name, call = _sub_command(call, "-C=--directory -P=--project")
    if name not in ("install", "sync", "update", "add", "export"):
        return None
    from prodlint.deployment.packages.install_managers import poetry_install

    return poetry_install(_manager(call, read_arguments(call.words, _POETRY)), name)


def _pipenv(call: _Call) -> Install | None:
    name, call = _sub_command(call, "--python --pypi-mirror")
    if name not in ("install", "sync", "update", "requirements"):
        return None
    from prodlint.deployment.packages.install_managers import pipenv_install

    return pipenv_install(_manager(call, read_arguments(call.words, _PIPENV)), name)


def _pdm(call: _Call) -> Install | None:
    name, call = _sub_command(call, "-c=--config -p=--project")
    if name not in ("install", "sync", "update", "add", "export"):
        return None
    from prodlint.deployment.packages.install_managers import pdm_install

    return pdm_install(_manager(call, read_arguments(call.words, _PDM)), name)


def _conda(call: _Call) -> Install | None:
    name, call = _sub_command(call, "-r=--root-prefix --rc-file")
    if name == "env":
        name, call = _sub_command(call)
        reads_file = name in ("create", "update")
    else:
        reads_file = False
    if name not in ("install", "create", "update"):
        return None
    arguments = read_arguments(call.words, _CONDA)
    files = arguments.values("--file")
    for word in files:
        call.sources.requirement_file(word)
    if reads_file and not files:
        file = call.sources.declaring("environment.yml")
        if file is None:
            call.sources.complete = False
        else:
            call.sources.declared_by(file)
    for word in () if reads_file else arguments.positional:
        text = word.content
        dependency = conda_dependency(text) if text is not None else None
        if dependency is not None:
            call.sources.dependencies.append(dependency)
        elif text is None:
            call.sources.complete = False
    return call.install("conda")


def _setup_script(call: _Call) -> Install | None:
    """`python setup.py install|develop`."""
    names = [word.literal for word in call.words[1:]]
    if "install" not in names and "develop" not in names:
        return None
    call.sources.project((call.words[0].literal or "").rpartition("/")[0] or ".")
    return call.install("setup.py")


def _unread(call: _Call) -> Install | None:
    """Installers whose files are not modelled: something is installed, nobody here knows what."""
    if call.step.program != "easy_install" and _sub_command(call)[0] not in ("install", "sync", "env", "shell"):
        return None
    call.sources.complete = False
    return call.install(call.step.program)


_PROGRAMS: dict[str, Callable[[_Call], Install | None]] = {
    "uv": _uv,
    "uvx": _uvx,
    "poetry": _poetry,
    "pipenv": _pipenv,
    "pdm": _pdm,
    "pipx": _pipx,
    "pip-sync": _pip_sync,
    "pip-compile": _pip_compile,
    "conda": _conda,
    "mamba": _conda,
    "micromamba": _conda,
    "setup.py": _setup_script,
    "flit": _unread,
    "hatch": _unread,
    "rye": _unread,
    "pixi": _unread,
    "conda-lock": _unread,
    "easy_install": _unread,
}
