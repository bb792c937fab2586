"""Start the error tracker in each process that is to report its errors.

Installing `sentry-sdk` does nothing by itself, and neither does SENTRY_DSN: only `sentry_sdk.init` in
the process does. A worker has no part in what the web process started. Its tasks fail without a
word then, although everybody believes that errors are tracked.

## Example

```procfile title="Procfile"
web: uvicorn shop.main:app --host 0.0.0.0 --port $PORT
```
```text title="requirements.txt"
fastapi==0.165.0
sentry-sdk==2.46.0  # <- error-tracker-not-initialised
uvicorn==0.54.0
```
```python title="shop/main.py"
from fastapi import FastAPI

app = FastAPI()
```
```python title="shop/tracking.py"
import os

import sentry_sdk

sentry_sdk.init(dsn=os.environ["SENTRY_DSN"])
```

Use instead:

```procfile title="Procfile"
web: uvicorn shop.main:app --host 0.0.0.0 --port $PORT
```
```text title="requirements.txt"
fastapi==0.165.0
sentry-sdk==2.46.0
uvicorn==0.54.0
```
```python title="shop/main.py"
from fastapi import FastAPI

import shop.tracking

app = FastAPI()
```
```python title="shop/tracking.py"
import os

import sentry_sdk

sentry_sdk.init(dsn=os.environ["SENTRY_DSN"])
```

## References
- Sentry, Python: Getting Started
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.WARNING)
def error_tracker_not_initialised(service: Service, deployment: Deployment) -> Findings:
    unused = deployment.observability_of(service).unused_tracker if service.is_production is YES else None
    if unused is not None and service.step is not None:
        yield Finding(
            unused.span,
            f"`{service.label}` installs sentry-sdk and never starts it: nobody hears of its errors",
            (*service.chain, Evidence(service.step.span, "imports nothing that starts it"), unused.intent),
            help="call `sentry_sdk.init` in a module that it imports first, or take the package out",
        )
