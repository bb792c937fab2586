"""Give the root logger a handler and a level: without them `logger.info` writes nowhere.

Python shows what is below a warning only where somebody set a level and a handler. Gunicorn, uvicorn,
hypercorn and granian do that for loggers of their own, and leave the root logger, from which
all loggers of an app inherit, as it is (measured with gunicorn 27.0 and uvicorn 0.54; a server's
`--log-level debug` changes nothing for the app). On a laptop the lines are there, because the
framework or the editor set logging up; in production the order that went wrong left no trace.

## Example

```procfile title="Procfile"
web: uvicorn main:app --host 0.0.0.0 --port $PORT
```
```python title="main.py"
import logging

from fastapi import FastAPI

logger = logging.getLogger(__name__)
app = FastAPI()


@app.get("/orders/{number}")
def order(number: int):
    logger.info("order %s: begins", number)  # <- info-logs-discarded
    logger.info("order %s: paid", number)
    logger.info("order %s: done", number)
    return {"number": number}
```

Use instead:

```procfile title="Procfile"
web: uvicorn main:app --host 0.0.0.0 --port $PORT
```
```python title="main.py"
import logging

from fastapi import FastAPI

logging.basicConfig(level=logging.INFO)
logger = logging.getLogger(__name__)
app = FastAPI()


@app.get("/orders/{number}")
def order(number: int):
    logger.info("order %s: begins", number)
    logger.info("order %s: paid", number)
    logger.info("order %s: done", number)
    return {"number": number}
```

## References
- Python, Logging HOWTO: What happens if no configuration is provided
- Django, Logging: Django's default logging configuration
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.WARNING)
def info_logs_discarded(service: Service, deployment: Deployment) -> Findings:
    lost = deployment.observability_of(service).lost_lines if service.is_production is YES else None
    if lost is None or service.server is None:
        return
    yield Finding(
        lost.span,
        f"`{lost.written}` writes nowhere under {service.server.product}, like all such lines of {service.name}",
        (
            *service.chain,
            Evidence(service.server.span, f"{service.server.product} sets up its own loggers alone"),
            *lost.chain,
            *(Evidence(one, "is lost too") for one in lost.others),
        ),
        help=lost.help,
    )
