"""Keep a record of requests: some servers write none unless they are asked to.

Gunicorn, hypercorn and granian have their access log switched off. Where no proxy or platform in
front of them writes requests down either, nobody can say since when a page fails, for whom, and how
many came before the service stood still: those are the first questions of each incident.

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    restart: unless-stopped
    command: gunicorn --bind=0.0.0.0:8000 --workers=3 main:app  # <- missing-access-log
    ports:
      - "80:8000"
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1
```
```python title="main.py"
from flask import Flask

app = Flask(__name__)
```

Use instead:

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    restart: unless-stopped
    command: gunicorn --bind=0.0.0.0:8000 --workers=3 --access-logfile=- main:app
    ports:
      - "80:8000"
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1
```
```python title="main.py"
from flask import Flask

app = Flask(__name__)
```

## References
- Gunicorn, Settings: accesslog
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Severity, rule


@rule(Severity.INFO)
def missing_access_log(service: Service, deployment: Deployment) -> Findings:
    if service.is_production is not YES or service.server is None:
        return
    ways = deployment.observability_of(service).unrecorded_requests
    if ways is not None:
        product = service.server.product
        yield Finding(
            service.server.span,
            f"{service.name} keeps no record of requests: the access log of {product} is off by default",
            (*service.chain, *ways),
            help=f"switch it on ({_OPTIONS[product]})",
        )


_OPTIONS = {"gunicorn": "--access-logfile=-", "hypercorn": "--access-logfile=-", "granian": "--access-log"}
