"""Take uvicorn's worker for gunicorn from the package that has taken it over.

Since uvicorn 0.30 the module `uvicorn.workers` is deprecated: importing it warns, and its classes live on in the
package `uvicorn-worker`, module `uvicorn_worker` (measured with uvicorn 0.54, where it still works). The update that
removes the module ends gunicorn at its start.

## Example

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["gunicorn", "-b:8000", "-k", "uvicorn.workers.UvicornWorker", "main:app"]  # <- uvicorn-worker-module-deprecated
```
```text title="requirements.txt"
fastapi==0.165.0
gunicorn==27.0.1
uvicorn==0.54.0
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()
```

Use instead:

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["gunicorn", "-b:8000", "-k", "uvicorn_worker.UvicornWorker", "main:app"]
```
```text title="requirements.txt"
fastapi==0.165.0
gunicorn==27.0.1
uvicorn==0.54.0
uvicorn-worker==0.4.0
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()
```

## References
- Uvicorn, Deployment: Gunicorn
- Uvicorn, Release Notes 0.30.0
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Severity, rule


@rule(Severity.INFO)
def uvicorn_worker_module_deprecated(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    worker = server.worker_class if server is not None else None
    if service.is_production is not YES or server is None or worker is None:
        return
    name = str(server.settings.known("worker_class"))
    packages = deployment.packages_of(service)
    version = packages.since("uvicorn", "0.30.0") if name.startswith("uvicorn.workers.") else None
    if version is None:
        return
    yield Finding(
        worker.source.span,
        f"`{service.label}` takes its workers from uvicorn.workers, which uvicorn is going to remove",
        (*service.chain, version),
        help=f"install uvicorn-worker, and use uvicorn_worker.{name.rpartition('.')[2]}",
    )
