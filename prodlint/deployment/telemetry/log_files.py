"""The files that a web process logs to: where they lie, whether anything keeps them, and who else writes to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prodlint.deployment.filemap import absolute
from prodlint.deployment.process import Platform
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCall, ServedCode, served_code
from prodlint.deployment.service import Service
from prodlint.deployment.telemetry.configured_logging import configured_logging
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, Known, Value, answer, is_several
from prodlint.finding import Evidence, Fix, Safety
from prodlint.record import Record, replace
from prodlint.source import Span

if TYPE_CHECKING:
    from prodlint.deployment.apps.names import External
    from prodlint.deployment.telemetry.log_config import LogHandler

__all__ = ["LogFile", "log_files", "rotated_files"]

# Where the file that declares a process tells of every disk that it has.
_CONTAINERS = frozenset(
    {Platform.COMPOSE, Platform.KUBERNETES, Platform.HEROKU, Platform.RENDER, Platform.FLY, Platform.CLOUD_RUN}
    | {Platform.APP_RUNNER, Platform.CLOUD_FOUNDRY, Platform.DIGITALOCEAN}
)
_DEVICES = ("/dev/", "/proc/")
_HANDLING = frozenset(
    f"{owner}.addHandler"
    for owner in ("logging.getLogger", "logging.root", "flask.Flask.logger", "flask.current_app.logger")
)
_FLASK = ("flask.Flask.", "flask.current_app.")
_FILE_HANDLERS = frozenset(
    {"logging.FileHandler", "logging.handlers.WatchedFileHandler"}
    | {"logging.handlers.RotatingFileHandler", "logging.handlers.TimedRotatingFileHandler"}
)
_REPOSITORY = "/<repository>"


class LogFile(Record):
    """A file that a process logs to.

    `path` is as the process sees it, `what` says whose lines go there. `rotates` is set where each process renames it
    by itself. `is_only` answers whether they go nowhere else, `is_lost` whether they go with the container; `chain`
    leads to the place, `remedy` says what to do instead.
    """

    path: str
    span: Span
    what: str
    rotates: bool
    is_only: Answer
    is_lost: Answer
    chain: tuple[Evidence, ...] = ()
    remedy: str = "log to standard output with a StreamHandler"
    fix: Fix | None = None


def log_files(service: Service, repository: Repository) -> Iterator[LogFile]:
    """Every file that a service certainly logs to."""
    if service.server is None or service.step is None:
        return
    if service.starts_certainly:
        yield from _of_server(service, repository)
    if service.module is None and service.app is None:
        return
    code = served_code(service, repository)
    held = code.graph.holding(b"FileHandler", b"filename")
    if held:
        yield from _of_dictionary(code)
        yield from _of_calls(code)


def rotated_files(service: Service, repository: Repository) -> Iterator[LogFile]:
    """The files that several workers of a service rotate, each on its own; behind what makes them several."""
    if service.server is None or is_several(service.workers) is not YES:
        return
    for file in log_files(service, repository):
        if file.rotates:
            setting = service.server.settings.get("workers")
            source = setting.source.span if setting is not None and setting.source.span.path else service.server.span
            note = "starts several processes"
            yield replace(file, chain=(*service.chain, Evidence(source, note), *file.chain))


def _of_server(service: Service, repository: Repository) -> Iterator[LogFile]:
    server = service.server
    if server is None or server.product not in ("gunicorn", "hypercorn"):
        return
    for name, what in (("error_log", f"{server.product}'s own log"), ("access_log", "its access log")):
        setting = server.settings.get(name)
        value = setting.value if setting is not None else None
        if setting is None or not isinstance(value, Known) or not isinstance(value.value, str):
            continue
        path = _path(service, value.value)
        if path is None or value.value in ("", "-") or path.startswith(_DEVICES):
            continue
        span = setting.source.span
        chain = () if span.source is server.span.source else (Evidence(server.span, f"starts {server.product}"),)
        lost = _is_lost(service, path, repository)
        from prodlint.deployment.fixes.word import replaced_once

        edit = replaced_once(span, value.value, "-")
        fix = Fix("write it to standard output and error", (edit,), Safety.SAFE) if edit is not None else None
        yield LogFile(path, span, what, False, YES, lost, chain, "give it `-` for standard output and error", fix)


def _of_dictionary(code: ServedCode) -> Iterator[LogFile]:
    service = code.service
    config = configured_logging(code)
    attached = config.attached if config is not None else None
    if config is None or attached is None:
        return
    attached = tuple(one for one in attached if not one.is_off)
    is_only = answer(all(one.is_file or one.kind in _NO_STREAMS for one in attached))
    known = all(one.kind is not None for one in attached)
    for handler in attached:
        path = _filename(service, handler.file) if handler.is_file else None
        if path is None or path.startswith(_DEVICES):
            continue
        names = " and ".join([f"`{one.name}`" for one in config.loggers if handler in (one.handlers or ())][:2])
        yield LogFile(
            path,
            config.place_of(handler.name, *_written(handler)),
            f"what {names} logs",
            handler.rotates,
            is_only if known else UNKNOWN,
            _is_lost(service, path, code.repository),
        )


_NO_STREAMS = frozenset({"django.utils.log.AdminEmailHandler", "logging.NullHandler"})


def _written(handler: LogHandler) -> tuple[str, ...]:
    """What to look for behind the name of a handler, to show the line that makes it write to a file."""
    return (handler.kind,) if handler.kind is not None else ()


def _of_calls(code: ServedCode) -> Iterator[LogFile]:
    """`getLogger().addHandler(FileHandler(…))` and `basicConfig(filename=…)` when the process starts."""
    service = code.service
    others = code.graph.holding(b"dictConfig", b"fileConfig", b"LOGGING", b"StreamHandler", b"loguru", b"structlog")
    basic = [*code.calls_on_import((b"basicConfig",), frozenset({"logging.basicConfig"}))]
    adding = [*code.calls_on_import((b"addHandler",), _HANDLING)]
    names = {id(one): _handler_of(one, code) for one in adding}
    all_files = all(meant is not None and meant.name in _FILE_HANDLERS for meant in names.values())
    is_alone = not others and code.graph.is_complete and all_files
    for call in basic:
        path = _filename(service, call.argument("filename"))
        if path is None or call.is_conditional or path.startswith(_DEVICES):
            continue
        only = answer(is_alone and len(basic) == 1 and not adding)
        lost = _is_lost(service, path, code.repository)
        yield LogFile(path, call.span, "what the root logger writes", False, only, lost, call.reached.chain)
    for call in adding:
        meant = names[id(call)]
        if meant is None or meant.name not in _FILE_HANDLERS or meant.node is None or call.is_conditional:
            continue
        path = _filename(service, code.argument(None, call.path, meant.node, "filename", 0))
        if path is None or path.startswith(_DEVICES) or meant.made is None:
            continue
        # Flask gives the logger of an app a handler for standard error itself.
        only = NO if call.name.startswith(_FLASK) or basic else answer(is_alone)
        name = call.maker_argument("name", 0)
        shown = f"`{name.value}`" if isinstance(name, Known) and name.value else "the root logger"
        yield LogFile(
            path,
            meant.made,
            f"what {shown} writes",
            "Rotating" in meant.name,
            only,
            _is_lost(service, path, code.repository),
            call.reached.chain,
        )


def _handler_of(call: ServedCall, code: ServedCode) -> External | None:
    given = [*call.call.node.args, *(one.value for one in call.call.node.keywords)]
    meant = code.meaning(given[0], call.path, call.function) if len(given) == 1 else None
    from prodlint.deployment.apps.names import External

    return meant if isinstance(meant, External) and meant.node is not None else None


def _filename(service: Service, value: Value[object] | None) -> str | None:
    return _path(service, value.value) if isinstance(value, Known) and isinstance(value.value, str) else None


def _path(service: Service, written: str) -> str | None:
    """A path as the process sees it; None where that is not known."""
    if written.startswith(_REPOSITORY):
        inside = written[len(_REPOSITORY) :].strip("/")
        places = service.place.files.places(inside)
        if not places and "/" in inside:
            folder, _, name = inside.rpartition("/")
            places = tuple(f"{one.rstrip('/')}/{name}" for one in service.place.files.places(folder))
        return places[0] if len(places) == 1 else None
    return absolute(written, service.step.directory if service.step is not None else None)


def _is_lost(service: Service, path: str, repository: Repository) -> Answer:
    """Whether a file lies in a container and on no disk that outlives it, and nothing there reads it."""
    process = service.process
    if process.platform not in _CONTAINERS or not process.complete:
        return UNKNOWN
    covers = [one.target for one in (*process.volumes, *process.reach.volumes)]
    covers += [one.target for one in process.mounts]
    if any(path == one or path.startswith(one.rstrip("/") + "/") for one in covers):
        return NO
    image = service.image
    if image is None:
        return UNKNOWN if process.platform in (Platform.COMPOSE, Platform.KUBERNETES) else YES
    if image.unread or service.execution.unread or _is_volume(image.path, repository):
        return UNKNOWN
    # A link to standard output, or a program that follows the file.
    folder, _, name = path.rpartition("/")
    steps = (*(one.step for one in image.steps), *service.execution.steps)
    for step in steps:
        linked = step.program in ("ln", "tail") or step.program not in ("mkdir", "touch", "chown", "chmod", "rm")
        if linked and step is not service.step and any(name in (word or "") for word in step.arguments):
            return UNKNOWN
        if step.program == "ln" and any((word or "").rstrip("/") == folder for word in step.arguments):
            return UNKNOWN
    return YES


def _is_volume(dockerfile: str, repository: Repository) -> bool:
    document = repository.dockerfile(dockerfile)
    return document is not None and any(one.keyword == "VOLUME" for one in document.instructions)
