"""A map for programs: an object of a versioned shape, published as `map.schema.json`."""

from __future__ import annotations

import json
from typing import Any

from prodlint import __version__
from prodlint.map.document import (
    Doubt,
    Fact,
    Map,
    MappedProject,
    MappedProxy,
    MappedRelease,
    MappedRoute,
    MappedService,
)
from prodlint.report.terminal import Terminal
from prodlint.source import Span

__all__ = ["VERSION", "render"]

# Raised when a field changes its meaning or goes away.
VERSION = 1


def render(whole: Map, terminal: Terminal) -> str:
    """The map, indented by two blanks, in ASCII; ends with a line feed. The terminal plays no part."""
    document = {
        "version": VERSION,
        "prodlint": __version__,
        "environment": whole.environment,
        "projects": [_project(project) for project in whole.projects],
        "releases": [_release(release) for release in whole.releases],
        "backing_services": [_fact(fact) for fact in whole.beside],
        "proxies": [_proxy(proxy) for proxy in whole.proxies],
        "undecided": [_doubt(doubt) for doubt in whole.doubts],
        "other_environments": dict(whole.others),
    }
    return json.dumps(document, indent=2).replace("##[", "#\\u0023[") + "\n"


def _project(project: MappedProject) -> dict[str, Any]:
    return {
        "root": project.root,
        "services": [_service(service) for service in project.services],
        "migrations": [_fact(fact) for fact in project.migrations],
        "dependencies": [_fact(fact) for fact in project.dependencies],
    }


def _service(service: MappedService) -> dict[str, Any]:
    return {
        "name": service.name,
        "label": service.label,
        "role": service.role,
        "environment": service.environment,
        "platform": service.platform,
        "location": _location(service.span),
        "facts": [_fact(fact) for fact in service.facts],
        "settings": [_fact(fact) for fact in service.written_settings],
        "variables": [_fact(fact) for fact in service.variables],
    }


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "name": fact.name,
        "value": fact.text,
        "state": fact.state.value,
        "location": _location(fact.span),
        "sources": [
            {"value": source.text, "location": _location(source.span), "note": source.note} for source in fact.sources
        ],
    }


def _release(release: MappedRelease) -> dict[str, Any]:
    steps = [
        {
            "kind": step.kind,
            "text": step.text,
            "owner": step.owner,
            "conditional": step.conditional,
            "condition": step.condition,
            "own_condition": step.own_condition,
            "on_host": step.on_host,
            "started_by": None if step.started_by is None else _location(step.started_by),
            "location": _location(step.span),
        }
        for step in release.steps
    ]
    return {
        "name": release.name,
        "location": _location(release.span),
        "triggers": list(release.triggers),
        "part_of": release.part_of,
        "steps": steps,
    }


def _proxy(proxy: MappedProxy) -> dict[str, Any]:
    holder = proxy.holder
    return {
        "product": proxy.product,
        "environment": proxy.environment,
        "location": _location(proxy.span),
        "names": list(proxy.names),
        "listens": list(proxy.listens),
        "encrypted": proxy.encrypted,
        "run_by": None if holder is None else {"name": holder.text, "location": _location(holder.span)},
        "routes": [_route(route) for route in proxy.routes],
    }


def _route(route: MappedRoute) -> dict[str, Any]:
    destinations = [
        {"kind": one.kind, "service": one.service, "certain": one.certain, "listens": one.listens, **_fact(one.fact)}
        for one in route.destinations
    ]
    return {"path": route.path, "location": _location(route.span), "destinations": destinations}


def _doubt(doubt: Doubt) -> dict[str, Any]:
    return {"subject": doubt.subject, "reason": doubt.reason, "location": _location(doubt.span)}


def _location(span: Span | None) -> dict[str, Any] | None:
    """The place of a span; None where a fact has none in the repository."""
    if span is None or not span.path:
        return None
    return {"path": span.path, "line": span.line, "column": span.column}
