"""Start threads in the workers, not in the process that they are forked from.

With `--preload` gunicorn imports the app once and forks its workers from that process. A fork takes along the thread
that forks and no other: what was started on import goes on in gunicorn's master alone. The workers fill a queue that
nobody empties, so that their log records never arrive and their memory grows.

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
RUN pip install flask==3.1.3 gunicorn==27.0.1
```
```python title="shop.py"
import logging
import queue
from logging.handlers import QueueHandler, QueueListener

from flask import Flask

app = Flask(__name__)
records = queue.Queue()
logging.getLogger().addHandler(QueueHandler(records))
listener = QueueListener(records, logging.StreamHandler())
listener.start()  # <- preload-loses-threads
```

Use instead:

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn --bind=0.0.0.0:8000 --workers=4 shop:app
    restart: unless-stopped
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1
```
```python title="shop.py"
import logging
import queue
from logging.handlers import QueueHandler, QueueListener

from flask import Flask

app = Flask(__name__)
records = queue.Queue()
logging.getLogger().addHandler(QueueHandler(records))
listener = QueueListener(records, logging.StreamHandler())
listener.start()
```

## References
- Linux manual pages, fork(2)
- gunicorn, Settings: preload_app
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Severity, rule


@rule(Severity.WARNING)
def preload_loses_threads(service: Service, deployment: Deployment) -> Findings:
    if service.is_production is not YES:
        return
    for one in deployment.workers_of(service).made_before_fork:
        if one.is_thread:
            yield Finding(
                one.span,
                f"no worker of `{service.label}` has the thread of {one.what}: it is started before they are forked",
                (*service.chain, *service.parallel.evidence, *one.evidence),
                help="start it in a post_fork hook of gunicorn's configuration, or do without preloading",
            )
