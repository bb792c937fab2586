"""Tell uvicorn how long to wait for open streams when it stops.

On SIGTERM uvicorn takes no new request and waits for those that are open, without a limit unless it is given one. A
stream of server-sent events ends when the reader closes the tab: until then the process stays, the platform's grace
runs out, and the process is killed. What the app does at its end (closing pools, leaving queues, flushing) is never
reached, and every release takes as long as the grace (measured with uvicorn 0.54; websockets are closed at once).

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: uvicorn main:app --host=0.0.0.0  # <- graceful-shutdown-unlimited
    restart: unless-stopped
    stop_grace_period: 30s
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY main.py ./
RUN pip install fastapi==0.165.0 uvicorn==0.54.0
```
```python title="main.py"
import asyncio
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import StreamingResponse


@asynccontextmanager
async def lifespan(app):
    yield
    print("all is put away", flush=True)


app = FastAPI(lifespan=lifespan)


async def ticks():
    while True:
        yield "data: tick\\n\\n"
        await asyncio.sleep(1)


@app.get("/events")
async def events():
    return StreamingResponse(ticks(), media_type="text/event-stream")
```

Use instead:

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: uvicorn --timeout-graceful-shutdown=25 main:app --host=0.0.0.0
    restart: unless-stopped
    stop_grace_period: 30s
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY main.py ./
RUN pip install fastapi==0.165.0 uvicorn==0.54.0
```
```python title="main.py"
import asyncio
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import StreamingResponse


@asynccontextmanager
async def lifespan(app):
    yield
    print("all is put away", flush=True)


app = FastAPI(lifespan=lifespan)


async def ticks():
    while True:
        yield "data: tick\\n\\n"
        await asyncio.sleep(1)


@app.get("/events")
async def events():
    return StreamingResponse(ticks(), media_type="text/event-stream")
```

## References
- Uvicorn, Settings: timeout-graceful-shutdown
- Uvicorn, Server Behavior: Graceful process shutdown
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Safety, Severity, rule


@rule(Severity.WARNING, fixes=(Safety.SAFE,))
def graceful_shutdown_unlimited(service: Service, deployment: Deployment) -> Findings:
    lifecycle = deployment.lifecycle_of(service)
    stream = lifecycle.endless_stream if service.is_production is YES else None
    if stream is None or service.server is None:
        return
    grace = lifecycle.grace
    end = "until it is killed" if grace is None else f"{grace.platform} kills it after {grace.seconds:g} s"
    option = "timeout_graceful_shutdown=" if service.server.in_code else "--timeout-graceful-shutdown"
    give = "give" if lifecycle.may_limit_streams else "install uvicorn 0.22 or later, and give"
    yield Finding(
        service.server.span,
        f"`{service.label}` does not stop while somebody reads the stream of `{stream.name}`: {end}",
        (*service.chain, *stream.evidence),
        help=f"{give} uvicorn a {option} below the grace period, so that the app can end"
        if service.server.product == "uvicorn"
        else f"start the app with uvicorn and a {option} below the grace period: `fastapi run` has no limit",
        fix=lifecycle.with_graceful_limit,
    )
