"""Log at level INFO or above in production.

At DEBUG, libraries write what they send and receive: statements with their values, headers with
tokens, the whole body of a request. That ends in a log that many people read and that is kept for
months. It is also slow, since every request waits for its lines, and dear where logs are paid by
size. `echo=True` of SQLAlchemy does the same at level INFO.

## Example

```procfile title="Procfile"
web: uvicorn shop.main:app --host 0.0.0.0 --port $PORT
```
```python title="shop/main.py"
from fastapi import FastAPI

from shop.database import engine

app = FastAPI()
```
```python title="shop/database.py"
import os

from sqlalchemy import create_engine

engine = create_engine(os.environ["DATABASE_URL"], echo=True)  # <- debug-logging-in-production
```

Use instead:

```procfile title="Procfile"
web: uvicorn shop.main:app --host 0.0.0.0 --port $PORT
```
```python title="shop/main.py"
from fastapi import FastAPI

from shop.database import engine

app = FastAPI()
```
```python title="shop/database.py"
import os

from sqlalchemy import create_engine

engine = create_engine(os.environ["DATABASE_URL"])
```

## References
- SQLAlchemy, Engine Configuration: Configuring Logging
- Python, Logging HOWTO
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Safety, Severity, rule


@rule(Severity.WARNING, fixes=(Safety.SAFE,))
def debug_logging_in_production(service: Service, deployment: Deployment) -> Findings:
    if service.is_production is not YES:
        return
    for one in deployment.observability_of(service).verbose:
        yield Finding(one.span, one.what, (*service.chain, *one.chain), help=one.remedy, fix=one.fix)
