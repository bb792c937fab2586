"""The functions that AWS Lambda calls: where they are made, the app behind them, and what adapters start instead.

A handler is `module.attribute`, with slashes for dots, imported from the root of the code (platform page, 2.10,
measured with awslambdaric 4.2). Wrappers of monitoring services call the one that a variable names. AWS Lambda Web
Adapter starts a program and sends it HTTP: `AWS_LAMBDA_EXEC_WRAPPER=/opt/bootstrap` makes the handler a script
(github.com/awslabs/aws-lambda-web-adapter, "Lambda functions packaged as Zip package").
"""

from __future__ import annotations

from collections.abc import Sequence

from prodlint.deployment.app import App, Interface, locate_module, module_at, roots_of
from prodlint.deployment.apps.search import app_of
from prodlint.deployment.command import CommandLine, Step, exec_form
from prodlint.deployment.execution.place import Place
from prodlint.deployment.image import Image
from prodlint.deployment.images.base import is_of_lambda
from prodlint.deployment.process import Platform, Process
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import EnvDriven, Known, Value
from prodlint.deployment.variable import Variables
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span, Text
from prodlint.syntax.word import Word

__all__ = ["Handled", "adapted_command", "client_handler", "django_by_settings", "handled", "handler_of"]

_CALLS_ANOTHER = {
    "datadog_lambda.handler.handler": "DD_LAMBDA_HANDLER",
    "newrelic_lambda_wrapper.handler": "NEW_RELIC_LAMBDA_HANDLER",
}
_HOPS = 8
_DOTTED = regex(r"[\w./-]+\.\w+")


class Handled(Record):
    """What is known of a handler: the place that makes it, and the app that it passes its events to."""

    span: Span | None = None
    app: App | None = None


def handler_of(
    process: Process, image: Image | None, command: CommandLine | None, variables: Variables
) -> Value[str] | None:
    """The function that is called in the end; None where a program is started.

    The base images for Lambda bring the program that calls it: their CMD is the handler.
    """
    handler = process.handler
    if image is not None and is_of_lambda(image.base):
        own = process.entrypoint is None and image.entrypoint is None and command is not None
        words = command.words if own and command is not None else ()
        text = words[0].literal if len(words) == 1 else None
        handler = Known(text, words[0].span) if text is not None and _DOTTED.fullmatch(text) else handler
    elif command is not None:
        return None
    name = _CALLS_ANOTHER.get(handler.value) if isinstance(handler, Known) else None
    named = variables.get(name) if name is not None else None
    return named if isinstance(named, Known) else handler


def client_handler(steps: Sequence[Step]) -> Value[str] | None:
    """The function that images call which bring the client of the runtime: `python -m awslambdaric main.handler`.

    Scripts put the emulator of the runtime in front of it where no runtime calls (AWS, "Using a non-AWS base image");
    None unless all of a service's commands call the same one.
    """
    found = [_called_by(step) for step in steps]
    first = found[0] if found else None
    agree = first is not None and all(one is not None and one.value == first.value for one in found)
    return first if agree else None


def _called_by(step: Step) -> Known[str] | None:
    names = [(word.literal or "").rpartition("/")[2] for word in step.argv]
    at = names.index("awslambdaric") + 1 if "awslambdaric" in names else len(names)
    text = step.argv[at].literal if at < len(names) else None
    return Known(text, step.argv[at].span) if text is not None and _DOTTED.fullmatch(text) else None


def adapted_command(process: Process, variables: Variables) -> CommandLine | None:
    """The script that the web adapter starts in the place of a handler; None without the adapter."""
    wrapper, handler = variables.get("AWS_LAMBDA_EXEC_WRAPPER"), process.handler
    if process.platform is not Platform.LAMBDA or not isinstance(handler, Known) or not isinstance(wrapper, Known):
        return None
    if wrapper.value != "/opt/bootstrap":
        return None
    return exec_form((Word.of(Text.at(f"/var/task/{handler.value}", handler.span), handler.span),), handler.span)


def django_by_settings(process: Process) -> App | None:
    """The Django app that Zappa makes of the settings that its file names (github.com/zappa/Zappa, `django_settings`).

    None for everything else.
    """
    named = process.setting("django_settings") if process.platform is Platform.LAMBDA else None
    return None if named is None else App("Django", Interface.WSGI, named.span or process.span)


def handled(handler: Value[str], place: Place, repository: Repository) -> Handled:
    """Where a handler is made and which app is behind it, as far as the repository tells."""
    text = handler.value if isinstance(handler, Known) else handler.default if isinstance(handler, EnvDriven) else None
    module, _, attribute = (text or "").rpartition(".")
    dotted = module.replace("/", ".")
    if not dotted.strip(".") or dotted.startswith(".") or not attribute.isidentifier():
        return Handled()
    path = module_at(place, (), dotted, repository)
    roots = roots_of(place, repository)
    app = app_of(repository, roots, f"{dotted}:{attribute}", None, path)
    return Handled(_made(path or locate_module(repository, roots, dotted), attribute, roots, repository), app)


def _made(path: str | None, name: str, roots: tuple[str, ...], repository: Repository) -> Span | None:
    """The place that binds a name of a module, through imports."""
    for _ in range(_HOPS):
        module = repository.python(path) if path is not None else None
        bindings = module.bindings(name) if module is not None else ()
        if module is None or not bindings:
            return None
        last = bindings[-1]
        if last.kind != "import":
            return module.span(last.node)
        owner, _, name = (last.target or "").rpartition(".")
        path = locate_module(repository, roots, owner) if owner else None
    return None
