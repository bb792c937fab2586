"""Tell granian how to call the app.

Without `--interface` granian calls an app by its own protocol, RSGI, which neither ASGI nor WSGI apps speak. It
starts, accepts connections and answers every request with 500 (measured with granian 2.8 and FastAPI, and Flask).

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    restart: always
    command: granian --host 0.0.0.0 main:app  # <- granian-interface-missing
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install fastapi==0.165.0 granian==2.8.9
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def index():
    return "ok"
```

Use instead:

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    restart: always
    command: granian --host 0.0.0.0 --interface asgi main:app
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install fastapi==0.165.0 granian==2.8.9
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def index():
    return "ok"
```

## References
- Granian, Options: interface
- RSGI specification
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Interface, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.SAFE,))
def granian_interface_missing(service: Service, deployment: Deployment) -> Findings:
    serving = deployment.serving_of(service)
    server, app = service.server, serving.app
    if service.is_production is not YES or server is None or app is None or app.interface is Interface.OWN:
        return
    if server.product != "granian" or not server.is_silent_on("interface"):
        return
    if not server.in_code and service.variables.lacks("GRANIAN_INTERFACE") is not YES:
        return
    wanted = app.interface.value.lower()
    target = server.parsed.positional[0].literal if server.parsed.positional else None
    yield Finding(
        server.span,
        f"`{service.label}` calls the {app.framework} app as RSGI, granian's default: every request answers 500",
        (*service.chain, Evidence(app.span, f"the {app.framework} app, which speaks {app.interface.value}")),
        help=f"start granian with `--interface {wanted}`",
        fix=serving.with_target("--interface", wanted, target) if target else None,
    )
