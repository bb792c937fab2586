"""Leave eventlet while there is time.

Eventlet is in maintenance mode: its own authors advise against new use, importing it warns, and gunicorn has no worker
for it since version 26 (measured with gunicorn 27.0: "Entry point ('gunicorn.workers', 'eventlet') not found"). A
deployment on eventlet cannot follow gunicorn's or Python's updates for long.

## Example

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["gunicorn", "--bind=0.0.0.0:8000", "-k", "eventlet", "shop:app"]  # <- eventlet-unmaintained
```
```text title="requirements.txt"
eventlet==0.40.3
flask==3.1.3
gunicorn==25.3.0
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

Use instead:

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["gunicorn", "--bind=0.0.0.0:8000", "-k", "gthread", "--threads", "8", "shop:app"]
```
```text title="requirements.txt"
flask==3.1.3
gunicorn==25.3.0
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

## References
- Eventlet, Maintenance and migration
- Gunicorn, Changelog: 26.0.0
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Severity, rule


@rule(Severity.INFO)
def eventlet_unmaintained(service: Service, deployment: Deployment) -> Findings:
    packages = deployment.packages_of(service)
    server = service.server
    worker = server.worker_class if server is not None else None
    if service.is_production is not YES or server is None or worker is None:
        return
    if server.settings.known("worker_class") != "eventlet" or packages.worker_need is not None:
        return
    yield Finding(
        worker.source.span,
        f"`{service.label}` depends on eventlet, which is no longer developed and which gunicorn 26 has no worker for",
        (*service.chain, *packages.asking_for("eventlet")),
        help="move to `-k gthread`, or to gevent where the app counts on green threads",
    )
