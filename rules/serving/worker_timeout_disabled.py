"""Keep the limit after which gunicorn replaces a worker that hangs.

gunicorn kills and replaces a worker that shows no sign of life for `--timeout` seconds, 30 unless somebody
changes it. With 0 it never does: a worker that waits for a database or a partner that does not answer waits
for good, each such request takes another one with it, and the service stands still until somebody restarts
it. With ten minutes and more the same lasts ten minutes.

## Example

```yaml title="compose.prod.yaml"
services:
  web:
    build: .
    ports: ["80:8000"]
    command: gunicorn --config=gunicorn.conf.py shop:app
```
```python title="gunicorn.conf.py"
bind = "0.0.0.0:8000"
timeout = 0  # <- worker-timeout-disabled
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt gunicorn.conf.py shop.py ./
RUN pip install -r requirements.txt
```
```text title="requirements.txt"
flask==3.1.3
gunicorn==27.0.1
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

Use instead:

```yaml title="compose.prod.yaml"
services:
  web:
    build: .
    ports: ["80:8000"]
    command: gunicorn --config=gunicorn.conf.py shop:app
```
```python title="gunicorn.conf.py"
bind = "0.0.0.0:8000"
timeout = 30
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt gunicorn.conf.py shop.py ./
RUN pip install -r requirements.txt
```
```text title="requirements.txt"
flask==3.1.3
gunicorn==27.0.1
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

## References
- Gunicorn, Settings: timeout
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.deployment.servers.concurrency import silence_limit_of
from prodlint.rule import NO, YES, Finding, Findings, Severity, rule

_LONG = 600


@rule(Severity.WARNING)
def worker_timeout_disabled(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    limit = silence_limit_of(server) if server is not None else None
    if service.is_production is not YES or server is None or limit is None or 0 < limit.value < _LONG:
        return
    traffic = deployment.traffic_to(service)
    front = traffic.patience
    if traffic.may_come_from_cloud_run is not NO:
        # It ends requests by itself, and its guide says 0.
        return
    if limit.value and front is not None and front.seconds >= limit.value:
        return
    hangs = f"for {limit.value // 60} minutes" if limit.value else "for good"
    yield Finding(
        limit.span,
        f"`{service.label}` has a timeout of {limit.value}: a worker that hangs stays {hangs}, "
        "and takes a part of the service with it",
        service.chain,
        help="leave it at 30 s, or a little more than the slowest request takes, and move longer work to a queue",
    )
