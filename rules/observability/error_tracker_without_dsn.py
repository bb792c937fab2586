"""Give the error tracker the DSN that its code reads, where production runs.

Without a DSN `sentry_sdk.init` does nothing: it raises no error and writes no line, and neither does
the first exception. The project page stays green, which looks exactly like a release without
faults. People find out from their users.

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    restart: unless-stopped
    environment:
      DATABASE_URL: postgres://database/shop
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["uvicorn", "main:app", "--host=0.0.0.0"]
```
```text title="requirements.txt"
fastapi==0.165.0
sentry-sdk==2.46.0
uvicorn==0.54.0
```
```python title="main.py"
import os

import sentry_sdk
from fastapi import FastAPI

sentry_sdk.init(dsn=os.environ.get("SENTRY_DSN"))  # <- error-tracker-without-dsn
app = FastAPI()
```

Use instead:

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    restart: unless-stopped
    environment:
      DATABASE_URL: postgres://database/shop
      SENTRY_DSN: ${SENTRY_DSN:?}
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["uvicorn", "main:app", "--host=0.0.0.0"]
```
```text title="requirements.txt"
fastapi==0.165.0
sentry-sdk==2.46.0
uvicorn==0.54.0
```
```python title="main.py"
import os

import sentry_sdk
from fastapi import FastAPI

sentry_sdk.init(dsn=os.environ.get("SENTRY_DSN"))
app = FastAPI()
```

## References
- Sentry, Python: Options, dsn
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.WARNING)
def error_tracker_without_dsn(service: Service, deployment: Deployment) -> Findings:
    if service.is_production is not YES:
        return
    for tracker in deployment.observability_of(service).error_trackers:
        missing = tracker.missing_dsn
        if missing is not None:
            name = missing or "a DSN"
            yield Finding(
                tracker.span,
                f"error tracking of {service.name} is off: nothing sets {name} where it runs",
                (Evidence(service.declared_at, f"gives {service.name} no {missing or 'DSN'}"), *service.chain),
                help=f"set {missing or 'SENTRY_DSN'} in the environment of {service.name}",
            )
