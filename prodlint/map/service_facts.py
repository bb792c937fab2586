"""The facts of one service, in the order in which a reader asks for them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from prodlint.deployment.command import Link, Step
from prodlint.deployment.environment import Environment
from prodlint.deployment.image import Image
from prodlint.deployment.installed.runtime import python_of
from prodlint.deployment.installed.system_packages import system_packages
from prodlint.deployment.model import Deployment
from prodlint.deployment.packages.installed_version import placed_version_of
from prodlint.deployment.process import AbsentEnvFile, EnvFile, Platform
from prodlint.deployment.repository import Repository
from prodlint.deployment.routes.of_service import routes_of
from prodlint.deployment.servers.products import serves_its_own
from prodlint.deployment.servers.server import Server
from prodlint.deployment.servers.setting import Setting
from prodlint.deployment.servers.versions import serving_distribution
from prodlint.deployment.service import Service
from prodlint.deployment.value import (
    YES,
    Bounded,
    EnvDriven,
    Formed,
    JointlyDriven,
    Known,
    PerCpu,
    Unknown,
    Value,
    unless,
)
from prodlint.deployment.variables.sample import developing_lines
from prodlint.deployment.variables.secret import masked_command
from prodlint.map.contract_facts import contract_facts, route_fact
from prodlint.map.document import Fact, Source, State
from prodlint.map.needs_fact import needs_facts
from prodlint.map.settings_facts import settings_facts
from prodlint.map.value_text import bounded_text, driven_text, plain_text
from prodlint.map.worker_facts import worker_facts
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.syntax.word import Expansion, Literal, Part, Substitution

__all__ = ["sample_text", "service_facts", "setting_facts", "taken_from", "told", "valued", "variable_facts"]


def service_facts(service: Service, deployment: Deployment) -> Iterator[Fact]:
    """Declaration, command, server, app, image and runtime."""
    repository = deployment.repository
    declared = service.process.declaration or service.process.span
    # Objects that several overlays bring stand at one line of their base.
    group = service.process.reach.group if service.process.platform is Platform.KUBERNETES else ""
    folder = posixpath.dirname(group) if group.endswith((".yaml", ".yml")) else group
    overlay = f" of {folder}" if folder and not declared.path.startswith(f"{folder}/") else ""
    yield Fact("declared", f"{declared}{overlay}", span=declared)
    yield from _autostart(service)
    if service.process.profiles:
        yield Fact("profiles", ", ".join(service.process.profiles), span=declared)
    yield from _started(service, deployment)
    if service.server is not None:
        yield _server(service, repository)
        yield from _app(service, deployment)
        yield from _serving(service.server)
    elif service.worker is not None:
        yield from worker_facts(service, service.worker, deployment)
    yield from _daemons(service)
    yield from settings_facts(service, deployment)
    if service.environment is not Environment.DEVELOPMENT:
        yield from needs_facts(service, repository)
    routes = routes_of(service, repository)
    told = route_fact(routes)
    if told is not None:
        yield told
    yield from contract_facts(service, routes, repository)
    yield from _surroundings(service, repository)


def _started(service: Service, deployment: Deployment) -> Iterator[Fact]:
    """What starts it: a function that the platform calls, or a command."""
    if service.handler is not None:
        yield _handler(service, service.handler)
        yield from _app(service, deployment) if service.app is not None else ()
    elif service.step is None and service.app is not None:
        # Nothing but Zappa serves what no file makes.
        app = service.app
        yield Fact("app", f"Zappa makes it of these settings, {app.framework}, {app.interface.value}", span=app.span)
    elif service.errands:
        yield _errands(service)
        yield from _chosen(service.step) if service.step is not None else ()
    elif service.step is None and service.written:
        yield Fact("command", masked_command(service.written), span=service.span)
    elif service.step is None:
        yield Fact("command", _no_command(service), State.UNKNOWN, service.span)
    elif service.candidates:
        commands = [one.step for one in service.candidates if one.step is not None]
        sources = tuple(Source(step.written, step.span, "may be what stays") for step in commands)
        if len({step.written for step in commands}) == 1:
            # They differ in what is around them: the user as whom it runs.
            yield Fact("command", masked_command(service.written), span=service.step.span, sources=sources)
        else:
            yield Fact("command", _several(commands), State.UNKNOWN, service.step.span, sources)
    else:
        yield Fact("command", masked_command(service.written), span=service.step.span, sources=_chain(service))
        yield from _chosen(service.step)
        yield from _otherwise(service, service.step)
    if service.process.default_of:
        whose = f"by default of {service.process.default_of}: no file names a command"
        yield Fact("started", whose, span=service.process.span)


def _errands(service: Service) -> Fact:
    """What a command does that ends: each thing in its order."""
    told = [(masked_command(one.written), one.steps[0].span, one.conditional) for one in service.errands]
    runs = [Source(text, span, "is run perhaps" if conditional else "is run") for text, span, conditional in told]
    links = [Source("", evidence.span, evidence.note) for evidence in service.chain]
    return Fact("command", masked_command(service.written), span=told[0][1], sources=(*links, *runs))


def _chosen(step: Step) -> Iterator[Fact]:
    """The arguments between which a condition of a script chooses, each with what it asks for."""
    for word in step.argv[1:]:
        for part in word.parts:
            if isinstance(part, Substitution) and part.choices:
                text = masked_command(f"{word.span.text} is {part.choices}")
                yield Fact("arguments", text, State.ENVIRONMENT, word.span)


def _otherwise(service: Service, usual: Step) -> Iterator[Fact]:
    """What stays instead of the usual command where variables are set from outside."""
    if service.by_default is not None:
        others = [step for step in service.execution.processes if step.unset is not YES]
        told = "; ".join(f"{step.when}: {masked_command(step.written)}" for step in others)
        sources = tuple(Source(step.written, step.span, "stays instead") for step in others)
        yield Fact("unless", told, State.ENVIRONMENT, usual.span, sources)


def _surroundings(service: Service, repository: Repository) -> Iterator[Fact]:
    """Image, runtime, directory, and where the rest of its environment comes from."""
    if service.image is not None:
        yield _image(service.image, service)
    elif service.process.image is not None:
        place = service.process.image_at or service.process.span
        named = service.process.image.strip()
        yield Fact("image", named, span=place) if named else Fact("image", "no file names it", State.UNKNOWN, place)
    python = python_of(service, repository)
    if not service.is_of_another_version and (isinstance(python, Known) or service.server is not None):
        yield valued("python", python)
    if service.place.directory is not None:
        yield Fact("directory", service.place.directory, span=service.span, quiet=_is_usual(service))
    more = tuple(dict.fromkeys(service.process.variables_from))
    if more:
        # What it finds in its environment is more than the variables that are shown.
        text = "; ".join(taken_from(link, repository) for link in more)
        yield Fact("env from", text, State.ENVIRONMENT, more[0].span)
    for file in service.process.env_files:
        if file.stands_for:
            yield Fact("env from", sample_text(file), State.ENVIRONMENT, file.span)


def taken_from(link: Link, repository: Repository) -> str:
    """What sets more variables than are known, with the sample of it that is in the repository."""
    said = link.note.removeprefix("takes variables from ")
    if not isinstance(link, AbsentEnvFile) or not link.sample:
        return said
    developing = ", ".join(developing_lines(link.sample, repository))
    return f"{said} ({link.sample} is a sample of it{', for development: ' if developing else ''}{developing})"


def sample_text(file: EnvFile) -> str:
    """A file of variables that only a sample of is in the repository."""
    return f"{file.stands_for}, which is not in this repository: {file.path} lists what it sets"


def _system(image: Image) -> Iterator[Fact]:
    """What the distribution's own package manager installs: libraries as a rule, which nobody asks for at night."""
    packages = system_packages(image)
    if packages:
        shown = ", ".join(f"{one.name} {one.version}".strip() for one in packages)
        sources = tuple(Source(one.name, one.span, one.manager) for one in packages)
        yield Fact("system packages", shown, span=packages[0].span, sources=sources, quiet=True)


def _is_usual(service: Service) -> bool:
    """Whether the working directory is the one that the image or the platform gives anyway."""
    own = service.process.directory
    return own is None or (service.image is not None and service.image.directory == service.place.directory)


_SHOWN = ("workers", "worker_class", "threads")


def _serving(server: Server) -> Iterator[Fact]:
    """Where it listens, and with how many workers of which kind."""
    if server.binds:
        text = ", ".join(str(bind) for bind in server.binds)
        setting = server.settings.get("bind") or server.settings.get("port")
        sources = _sources(setting) if setting is not None else ()
        state = State.UNKNOWN if text in ("?", "?:?") else State.ENVIRONMENT if "$" in text else State.KNOWN
        reason = _reason(server) if state is State.UNKNOWN else text
        yield Fact("bind", reason, state, server.binds[0].span, sources, layered=True)
    for name in _SHOWN:
        setting = server.settings.get(name)
        if setting is not None and (name != "threads" or len(setting.sources) > 1):
            yield _setting(setting, server)


def _reason(server: Server) -> str:
    values = (server.binds[0].host, server.binds[0].port)
    return next((told(value) for value in values if isinstance(value, Unknown)), "where it listens is not known")


def setting_facts(service: Service) -> Iterator[Fact]:
    """Every setting of its server that is not shown among its facts."""
    if service.server is not None:
        for name, setting in service.server.settings.items():
            if name not in (*_SHOWN, "bind"):
                yield _setting(setting, service.server)


def _setting(setting: Setting, server: Server) -> Fact:
    fact = valued(setting.name, setting.value)
    # uWSGI's file has words too, and nobody has seen them yet.
    is_seen = bool(setting.source.words) and setting.source.origin.endswith("on the command line")
    # The heading shows the command of the script that starts it.
    is_seen = is_seen and not server.in_code
    # How many run is asked first: that a condition decides it does not show in the command.
    is_seen = is_seen and not (setting.name in _SHOWN and isinstance(setting.value, Unknown))
    quiet = _is_default(setting) or is_seen or setting.name == "attach_daemon"
    return Fact(fact.name, fact.text, fact.state, fact.span, _sources(setting), quiet, layered=True)


def _is_default(setting: Setting) -> bool:
    """Whether what was said comes to what the server does anyway, and nobody but its own variable may change that."""
    value, first = setting.value, setting.sources[0].value
    usual = first.value if isinstance(first, Known) else first.default if isinstance(first, EnvDriven) else None
    if isinstance(value, Known):
        return bool(value.value == usual)
    if isinstance(value, Unknown) and isinstance(first, Unknown):
        return value.reason == first.reason
    if not isinstance(value, EnvDriven):
        return False
    return value.default == usual and all(one.origin == value.name for one in setting.sources[1:])


def _sources(setting: Setting) -> tuple[Source, ...]:
    return tuple(Source(valued("", one.value).text, one.span, one.origin) for one in setting.sources)


def variable_facts(service: Service) -> Iterator[Fact]:
    """The environment variables that the repository sets for a service, secrets masked."""
    variables = service.variables
    for name in variables.names:
        held = variables.definitions(name)
        if all(one.by_platform for one in held):
            continue
        sources = tuple(
            Source(valued("", variables.masked_value(name, one.value)).text, one.span, one.origin) for one in held
        )
        fact = valued(name, variables.masked_value(name, held[-1].value))
        if fact.state is State.UNKNOWN and held[-1].is_given:
            # Who gives it is written down: only its value is kept elsewhere.
            fact = replace(fact, state=State.ENVIRONMENT)
        yield replace(fact, sources=sources, layered=True, quiet=name in _AT_BUILD or name.startswith(_OF_INSTALLERS))


# What a build or an installer reads, and the path of programs: nobody asks for them when production is on fire.
_AT_BUILD = frozenset(
    "PATH DEBIAN_FRONTEND PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED PYTHONHASHSEED PYTHONFAULTHANDLER VIRTUAL_ENV "
    "LANG LANGUAGE LC_ALL LC_CTYPE TERM APT_KEY_DONT_WARN_ON_DANGEROUS_USAGE".split()
)
_OF_INSTALLERS = ("PIP_", "POETRY_", "UV_", "PIPENV_", "PDM_", "npm_config_", "NPM_CONFIG_", "BUILDKIT_", "APT_")


def valued(name: str, value: Value[object] | Value[str]) -> Fact:
    """A value of the model as a fact."""
    if isinstance(value, Known):
        return Fact(name, plain_text(value.value), span=value.span)
    if isinstance(value, EnvDriven):
        return Fact(name, driven_text(value), State.ENVIRONMENT, value.span)
    if isinstance(value, Formed):
        source = _kept(value.reason)
        return Fact(name, value.form + (f", {source}" if source else ""), State.ENVIRONMENT, value.span)
    if isinstance(value, PerCpu):
        return Fact(name, value.formula, State.ENVIRONMENT, value.span)
    if isinstance(value, Bounded):
        return Fact(name, bounded_text(value), State.ENVIRONMENT, value.span)
    if isinstance(value, JointlyDriven):
        return Fact(name, unless(plain_text(value.default), value.names), State.ENVIRONMENT, value.span)
    return Fact(name, told(value), State.UNKNOWN, value.span)


def _kept(reason: str) -> str:
    """Where the pipeline keeps what is missing; nothing where it only is not known."""
    return reason if reason.startswith(("secrets.", "vars.")) else ""


def told(value: Unknown) -> str:
    """The reason why a value is not known, as it reads behind a question mark."""
    return f"it {value.reason}" if value.reason.startswith(("is ", "has ", "depends ", "comes ")) else value.reason


def _no_command(service: Service) -> str:
    # Words that begin with an option are no command by themselves.
    commands = [one for one in service.execution.processes if not one.is_option]
    if commands:
        return _several(commands)
    if service.execution.processes:
        told = f"`{service.execution.processes[0].written}` is handed to the entrypoint of"
        base = service.image.base if service.image is not None else service.process.image
        return f"{told} {f'the image {base}' if base else 'an image of others'}, which is not read"
    if service.execution.unread:
        return service.execution.unread[0].note
    declared = service.process.command or service.process.entrypoint
    declared = declared or (service.image.command if service.image is not None else None)
    if declared is not None and declared.written:
        return f"nothing that `{declared.written}` starts is known to stay"
    if service.image is not None and service.image.base is not None:
        if _PYTHON.match(service.image.base):
            return f"python3 of the base image {service.image.base}, which is given nothing to run"
        return f"the command of the base image {service.image.base}, which is not read"
    if service.process.image is not None:
        return f"the command of the image {service.process.image}, which is not read"
    return "no file names its command"


def _several(steps: Sequence[Step]) -> str:
    told = [f"`{step.written}`" + (f" when {step.when}" if step.when else "") for step in steps[:3]]
    return "several commands may be the one that stays: " + ", ".join(told)


# Its CMD is `python3` (github.com/docker-library/python).
_PYTHON = regex(r"(?:docker\.io/)?(?:library/)?python(?:[:@]|$)")
_FROM_ENVIRONMENT = regex(r"%\(ENV_(\w+)\)s")
_OFF = ("false", "no", "off", "0")


def _autostart(service: Service) -> Iterator[Fact]:
    """Whether supervisor starts the program by itself, and where it is started itself; nothing when it always does."""
    for setting in (one for one in service.process.settings if one.name == "autostart"):
        written = setting.span.text.strip()
        asked = _FROM_ENVIRONMENT.fullmatch(written)
        held = service.variables.definitions(asked[1]) if asked is not None else ()
        if held and isinstance(held[-1].value, Known):
            written, asked = str(held[-1].value.value), None
        if asked is not None:
            yield Fact("autostart", f"when ${asked[1]}", State.ENVIRONMENT, setting.span)
        elif written.lower() in _OFF:
            yield Fact("autostart", "not started by itself", span=setting.span)
    for setting in (one for one in service.process.settings if one.name == "reached"):
        when = setting.value
        told = f"when {when.value}" if isinstance(when, Known) else f"if {setting.span} is reached"
        yield Fact("autostart", told, State.ENVIRONMENT, setting.span)


def _handler(service: Service, handler: Value[str]) -> Fact:
    fact = valued("handler", handler)
    if isinstance(handler, Unknown):
        return fact
    if service.handled_at is None:
        return Fact("handler", f"{fact.text} was not found in the repository", State.UNKNOWN, handler.span)
    made = service.handled_at
    sources = (Source(fact.text, handler.span, "is called"), Source("", made, "makes it"))
    return replace(fact, text=f"{fact.text} → {made}", sources=sources)


def _daemons(service: Service) -> Iterator[Fact]:
    steps = service.daemons
    if steps:
        shown = [f"perhaps {_filled(one)}" if one.conditional else _filled(one) for one in steps]
        sources = tuple(Source(_filled(one), one.span, "is started beside it") for one in steps)
        yield Fact("daemons", ", ".join(shown), span=steps[0].span, sources=sources)


def _filled(step: Step) -> str:
    """A step as it is written, but for uWSGI's placeholder, which stands for the variable of a condition."""
    return " ".join(str(word) if "%(" not in str(word) else "".join(map(_part, word.parts)) for word in step.argv)


def _part(part: Part) -> str:
    if isinstance(part, Literal):
        return part.text.value
    return f"${part.name}" if isinstance(part, Expansion) else part.span.text


def _chain(service: Service) -> tuple[Source, ...]:
    step = service.step
    assert step is not None
    links = [Source("", evidence.span, evidence.note) for evidence in service.chain]
    return (*links, Source(step.written, step.span, "is what stays"))


def _server(service: Service, repository: Repository) -> Fact:
    server = service.server
    assert server is not None
    distribution = serving_distribution(server)
    version = None
    if distribution is not None and not service.is_of_another_version:
        version = placed_version_of(service.installs, distribution, repository)
    own = (None, server.distribution, server.product.lower())
    named = server.product if distribution in own else f"{server.product}, {distribution}"
    text = server.product if version is None else f"{named} {version.value}"
    sources = [Source(server.product, server.span, "starts it")]
    if version is not None:
        sources.insert(0, Source(version.value, version.span, "fixes its version"))
    return Fact("server", text, span=server.span, sources=tuple(sources))


def _app(service: Service, deployment: Deployment) -> Iterator[Fact]:
    server, app = service.server, service.app
    if app is None:
        assert server is not None
        target = server.target
        if isinstance(target, Unknown) and serves_its_own(server.product):
            return
        if isinstance(target, Unknown):
            yield Fact("app", target.reason, State.UNKNOWN, target.span)
        elif isinstance(target, EnvDriven):
            yield Fact("app", f"${target.name} names it", State.UNKNOWN, target.span)
        elif service.module is not None:
            reason = f"what {target.value} is could not be told from {service.module}"
            yield Fact("app", reason, State.UNKNOWN, target.span)
        else:
            elsewhere = deployment.serving_of(service).module_elsewhere
            yield Fact("app", _absence(target.value, elsewhere, service), State.UNKNOWN, target.span)
        return
    factory = ", a factory" if app.is_factory else ""
    shown = f"{app.target} → " if app.target else ""
    places = " or ".join(str(span) for span in (app.span, *app.others))
    yield Fact("app", f"{shown}{places}, {app.framework}, {app.interface.value}{factory}", span=app.span)


def _absence(target: str, elsewhere: str | None, service: Service) -> str:
    """Why an app is not told: its module is not here, or is here and not where the server looks for it."""
    if elsewhere is not None:
        reason = f"{target} is not found where it runs"
        if service.image is None and service.process.image:
            reason = f"what the image {service.process.image} holds is not known"
        elif service.step is not None and service.step.directory is None:
            reason = "the folder in which it starts is not known"
        return f"{reason}; {elsewhere} is in this repository"
    return f"{target} was not found in the repository"


def _image(image: Image, service: Service) -> Fact:
    """What builds it; before that the name by which it is asked for, when that pins a version of it.

    The base of a version is that of a file which may have changed since: it is not told.
    """
    reference = service.process.image
    built = f"{image.path}, stage {image.stage}" if image.stage else image.path
    based = f"{built} on {image.base}" if image.base else built
    if reference is None or not service.process.pins_image:
        return Fact("image", based, span=image.span)
    if not service.is_of_another_version:
        return Fact("image", f"{reference}, a build of {based}", span=image.span)
    tag = reference.rpartition("/")[2].partition("@")[0].partition(":")[2]
    version = tag if tag not in ("", "latest") else "that version"
    return Fact("image", f"{reference}, a build of {built} at {version}", span=image.span)
