"""Run an ASGI app with workers that speak ASGI.

FastAPI, Starlette, Quart, Django's `asgi.py` and their like are called with a scope and two channels. Gunicorn's
default worker, waitress, uWSGI and `granian --interface wsgi` call an app the WSGI way, with an environment and a
function. Nothing shows at the start: the server boots, its port accepts connections, a check of the port passes, and
each request answers 500 with "__call__() missing 1 required positional argument: 'send'" (measured with gunicorn
27.0, waitress 3.0, granian 2.8 and uWSGI 2.0.31). Apps of aiohttp and Tornado need workers of their own.

## Example

```procfile title="Procfile"
web: gunicorn main:app  # <- asgi-app-on-wsgi-worker
```
```text title="requirements.txt"
fastapi==0.165.0
gunicorn==27.0.1
uvicorn-worker==0.4.0
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def index():
    return "ok"
```

Use instead:

```procfile title="Procfile"
web: gunicorn -k uvicorn_worker.UvicornWorker main:app
```
```text title="requirements.txt"
fastapi==0.165.0
gunicorn==27.0.1
uvicorn-worker==0.4.0
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def index():
    return "ok"
```

## References
- Gunicorn, Settings: worker_class
- Uvicorn, Deployment: Gunicorn
- ASGI specification
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Interface, Service
from prodlint.rule import NO, YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.UNSAFE,))
def asgi_app_on_wsgi_worker(service: Service, deployment: Deployment) -> Findings:
    serving = deployment.serving_of(service)
    server, app = service.server, serving.app
    if service.is_production is not YES or server is None or app is None:
        return
    if server.interface is not Interface.WSGI or server.can_serve(app) is not NO:
        return
    fix = serving.with_asgi_worker if app.interface is Interface.ASGI else None
    yield Finding(
        server.span,
        f"`{service.label}` hands the {app.framework} app to {server.told_by}, which calls it as WSGI: "
        "every request answers 500",
        (*service.chain, *server.interface_evidence, Evidence(app.span, f"the {app.framework} app that it serves")),
        help=f"serve it with {app.own_servers}",
        fix=fix,
    )
