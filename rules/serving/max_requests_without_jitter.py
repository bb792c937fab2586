"""Restart workers one after the other, not all at once.

`max_requests` replaces a worker after so many requests, against leaking memory. Requests are spread evenly, so that all
workers come to the number at about the same time: for as long as the app takes to be imported nobody answers, and the
load balancer sees a site that is down for some seconds, again and again.

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn --bind=0.0.0.0:8000 --workers=4 --max-requests=1000 shop:app  # <- max-requests-without-jitter
    restart: unless-stopped
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

Use instead:

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn --max-requests-jitter=100 --bind=0.0.0.0:8000 --workers=4 --max-requests=1000 shop:app
    restart: unless-stopped
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

## References
- gunicorn, Settings: max_requests_jitter
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Known, Safety, Severity, rule


@rule(Severity.INFO, fixes=(Safety.SAFE,))
def max_requests_without_jitter(service: Service, deployment: Deployment) -> Findings:
    server, parallel = service.server, service.parallel
    if service.is_production is not YES or server is None or server.product != "gunicorn":
        return
    most, jitter = server.settings.value("max_requests"), server.settings.value("max_requests_jitter")
    if not (isinstance(most, Known) and isinstance(jitter, Known) and parallel.has_several_workers is YES):
        return
    if most.value and jitter.value == 0:
        tenth = max(1, int(str(most.value)) // 10)
        yield Finding(
            most.span,
            f"{parallel.said} of `{service.label}` restart at the same time, after {most.value} requests each",
            (*service.chain, *parallel.evidence),
            help=f"set max_requests_jitter to {tenth}, so that each goes at a time of its own",
            fix=deployment.workers_of(service).with_jitter(tenth),
        )
