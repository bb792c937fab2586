"""Install Flask with its extra for coroutines when a view is one.

Flask runs an `async def` view through asgiref, which plain `flask` does not bring. Nothing is said at the start: each
request to such a view, or every request when a `before_request` function is one, ends in "RuntimeError: Install Flask
with the 'async' extra in order to use async views" and answers 500 (measured with Flask 3.1).

## Example

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["gunicorn", "--bind=0.0.0.0:8000", "shop:app"]
```
```text title="requirements.txt"
flask==3.1.3
gunicorn==27.0.1
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)


@app.get("/")
async def index():  # <- flask-async-view-without-extra
    return "ok"
```

Use instead:

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["gunicorn", "--bind=0.0.0.0:8000", "shop:app"]
```
```text title="requirements.txt"
flask[async]==3.1.3
gunicorn==27.0.1
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)


@app.get("/")
async def index():
    return "ok"
```

## References
- Flask, Using async and await
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.SAFE,))
def flask_async_view_without_extra(service: Service, deployment: Deployment) -> Findings:
    packages = deployment.packages_of(service)
    server = service.server
    need = packages.async_need if service.is_production is YES else None
    if need is None or server is None:
        return
    yield Finding(
        need.span,
        f"Flask cannot run the coroutine {need.what}: {need.why}, and requests to it answer 500",
        (*service.chain, Evidence(server.span, f"`{service.label}` serves it"), *need.evidence),
        help=need.advice,
        fix=packages.with_needed(need),
    )
