"""Give an orchestrated app a route that can be asked whether it is well.

Kubernetes, ECS, Cloud Run, Fly and Render restart what does not answer and keep it out of the
rotation, if they have something to ask. Without a route for it all that they see is an open port.
A process whose workers all hang, or whose app could not reach its database, still accepts
connections: users get errors or wait, and nothing is restarted.

## Example

```toml title="fly.toml"
app = "shop"

[processes]
  web = "uvicorn main:app --host 0.0.0.0 --port 8080"  # <- missing-health-endpoint

[http_service]
  internal_port = 8080
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install fastapi==0.165.0 uvicorn==0.54.0
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/orders/{number}")
def order(number: int):
    return {"number": number}
```

Use instead:

```toml title="fly.toml"
app = "shop"

[processes]
  web = "uvicorn main:app --host 0.0.0.0 --port 8080"

[http_service]
  internal_port = 8080

  [[http_service.checks]]
    path = "/health"
    interval = "15s"
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install fastapi==0.165.0 uvicorn==0.54.0
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
def health():
    return {"ok": True}


@app.get("/orders/{number}")
def order(number: int):
    return {"number": number}
```

## References
- Kubernetes, Configure Liveness, Readiness and Startup Probes
- Fly, Health Checks
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.WARNING)
def missing_health_endpoint(service: Service, deployment: Deployment) -> Findings:
    missing = deployment.observability_of(service).missing_health if service.is_production is YES else None
    if missing is None or service.server is None:
        return
    platform = service.process.platform.value
    yield Finding(
        service.server.span,
        f"{platform} has nothing to ask {service.name} for its health: no probe, and no route for one",
        (*service.chain_to_app, Evidence(missing.route, f"the first of its routes ({missing.count} in all)")),
        help="add a route such as /health, and name it in a probe",
    )
