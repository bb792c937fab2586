"""Tell uvicorn that its target is a factory.

Uvicorn calls a function that takes no argument, because it looks like a factory, and writes "ASGI app factory
detected. Using it, but please consider setting the --factory flag explicitly." at each start of each worker (measured
with uvicorn 0.54). With the first parameter that has no default the guess turns, and every request answers 500.

## Example

```procfile title="Procfile"
web: uvicorn shop:create_app --host 0.0.0.0 --port $PORT  # <- factory-flag-missing
```
```python title="shop.py"
from fastapi import FastAPI


def create_app():
    return FastAPI()
```

Use instead:

```procfile title="Procfile"
web: uvicorn --factory shop:create_app --host 0.0.0.0 --port $PORT
```
```python title="shop.py"
from fastapi import FastAPI


def create_app():
    return FastAPI()
```

## References
- Uvicorn, Settings: factory
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import NO, YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.INFO, fixes=(Safety.SAFE,))
def factory_flag_missing(service: Service, deployment: Deployment) -> Findings:
    serving = deployment.serving_of(service)
    target, server = serving.target, service.server
    if (
        service.is_production is not YES
        or server is None
        or target is None
        or server.product != "uvicorn"
        or server.in_code
    ):
        return
    factory = target.factory
    if factory is None or target.is_called is not YES or target.told_to_call is not NO:
        return
    words = target.called_words(server)
    yield Finding(
        target.span,
        f"`{service.label}` leaves it to uvicorn to guess that {factory.name} makes the app",
        (*service.chain, Evidence(factory.span, "a function without parameters that must be given")),
        help=f"start `{' '.join(words)}`",
        fix=serving.with_target(*words),
    )
