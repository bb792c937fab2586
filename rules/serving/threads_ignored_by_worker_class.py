"""Count on gunicorn's threads only with a worker class that has them.

`threads` belongs to gunicorn's gthread workers. Workers of gevent, eventlet, Tornado and uvicorn, and gunicorn's own
`asgi` workers, serve all their requests in one loop and leave the setting unread: what it was to add in capacity is
not there. Uvicorn's workers say nothing about it.

## Example

```procfile title="Procfile"
web: gunicorn -c gunicorn.conf.py -k uvicorn_worker.UvicornWorker main:app
```
```python title="gunicorn.conf.py"
workers = 2
threads = 4  # <- threads-ignored-by-worker-class
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()
```

Use instead:

```procfile title="Procfile"
web: gunicorn -c gunicorn.conf.py -k uvicorn_worker.UvicornWorker main:app
```
```python title="gunicorn.conf.py"
workers = 2
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()
```

## References
- Gunicorn, Settings: threads
- Gunicorn, Design
"""

from __future__ import annotations

from prodlint.deployment import Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.INFO)
def threads_ignored_by_worker_class(service: Service) -> Findings:
    server = service.server
    threads = server.idle_threads if server is not None else None
    if service.is_production is not YES or server is None or threads is None or server.worker_class is None:
        return
    count, worker = server.settings.known("threads"), server.settings.known("worker_class")
    yield Finding(
        threads.source.span,
        f"{count} threads do nothing for `{service.label}`: {worker} workers serve all requests in one loop",
        (*service.chain, Evidence(server.worker_class.source.span, "chooses the worker class")),
        help="take the threads out, and add workers where more is to be done at once",
    )
