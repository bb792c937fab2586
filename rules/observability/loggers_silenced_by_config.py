"""Keep the loggers that exist when an app sets its logging up.

`logging.config.dictConfig` switches off every logger that exists and that the configuration does
not name, unless it is told otherwise. When an app calls it on import, the server's loggers are
among them: from then on nobody sees that workers time out, that the app does not shut down, or
which requests came (measured: after such a call uvicorn writes neither that it runs nor its access
log, and an error of a logger that was made before is gone).

## Example

```procfile title="Procfile"
web: uvicorn shop.main:app --host 0.0.0.0 --port $PORT
```
```python title="shop/main.py"
from fastapi import FastAPI

import shop.log

app = FastAPI()
```
```python title="shop/log.py"
import logging.config

logging.config.dictConfig(  # <- loggers-silenced-by-config
    {
        "version": 1,
        "handlers": {"console": {"class": "logging.StreamHandler"}},
        "root": {"handlers": ["console"], "level": "INFO"},
    }
)
```

Use instead:

```procfile title="Procfile"
web: uvicorn shop.main:app --host 0.0.0.0 --port $PORT
```
```python title="shop/main.py"
from fastapi import FastAPI

import shop.log

app = FastAPI()
```
```python title="shop/log.py"
import logging.config

logging.config.dictConfig(
    {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"console": {"class": "logging.StreamHandler"}},
        "root": {"handlers": ["console"], "level": "INFO"},
    }
)
```

## References
- Python, `logging.config`: Configuration dictionary schema
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.WARNING, fixes=(Safety.SAFE,))
def loggers_silenced_by_config(service: Service, deployment: Deployment) -> Findings:
    silenced = deployment.observability_of(service).silenced_loggers if service.is_production is YES else None
    if silenced is None or service.server is None:
        return
    names = " and ".join(silenced.names)
    yield Finding(
        silenced.span,
        f"this switches off {names}: {silenced.effect} once {service.name} is started",
        (*service.chain, Evidence(service.server.span, f"starts {service.server.product}"), *silenced.chain),
        help='put `"disable_existing_loggers": False` into the configuration',
        fix=silenced.fix,
    )
