"""What a server is told to serve and what is there: the module, the name in it, the function that must be called.

How each server reads its target: gunicorn 27.0.1, uvicorn 0.54.0, Hypercorn 0.18.0, granian 2.8.9, daphne 4.2.3,
waitress 3.0.2 (their sources); what they do with a wrong one: the serving page, 3.1.
"""

from __future__ import annotations

import ast

from prodlint.deployment.app import App, locate_module
from prodlint.deployment.apps.search import resolve
from prodlint.deployment.installed.module_presence import ModulePresence, presence_of
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.server import Server
from prodlint.deployment.servers.versions import is_since
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, Known, answer
from prodlint.finding import Evidence
from prodlint.record import Record, replace
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.python import PythonModule, is_main_guard

__all__ = ["AppTarget", "Factory", "target_of"]

_DEPTH = 10
_MODULE = regex(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
# These name a file where the others name a module.
_TAKE_PATHS = ("hypercorn", "granian")
_IMPORTERS = ("gunicorn", "uvicorn", "hypercorn", "granian", "daphne", "waitress", "uwsgi")
_UVICORN_WORKERS = ("uvicorn.workers.", "uvicorn_worker.")


class Factory(Record):
    """A function that makes the app when it is called: its parameters, and those of them that have no default.

    The first `positional` of them may be given by their place.
    """

    name: str
    span: Span
    parameters: tuple[str, ...]
    required: tuple[str, ...]
    takes_more: bool = False
    positional: int = 0


class AppTarget(Record):
    """The target of a server, `module:attribute`, and whether it is there.

    `fault` says why the server cannot read the target at all, empty when it can; `advice` what to do then. `name` is
    the name that it takes from the module, whose file is `path`; `names` are the apps that the module holds under
    other names, each with its place. `factory` is the function that the target names or calls, `call` what it is
    called with; else `instance` is the app that it names. `is_called` answers whether the server calls the factory,
    `told_to_call` whether an option says so. `is_script` is set where a script names it.
    `repaired` is the target as the server reads it, where what was meant is certainly there.
    """

    written: str
    span: Span
    module: str
    attribute: str
    presence: ModulePresence
    fault: str = ""
    attribute_found: Answer = UNKNOWN
    names: tuple[tuple[str, Span], ...] = ()
    factory: Factory | None = None
    call: ast.Call | None = None
    instance: App | None = None
    is_called: Answer = UNKNOWN
    name: str = ""
    module_span: Span | None = None
    advice: str = ""
    is_script: bool = False
    repaired: str = ""
    told_to_call: Answer = UNKNOWN

    @property
    def path(self) -> str | None:
        return self.presence.path

    @property
    def is_missing(self) -> Answer:
        """Whether the server certainly finds nothing under its target."""
        if self.fault:
            return YES
        return ~(self.presence.found & self.attribute_found)

    @property
    def problem(self) -> str:
        """What is wrong with a target that is missing, behind the name of its process."""
        if self.fault:
            return self.fault
        if self.presence.found is NO:
            return f"imports {self.module}, which is not in {self.presence.shown_folders}"
        others = f"makes {_listed([name for name, _ in self.names])}" if self.names else "does not bind it on import"
        return f"takes {self.name} from {self.path}, which {others}"

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The other half of what is wrong with a target that is missing."""
        if self.presence.found is NO:
            return tuple(Evidence(span, "a module of that name lies here") for span in self.presence.elsewhere[:3])
        if self.names or self.module_span is None:
            return tuple(Evidence(span, f"makes {name}") for name, span in self.names[:3])
        return (Evidence(self.module_span, f"nothing in this module binds {self.name}"),)

    @property
    def instead(self) -> str:
        """The one target that would serve an app of the same module, empty where there is none or several."""
        if self.repaired:
            return self.repaired
        return f"{self.module}:{self.names[0][0]}" if len(self.names) == 1 else ""

    @property
    def help(self) -> str:
        """What to do about a target that is missing."""
        if self.instead:
            return f"start {self.instead}"
        if self.fault:
            return self.advice
        if self.presence.found is NO:
            where = self.presence.elsewhere_folder
            if self.is_script:
                return f"run it as a module (`python -m`), or name what is found from {self.presence.shown_folders}"
            return (
                f"start it in {where}, or put that folder on the import path"
                if where
                else "name a module that is there"
            )
        return f"name the object of {self.path} that is the app" if self.names else f"make {self.name} in {self.path}"

    @property
    def calls_instance(self) -> Answer:
        """Whether the server calls what is the app already, as if it were a function that makes one."""
        return NO if self.instance is None else answer(self.call is not None) | self.told_to_call

    def called_words(self, server: Server) -> tuple[str, ...]:
        """The words of a command that make a server call the factory without an argument; none where it cannot."""
        product = server.product
        if self.factory is None or self.factory.required or server.in_code:
            return ()
        if product in ("gunicorn", "uwsgi", "hypercorn"):
            return (f"{self.module}:{self.attribute}()",)
        option = {"uvicorn": "--factory", "granian": "--factory", "waitress": "--call"}.get(product)
        return () if option is None else (option, f"{self.module}:{self.attribute}")

    @property
    def call_fault(self) -> str:
        """Why the call of the target fails, empty where it may well work: an argument too few, or one too many."""
        if self.factory is None or self.factory.takes_more:
            return ""
        if self.call is None:
            needed = self.factory.required if self.told_to_call is YES else ()
            return f"{self.factory.name}() needs {_listed([*needed])}" if needed else ""
        given = [one.arg for one in self.call.keywords]
        positional = len(self.call.args)
        if None in given or any(isinstance(one, ast.Starred) for one in self.call.args):
            return ""
        missing = [one for one in self.factory.required[positional:] if one not in given]
        if missing:
            return f"{self.factory.name}() needs {_listed(missing)}"
        unknown = [one for one in given if one not in self.factory.parameters]
        if unknown:
            return f"{self.factory.name}() takes no {_listed([one for one in unknown if one])}"
        if positional > self.factory.positional:
            return (
                f"{self.factory.name}() takes {self.factory.positional or 'no'} positional arguments, not {positional}"
            )
        return ""


def _listed(names: list[str]) -> str:
    return " and ".join(names)


def target_of(service: Service, repository: Repository) -> AppTarget | None:
    """The target of a service's server; None where it names none that is known, or is started from code."""
    server = service.server
    if server is None or server.product not in _IMPORTERS or not isinstance(server.target, Known):
        return None
    if server.in_code and not service.names_app_in_code:
        return None
    written, span = server.target.value, server.target.span
    module, colon, attribute = written.partition(":")
    attribute = attribute or (server.attribute or "")
    if server.product == "waitress" and not colon:
        # It imports as far as it can, and takes attributes from there.
        return None
    fault, advice = _fault(server.product, module, bool(colon), attribute)
    if server.product == "gunicorn" and "." in attribute and is_since(service.installs, "gunicorn", "20.0.0") is NO:
        # Gunicorn evaluated what stands behind the colon before version 20.
        fault, advice = "", ""
    if fault:
        repaired = "" if server.in_code else _repaired(service, module, attribute, repository)
        unknown = ModulePresence(module, UNKNOWN)
        return AppTarget(written, span, module, attribute, unknown, fault, advice=advice, repaired=repaired)
    if server.target_file is not None or not _MODULE.fullmatch(module):
        return AppTarget(written, span, module, attribute, ModulePresence(module, UNKNOWN))
    presence = presence_of(service, module, repository, service.script_folder if server.in_code else None)
    if server.product == "granian" and presence.found is NO:
        # It goes up through the packages around a file, and imports from there.
        presence = replace(presence, found=UNKNOWN)
    made = AppTarget(written, span, module, attribute, presence, is_script=server.in_code)
    path = presence.path
    if path is None or service.place.files.rewriting(path) is not None:
        return made
    return _with_object(made, path, service, server, repository)


def _with_object(target: AppTarget, path: str, service: Service, server: Server, repository: Repository) -> AppTarget:
    """A target whose module lies at a path, with what its module holds under its name."""
    attribute, roots = target.attribute, service.roots
    expression = _expression(attribute)
    call = expression if isinstance(expression, ast.Call) else None
    name = _first_name(call.func if call is not None else expression)
    if not name:
        return target
    found = _binds(repository, roots, path, name, 0)
    whole = attribute == name or call is not None
    defined = _definition(repository, roots, path, name) if whole else None
    app = resolve(repository, roots, path, name) if whole else None
    factory = _factory(*defined) if defined is not None and app is not None and app.is_factory else None
    told = _told_to_call(server)
    source = repository.source(path)
    return replace(
        target,
        name=name,
        module_span=source.line_span(1) if source is not None else None,
        attribute_found=found,
        names=_apps_of(repository, roots, path) if found is NO else (),
        factory=factory,
        call=call,
        instance=app if app is not None and not app.is_factory else None,
        told_to_call=told,
        is_called=YES if call is not None else UNKNOWN if factory is None else _is_called(server, factory, told),
    )


def _repaired(service: Service, module: str, attribute: str, repository: Repository) -> str:
    """The target that was meant by the path of a file, or by a module alone, where it is there; else empty."""
    dotted = module.removeprefix("./").removesuffix(".py").replace("/", ".")
    path = presence_of(service, dotted, repository).path if _MODULE.fullmatch(dotted) else None
    if path is None:
        return ""
    if not attribute:
        names = _apps_of(repository, service.roots, path)
        return f"{dotted}:{names[0][0]}" if len(names) == 1 else ""
    is_there = attribute.isidentifier() and _binds(repository, service.roots, path, attribute, 0) is YES
    return f"{dotted}:{attribute}" if is_there and dotted != module else ""


def _fault(product: str, module: str, has_colon: bool, attribute: str) -> tuple[str, str]:
    """Why a server cannot read its target, and what to write instead; empty where it can."""
    if product not in _TAKE_PATHS and product != "uwsgi" and ("/" in module or module.endswith(".py")):
        dotted = module.removeprefix("./").removesuffix(".py").replace("/", ".")
        rest = f":{attribute}" if attribute else ""
        return f"names the file {module} where the name of a module belongs", f"start {dotted}{rest}"
    if product in ("uvicorn", "daphne") and not has_colon:
        return (
            "does not say which object of the module is the app",
            f"start {module}:app, or whatever the app is called",
        )
    if product == "gunicorn" and isinstance(_expression(attribute), ast.Attribute):
        return (
            f"names {attribute}, and gunicorn takes no dots behind the colon",
            "give the object a name in its module, and serve that",
        )
    if product in ("uvicorn", "granian") and attribute.endswith(")"):
        return (
            f"calls {attribute} behind the colon, where {product} takes a name alone",
            f"start {module}:{attribute.partition('(')[0]} with --factory",
        )
    return "", ""


def _expression(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _first_name(expression: ast.expr | None) -> str:
    for _ in range(_DEPTH):
        if not isinstance(expression, ast.Attribute):
            break
        expression = expression.value
    return expression.id if isinstance(expression, ast.Name) else ""


@per_repository
def _binds(repository: Repository, roots: tuple[str, ...], path: str, name: str, depth: int) -> Answer:
    """Whether importing a file gives it a name."""
    module = repository.python(path)
    if module is None or depth > _DEPTH or name.startswith("__"):
        return UNKNOWN
    bindings = module.bindings(name)
    if bindings:
        scripts = [any(taken and is_main_guard(test) for test, taken in one.guards) for one in bindings]
        return UNKNOWN if bindings[-1].kind == "delete" else answer(not all(scripts))
    if module.has_dynamic_names:
        return UNKNOWN
    for starred in module.star_imports:
        other = _imported(repository, roots, path, starred)
        found = UNKNOWN if other is None else _binds(repository, roots, other, name, depth + 1)
        if found is not NO:
            return found
    return NO


def _imported(repository: Repository, roots: tuple[str, ...], path: str, dotted: str) -> str | None:
    """The file of a module that another one imports."""
    folder = path.rpartition("/")[0]
    found = locate_module(repository, (*roots, "", folder), dotted)
    return found if found != path else None


def _definition(
    repository: Repository, roots: tuple[str, ...], path: str, name: str
) -> tuple[PythonModule, ast.FunctionDef] | None:
    """The function behind a name, through imports of the repository; None for anything else, or where two may hold."""
    for _ in range(_DEPTH):
        module = repository.python(path)
        bindings = module.bindings(name) if module is not None else ()
        if module is None or len(bindings) != 1 or bindings[0].conditional:
            return None
        binding = bindings[0]
        if isinstance(binding.node, ast.FunctionDef):
            return (module, binding.node) if not binding.node.decorator_list else None
        owner, _, attribute = (binding.target or "").rpartition(".")
        following = _imported(repository, roots, path, owner) if binding.kind == "import" and owner else None
        if following is None:
            return None
        path, name = following, attribute
    return None


def _factory(module: PythonModule, node: ast.FunctionDef) -> Factory:
    arguments = node.args
    positional = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    without = len(positional) - len(arguments.defaults)
    keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    required = [*positional[:without], *(one.arg for one, default in keywords if default is None)]
    place = module.span(node)
    end = place.source.text.find("\n", place.start, place.end)
    return Factory(
        node.name,
        replace(place, end=end) if end > 0 else place,
        (*positional, *(one.arg for one in arguments.kwonlyargs)),
        tuple(required),
        arguments.vararg is not None or arguments.kwarg is not None,
        len(positional),
    )


@per_repository
def _apps_of(repository: Repository, roots: tuple[str, ...], path: str) -> tuple[tuple[str, Span], ...]:
    """The names of a module that hold an app which can be served as it is, and where they are bound."""
    module = repository.python(path)
    found = []
    for name in module.bound_names[:100] if module is not None else ():
        bindings = module.bindings(name) if module is not None else ()
        if (
            module is not None
            and bindings
            and bindings[-1].kind in ("assignment", "import")
            and not name.startswith("_")
        ):
            app = resolve(repository, roots, path, name)
            if app is not None and not app.is_factory and _binds(repository, roots, path, name, 0) is YES:
                found.append((name, module.span(bindings[-1].node)))
    return tuple(found)


def _told_to_call(server: Server) -> Answer:
    """Whether an option says that the target is a function to be called."""
    if "factory" not in server.settings:
        return NO
    told = server.settings.value("factory")
    return answer(bool(told.value)) if isinstance(told, Known) else UNKNOWN


def _is_called(server: Server, factory: Factory, told: Answer) -> Answer:
    """Whether the server calls the function that it is given, instead of handing requests to it.

    Uvicorn and its workers call one that can be called without an argument; others are told to (measured).
    """
    if told is not NO:
        return told
    if server.product == "uvicorn":
        return answer(not factory.required)
    if server.product == "gunicorn":
        worker = server.settings.known("worker_class")
        if not isinstance(worker, str) or server.interface is None:
            return UNKNOWN
        if worker.startswith(_UVICORN_WORKERS):
            return answer(not factory.required)
        # A worker class of the repository may extend one of uvicorn's.
        return NO if "." not in worker or worker.startswith(("gunicorn.", "egg:")) else UNKNOWN
    return NO
