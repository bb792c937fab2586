"""The routers of platforms: each web process has one in front of it that no file of a proxy declares.

Source: the catalogue's platform page, 2.1 (ports, and who terminates TLS) and 2.4 to 2.12.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prodlint.deployment.command import Link
from prodlint.deployment.environment import Environment
from prodlint.deployment.network import Listen, Proxy, ProxyRoute, Upstream
from prodlint.deployment.process import Platform, Role
from prodlint.deployment.procfile import is_exported, is_of_heroku, is_procfile
from prodlint.deployment.proxies.dialling import listening_to_others, may_listen
from prodlint.deployment.proxies.passage import ROUTERS, SOME_PLATFORM, Destination, Passage
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.bind import Bind
from prodlint.deployment.service import Service
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Known, Value, answer
from prodlint.source import Span

__all__ = ["platform_passages"]

# Heroku Dev Center, "HTTP Routing": port 80 is answered too; whether to redirect is the app's to say.
_ANSWERS_PLAINLY = frozenset((Platform.HEROKU,))
# Where the platform sets PORT to the port that it dials, and what that is when no file says it.
_SETS_PORT: dict[Platform, int | None] = {
    Platform.HEROKU: None,
    Platform.RENDER: 10000,
    Platform.RAILWAY: None,
    Platform.CLOUD_RUN: 8080,
    Platform.APP_ENGINE: 8080,
    Platform.DIGITALOCEAN: 8080,
    Platform.CLOUD_FOUNDRY: 8080,
}
# Render finds any port that is open, Railway's may be set in its panel.
_MAY_FIND_OTHERS = (Platform.RENDER, Platform.RAILWAY)


def platform_passages(services: Iterable[Service], repository: Repository) -> Iterator[Passage]:
    """The way from the router of its platform to each web service."""
    for service in services:
        product = ROUTERS.get(service.process.platform)
        if product is None or service.role is not Role.WEB or service.step is None:
            continue
        is_certain = True
        if is_procfile(service.process.path):
            # Nothing stands before what `heroku local` starts on a desk.
            if service.process.name != "web" or service.environment is Environment.DEVELOPMENT:
                continue
            if is_exported(service.process, repository):
                continue
            is_certain = is_of_heroku(service.process, repository)
            product = product if is_certain else SOME_PLATFORM
        for port, span in _dialled(service):
            listens, bind = _listening(service, port, is_certain)
            chain = [Link(span, f"is where the {product} leads to")]
            if bind is not None and bind.span.path:
                chain.append(Link(bind.span, f"{service.name} listens on {bind}"))
            upstream = Upstream("http", service.name, span, port)
            end = Destination(upstream, service=service, port=port, listens=listens, chain=tuple(chain))
            route = ProxyRoute("/", span, upstreams=(upstream,))
            plain = (Listen(span, Known(80, span)),) if service.process.platform in _ANSWERS_PLAINLY else ()
            listens_on = (*plain, Listen(span, Known(443, span), tls=True))
            proxy = Proxy(product, span, (), listens_on, (route,), service.environment)
            yield Passage(proxy, route, service.environment, destinations=(end,), of_platform=True)


def _dialled(service: Service) -> Iterator[tuple[Value[int], Span]]:
    """The ports that a router dials, and where they are written."""
    process = service.process
    if process.platform is Platform.FLY:
        # Both of its ports may lead to the same one.
        yield from {(one.target, one.span): None for one in process.exposures}
    elif process.reach.has_company and not process.ports:
        # Of several containers the one with a port takes the requests.
        return
    elif process.ports:
        yield process.ports[0].number, process.ports[0].span
    elif process.platform in _SETS_PORT:
        yield EnvDriven("PORT", _SETS_PORT[process.platform], process.span), process.span
    elif process.platform is Platform.APP_RUNNER:
        yield Known(8080, process.span), process.span


def _listening(service: Service, port: Value[int], is_certain: bool) -> tuple[Answer, Bind | None]:
    """Whether the service listens where the router dials; `is_certain` says that it is known whose router it is."""
    listens, bind = listening_to_others(service, port)
    if listens is UNKNOWN and bind is not None and bind.is_everywhere is YES:
        listens = _with_port_set(service.process.platform, bind, port)
    may_be_found = service.process.platform in _MAY_FIND_OTHERS or not is_certain
    # `bin/start-nginx` of a buildpack listens in the place of the server.
    may_be_found = may_be_found or any(may_listen(step, service) for step in service.execution.steps)
    return (UNKNOWN if listens is NO and may_be_found else listens), bind


def _with_port_set(platform: Platform, bind: Bind, port: Value[int]) -> Answer:
    """The same where the platform sets PORT to the port that it dials."""
    if platform not in _SETS_PORT:
        return UNKNOWN
    if isinstance(bind.port, EnvDriven):
        return YES if bind.port.name == "PORT" else UNKNOWN
    if isinstance(bind.port, Known) and isinstance(port, EnvDriven):
        return answer(port.default is not None and bind.port.value == port.default)
    return UNKNOWN
