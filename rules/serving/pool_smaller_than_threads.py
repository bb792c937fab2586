"""Give every thread of a worker a connection.

SQLAlchemy keeps five connections for each process and opens ten more when it has to. With more threads than that, the
sixteenth request that wants a connection at the same time waits for up to 30 seconds, and then ends in "QueuePool limit
of size 5 overflow 10 reached, connection timed out", while the database has nothing to do.

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn --bind=0.0.0.0:8000 --workers=2 --threads=32 shop:app
    restart: unless-stopped
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1 sqlalchemy==2.1.0 psycopg[binary]==3.3.2
```
```python title="shop.py"
import os

from flask import Flask
from sqlalchemy import create_engine

app = Flask(__name__)
engine = create_engine(os.environ["DATABASE_URL"])  # <- pool-smaller-than-threads
```

Use instead:

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn --bind=0.0.0.0:8000 --workers=2 --threads=32 shop:app
    restart: unless-stopped
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1 sqlalchemy==2.1.0 psycopg[binary]==3.3.2
```
```python title="shop.py"
import os

from flask import Flask
from sqlalchemy import create_engine

app = Flask(__name__)
engine = create_engine(os.environ["DATABASE_URL"], pool_size=32)
```

## References
- SQLAlchemy, Connection Pooling: QueuePool
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Known, Severity, rule


@rule(Severity.WARNING)
def pool_smaller_than_threads(service: Service, deployment: Deployment) -> Findings:
    threads = service.threads
    if service.is_production is not YES or not isinstance(threads, Known):
        return
    for pool in deployment.workers_of(service).connection_pools if threads.value > 1 else ():
        if pool.most < threads.value:
            yield Finding(
                pool.span,
                f"{threads.value} threads of `{service.label}` share {pool.most} connections",
                (*service.chain, Evidence(threads.span, f"gives each worker {threads.value} threads")),
                help=f"the others wait, and fail after 30 seconds: set pool_size={threads.value}, or fewer threads",
            )
