"""Let one lifespan do all that an app does when it starts and stops.

An ASGI app has one lifespan. When FastAPI or Starlette is given `lifespan=`, the handlers that are
registered with `@app.on_event("startup")` or `"shutdown"` are kept in a list that nobody reads
again: no error, no line in the log. The same happens to the handlers and the lifespan of an app
that is mounted in another one, and to all of them under `uvicorn --lifespan off`. What users see
is the first request that needs the pool, the model or the cache which was never set up: it
answers 500 (measured with FastAPI 0.165, Starlette 1.10 and uvicorn 0.54).

## Example

```procfile title="Procfile"
web: uvicorn main:app --host 0.0.0.0 --port $PORT
```
```text title="requirements.txt"
fastapi==0.165.0
uvicorn==0.54.0
```
```python title="main.py"
from contextlib import asynccontextmanager

from fastapi import FastAPI

prices = {}


@asynccontextmanager
async def lifespan(app):
    app.state.is_open = True
    yield


app = FastAPI(lifespan=lifespan)


@app.on_event("startup")  # <- startup-handlers-ignored
async def load_prices():
    prices["tea"] = 3


@app.get("/")
async def price():
    return prices["tea"]
```

Use instead:

```procfile title="Procfile"
web: uvicorn main:app --host 0.0.0.0 --port $PORT
```
```text title="requirements.txt"
fastapi==0.165.0
uvicorn==0.54.0
```
```python title="main.py"
from contextlib import asynccontextmanager

from fastapi import FastAPI

prices = {}


@asynccontextmanager
async def lifespan(app):
    app.state.is_open = True
    prices["tea"] = 3
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/")
async def price():
    return prices["tea"]
```

## References
- FastAPI, Lifespan Events
- Starlette, Lifespan
- Uvicorn, Settings: lifespan
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.ERROR)
def startup_handlers_ignored(service: Service, deployment: Deployment) -> Findings:
    if service.is_production is not YES:
        return
    for one in deployment.lifecycle_of(service).ignored_starts:
        yield Finding(
            one.span,
            f"{one.handler} never runs: {one.reason}",
            (*service.chain_to_app, Evidence(one.because, one.note)),
            help="do its work in the lifespan of the app that is served",
        )
