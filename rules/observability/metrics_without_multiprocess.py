"""Add up what all workers count before Prometheus reads it.

Each worker counts the requests that it served itself, and `/metrics` is answered by whichever worker takes that
request. Counters jump up and down from scrape to scrape (measured with three workers after 40 requests: 9, then 30),
rates are nonsense, and an alert on errors may never fire.

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn --bind=0.0.0.0:8000 --workers=4 shop:app
    restart: unless-stopped
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1 prometheus-client==0.24.1
```
```python title="shop.py"
from flask import Flask
from prometheus_client import Counter, generate_latest

app = Flask(__name__)
orders = Counter("orders", "Orders that were placed")


@app.get("/metrics")
def metrics() -> bytes:
    return generate_latest()  # <- metrics-without-multiprocess
```

Use instead:

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn --bind=0.0.0.0:8000 --workers=4 shop:app
    restart: unless-stopped
    environment:
      PROMETHEUS_MULTIPROC_DIR: /tmp
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1 prometheus-client==0.24.1
```
```python title="shop.py"
from flask import Flask
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

app = Flask(__name__)
orders = Counter("orders", "Orders that were placed")


@app.get("/metrics")
def metrics() -> bytes:
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry)
```

## References
- Prometheus Python client, Multiprocess Mode
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Severity, rule


@rule(Severity.WARNING)
def metrics_without_multiprocess(service: Service, deployment: Deployment) -> Findings:
    parallel = service.parallel
    if service.is_production is not YES or parallel.has_several_workers is not YES:
        return
    span = deployment.workers_of(service).metrics_of_one_process
    if span is not None:
        yield Finding(
            span,
            f"Prometheus reads what one of {parallel.said} of `{service.label}` counted, another one each time",
            (*service.chain, *parallel.evidence),
            help="set PROMETHEUS_MULTIPROC_DIR to a folder that is empty at the start, and collect with a "
            "MultiProcessCollector",
        )
