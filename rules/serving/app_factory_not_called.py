"""Serve the app that a factory makes, not the factory.

A factory such as `create_app()` returns the app. A WSGI server that is given the function itself starts without a
complaint and calls it for each request with `environ` and `start_response`, which answers 500: "create_app() takes 0
positional arguments but 2 were given" (measured with gunicorn 27.0, waitress 3.0 and uWSGI 2.0.31). Hypercorn,
daphne, granian and gunicorn's own `asgi` worker do no better. Uvicorn alone calls a function that needs no argument.
A call with the wrong arguments, or `--factory` in front of an app that is made already, ends the server at once.

## Example

```procfile title="Procfile"
web: gunicorn shop:create_app  # <- app-factory-not-called
```
```python title="shop.py"
from flask import Flask


def create_app():
    app = Flask(__name__)

    @app.get("/")
    def index():
        return "ok"

    return app
```

Use instead:

```procfile title="Procfile"
web: gunicorn 'shop:create_app()'
```
```python title="shop.py"
from flask import Flask


def create_app():
    app = Flask(__name__)

    @app.get("/")
    def index():
        return "ok"

    return app
```

## References
- Flask, Application Factories
- Uvicorn, Settings: factory
- Waitress, waitress-serve: call
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import NO, YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.SAFE,))
def app_factory_not_called(service: Service, deployment: Deployment) -> Findings:
    serving = deployment.serving_of(service)
    target, server = serving.target, service.server
    if service.is_production is not YES or server is None or target is None:
        return
    factory, made = target.factory, target.instance
    if factory is not None and target.is_called is NO:
        message = f"{server.told_by} serves the function {factory.name} itself, and every request answers 500"
        words = target.called_words(server)
        fix = serving.with_target(*words) if words and not factory.required else None
        needs = f" with {' and '.join(factory.required)}" if factory.required else ""
        evidence = Evidence(factory.span, f"makes the {service.app.framework} app" if service.app else "makes the app")
        advice = f"start `{' '.join(words)}`" if words else f"make the app in the module{needs}, and serve that"
        yield Finding(target.span, f"`{service.label}`: {message}", (*service.chain, evidence), advice, fix)
    elif factory is not None and target.call_fault:
        message = (
            f"`{service.label}` calls {factory.name} in vain: {target.call_fault}, and {server.product} ends at once"
        )
        evidence = Evidence(factory.span, f"what {factory.name} takes")
        yield Finding(target.span, message, (*service.chain, evidence), f"call {factory.name} with what it takes")
    elif made is not None and target.calls_instance is YES:
        message = (
            f"`{service.label}` calls {target.name}, which is no factory but the app: {server.product} ends at once"
        )
        evidence = Evidence(made.span, f"makes the {made.framework} app")
        yield Finding(target.span, message, (*service.chain, evidence), f"serve {target.name} without calling it")
