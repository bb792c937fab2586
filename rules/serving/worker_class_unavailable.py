"""Install what gunicorn's worker class needs, in a version of gunicorn that has it.

The classes `gevent`, `eventlet`, `tornado` and those of uvicorn and aiohttp live in packages that gunicorn does not
bring, and classes come and go with gunicorn's versions: `asgi` is there since 24, `eventlet` is gone since 26. A
class that cannot be loaded ends gunicorn before it opens its port: "Entry point ('gunicorn.workers', 'eventlet') not
found" or "No module named 'gevent'" (exit status 1, measured with gunicorn 27.0).

## Example

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["gunicorn", "--bind=0.0.0.0:8000", "-k", "gevent", "shop:app"]  # <- worker-class-unavailable
```
```text title="requirements.txt"
flask
gunicorn
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
CMD ["gunicorn", "--bind=0.0.0.0:8000", "-k", "gevent", "shop:app"]
```
```text title="requirements.txt"
flask
gunicorn
gevent
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

## References
- Gunicorn, Settings: worker_class
- Gunicorn, Changelog
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.UNSAFE,))
def worker_class_unavailable(service: Service, deployment: Deployment) -> Findings:
    packages = deployment.packages_of(service)
    need = packages.worker_need if service.is_production is YES else None
    if need is None:
        return
    yield Finding(
        need.span,
        f"`{service.label}` is told to use {need.what}, but {need.why}: gunicorn ends at once",
        (*service.chain, *need.evidence),
        help=need.advice,
        fix=packages.with_needed(need),
    )
