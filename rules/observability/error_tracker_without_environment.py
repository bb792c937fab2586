"""Tell the error tracker which environment it runs in, once there is more than one.

Sentry files errors under `production` unless it is told otherwise. When staging runs the same code
with the same settings, its errors arrive among those of production: an alert at night may be
somebody's experiment, and people soon stop looking.

## Example

```yaml title="compose.production.yml"
services:
  web:
    build: .
    restart: unless-stopped
    environment:
      SENTRY_DSN: https://key@sentry.example.com/1
```
```yaml title="compose.staging.yml"
services:
  web:
    build: .
    restart: unless-stopped
    environment:
      SENTRY_DSN: https://key@sentry.example.com/1
      SHOP_BANNER: staging
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

sentry_sdk.init(dsn=os.environ["SENTRY_DSN"])  # <- error-tracker-without-environment
app = FastAPI()
```

Use instead:

```yaml title="compose.production.yml"
services:
  web:
    build: .
    restart: unless-stopped
    environment:
      SENTRY_DSN: https://key@sentry.example.com/1
```
```yaml title="compose.staging.yml"
services:
  web:
    build: .
    restart: unless-stopped
    environment:
      SENTRY_DSN: https://key@sentry.example.com/1
      SENTRY_ENVIRONMENT: staging
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

sentry_sdk.init(dsn=os.environ["SENTRY_DSN"])
app = FastAPI()
```

## References
- Sentry, Python: Environments
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.INFO)
def error_tracker_without_environment(service: Service, deployment: Deployment) -> Findings:
    observability = deployment.observability_of(service)
    trackers = observability.error_trackers if service.is_production is YES else ()
    live = observability.live_twin if trackers else None
    if live is None:
        return
    for tracker in trackers:
        if tracker.is_certain and tracker.says_production:
            yield Finding(
                tracker.span,
                f"errors of staging ({service.process.path}) are told as errors of production",
                (
                    Evidence(live.declared_at, "runs the same code in production"),
                    Evidence(service.declared_at, "runs it for staging, and sets no SENTRY_ENVIRONMENT"),
                ),
                help="set SENTRY_ENVIRONMENT to `staging` there, or give `environment` to `sentry_sdk.init`",
            )
