"""Listen on every address of a container: its loopback is its own.

127.0.0.1 inside of a container, a pod or a dyno is another machine than 127.0.0.1 outside of it. A
server that listens there starts, logs that it is ready and answers `curl localhost` from a shell in the
container, while the published port, the proxy in the next container, the platform's router and its
probes are refused. Most servers do that when nobody tells them otherwise: uvicorn, hypercorn, daphne,
granian, `flask run`, `runserver`, and gunicorn where PORT is not set (measured, with the defaults of
waitress and `fastapi run`, which listen everywhere).

## Example

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt main.py ./
RUN pip install -r requirements.txt
CMD ["uvicorn", "main:app"]  # <- loopback-bind-in-container
```
```yaml title="compose.prod.yaml"
services:
  web:
    build: .
    ports:
      - "80:8000"
```
```text title="requirements.txt"
fastapi==0.165.0
uvicorn==0.54.0
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def home() -> dict[str, str]:
    return {"state": "open"}
```

Use instead:

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt main.py ./
RUN pip install -r requirements.txt
CMD ["uvicorn", "--host=0.0.0.0", "main:app"]
```
```yaml title="compose.prod.yaml"
services:
  web:
    build: .
    ports:
      - "80:8000"
```
```text title="requirements.txt"
fastapi==0.165.0
uvicorn==0.54.0
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def home() -> dict[str, str]:
    return {"state": "open"}
```

## References
- Docker, Publishing and exposing ports
- Cloud Run, Container runtime contract
- Uvicorn, Settings: socket binding
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import NO, YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.SAFE,))
def loopback_bind_in_container(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    if service.is_production is not YES or server is None or service.listens_on_loopback is not YES:
        return
    traffic = deployment.traffic_to(service)
    dials = [one for one in traffic.dials if one.is_outside is YES]
    if traffic.container.serves_alone is not YES:
        return
    if not dials or (server.is_development is not NO and not any(one.is_certain for one in dials)):
        # A development server by itself says that nobody deploys this so.
        return
    bind = server.binds[0]
    is_written = bind.span != server.span
    default = "" if is_written else f", {server.product}'s default"
    is_sure = any(one.is_certain for one in dials) and (is_written or service.variables.is_open is NO)
    yield Finding(
        bind.span,
        f"`{service.label}` listens on {bind}{default}, which only its own container reaches: {dials[0].failure}",
        (*service.chain_to_bind, *(Evidence(one.span, one.note) for one in dials[:3])),
        help=f"let it listen on 0.0.0.0:{bind.shown_port}",
        fix=traffic.on_every_address if is_sure else None,
        severity=Severity.ERROR if is_sure else Severity.WARNING,
    )
