"""Show metrics to Prometheus alone, not to everybody who comes through the proxy.

What `/metrics` lists is made for operators: every route with its traffic, the rate of errors,
versions, the names of queues and customers in labels. A proxy that passes `/` on passes it on too.
Anyone can see how busy a shop is, which routes exist that no page links to, and when an attack
begins to work.

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    restart: unless-stopped
  nginx:
    image: nginx:1.29
    restart: unless-stopped
    ports:
      - "80:80"
    volumes:
      - ./nginx.conf:/etc/nginx/conf.d/default.conf:ro
```
```nginx title="nginx.conf"
server {
    listen 80;
    location / {
        proxy_pass http://web:8000;
    }
}
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install fastapi==0.165.0 uvicorn==0.54.0 prometheus-fastapi-instrumentator==7.1.0
CMD ["uvicorn", "main:app", "--host=0.0.0.0", "--port=8000"]
```
```python title="main.py"
from fastapi import FastAPI
from prometheus_fastapi_instrumentator import Instrumentator

app = FastAPI()
Instrumentator().instrument(app).expose(app)  # <- metrics-endpoint-public
```

Use instead:

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    restart: unless-stopped
  nginx:
    image: nginx:1.29
    restart: unless-stopped
    ports:
      - "80:80"
    volumes:
      - ./nginx.conf:/etc/nginx/conf.d/default.conf:ro
```
```nginx title="nginx.conf"
server {
    listen 80;
    location = /metrics {
        return 404;
    }
    location / {
        proxy_pass http://web:8000;
    }
}
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install fastapi==0.165.0 uvicorn==0.54.0 prometheus-fastapi-instrumentator==7.1.0
CMD ["uvicorn", "main:app", "--host=0.0.0.0", "--port=8000"]
```
```python title="main.py"
from fastapi import FastAPI
from prometheus_fastapi_instrumentator import Instrumentator

app = FastAPI()
Instrumentator().instrument(app).expose(app)
```

## References
- Prometheus, Security model
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.INFO)
def metrics_endpoint_public(service: Service, deployment: Deployment) -> Findings:
    metrics = deployment.observability_of(service).public_metrics if service.is_production is YES else None
    if metrics is not None:
        yield Finding(
            metrics.span,
            f"everybody can read {metrics.path} of {service.name}",
            (*service.chain_to_app, Evidence(metrics.passage, f"{metrics.proxy} passes {metrics.path} on")),
            help=f"answer {metrics.path} with 404 in {metrics.passage.path}, or show metrics on a port of their own",
        )
