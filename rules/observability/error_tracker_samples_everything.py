"""Trace a part of the requests in production, not each of them.

`traces_sample_rate=1.0` is what the set-up page shows, so that the first trace appears at once. Left
in production it makes every request record and send its spans: the quota of a month
is used up in days, after which Sentry drops errors or bills for more, and each request pays for
the recording. A tenth or a hundredth shows the same slow routes.

## Example

```procfile title="Procfile"
web: uvicorn main:app --host 0.0.0.0 --port $PORT
```
```python title="main.py"
import os

import sentry_sdk
from fastapi import FastAPI

sentry_sdk.init(
    dsn=os.environ["SENTRY_DSN"],
    traces_sample_rate=1.0,  # <- error-tracker-samples-everything
)
app = FastAPI()
```

Use instead:

```procfile title="Procfile"
web: uvicorn main:app --host 0.0.0.0 --port $PORT
```
```python title="main.py"
import os

import sentry_sdk
from fastapi import FastAPI

sentry_sdk.init(
    dsn=os.environ["SENTRY_DSN"],
    traces_sample_rate=0.05,
)
app = FastAPI()
```

## References
- Sentry, Python: Configure Sampling
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Role, Service
from prodlint.rule import YES, Finding, Findings, Severity, rule


@rule(Severity.INFO)
def error_tracker_samples_everything(service: Service, deployment: Deployment) -> Findings:
    # What prepares a release answers no request.
    if service.is_production is not YES or service.role is Role.RELEASE:
        return
    for tracker in deployment.observability_of(service).error_trackers:
        everything = tracker.traces_everything
        if everything is not None and tracker.is_certain:
            yield Finding(
                everything,
                f"Sentry traces every request of {service.name}",
                service.chain,
                help="sample a small part (`traces_sample_rate=0.05`), or decide by route with `traces_sampler`",
            )
