"""Open connections in the workers, not in the process that they are forked from.

With `--preload` gunicorn imports the app once and forks its workers from that process. A connection that is opened
on import is then one socket in the hands of all workers: answers of the database reach the wrong worker, and it ends in
"SSL error: decryption failed or bad record mac", "lost synchronization with server" or rows of somebody else.

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn --bind=0.0.0.0:8000 --workers=4 --preload shop:app
    restart: unless-stopped
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1 psycopg[binary]==3.3.2
```
```python title="shop.py"
import os

import psycopg
from flask import Flask

app = Flask(__name__)
database = psycopg.connect(os.environ["DATABASE_URL"])  # <- preload-opens-connections


@app.get("/")
def count() -> str:
    return str(database.execute("SELECT count(*) FROM orders").fetchone())
```

Use instead:

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn --bind=0.0.0.0:8000 --workers=4 --preload shop:app
    restart: unless-stopped
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1 psycopg[binary]==3.3.2
```
```python title="shop.py"
import os

import psycopg
from flask import Flask

app = Flask(__name__)


@app.get("/")
def count() -> str:
    with psycopg.connect(os.environ["DATABASE_URL"]) as database:
        return str(database.execute("SELECT count(*) FROM orders").fetchone())
```

## References
- SQLAlchemy, Using Connection Pools with Multiprocessing or os.fork()
- gunicorn, Settings: preload_app
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Severity, rule


@rule(Severity.WARNING)
def preload_opens_connections(service: Service, deployment: Deployment) -> Findings:
    if service.is_production is not YES:
        return
    for one in deployment.workers_of(service).made_before_fork:
        if not one.is_thread:
            yield Finding(
                one.span,
                f"{service.parallel.said} of `{service.label}` share what {one.what} opens before they are forked",
                (*service.chain, *service.parallel.evidence, *one.evidence),
                help="open it when a request needs it first, or in a post_fork hook of gunicorn's configuration",
            )
