"""Keep the heartbeat of gunicorn's workers in memory.

Each worker touches a file to show that it lives, by default below /tmp. In a container that is its disk: while the disk
is busy, healthy workers are late, and gunicorn kills them with "WORKER TIMEOUT". Where the files of the container are
read-only gunicorn does not even start: "No usable temporary directory found" (measured with gunicorn 27.0).

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    restart: unless-stopped
    read_only: true
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1
CMD ["gunicorn", "--bind=0.0.0.0:8000", "shop:app"]  # <- worker-heartbeat-on-disk
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
    restart: unless-stopped
    read_only: true
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1
CMD ["gunicorn", "--worker-tmp-dir=/dev/shm", "--bind=0.0.0.0:8000", "shop:app"]
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

## References
- gunicorn, FAQ: How do I avoid Gunicorn excessively blocking in os.fchmod?
- gunicorn, Settings: worker_tmp_dir
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.INFO, fixes=(Safety.SAFE,))
def worker_heartbeat_on_disk(service: Service, deployment: Deployment) -> Findings:
    workers = deployment.workers_of(service)
    found = workers.heartbeat if service.is_production is YES else None
    if found is None:
        return
    if found.read_only is not None:
        yield Finding(
            found.span,
            f"`{service.label}` does not start: gunicorn needs a file for each worker, and all files are read-only",
            (*service.chain, Evidence(found.read_only, "makes all files of the container read-only")),
            help="add --worker-tmp-dir=/dev/shm, or a tmpfs at /tmp",
            fix=workers.with_heartbeat_in_memory,
            severity=Severity.ERROR,
        )
    else:
        yield Finding(
            found.span,
            f"the workers of `{service.label}` show that they live by files on the disk of the container",
            service.chain,
            help="add --worker-tmp-dir=/dev/shm: a busy disk makes gunicorn kill healthy workers",
            fix=workers.with_heartbeat_in_memory,
        )
