"""Await inside a coroutine; do not start another event loop there.

A coroutine that answers a request runs on an event loop already. `asyncio.run(…)` and
`loop.run_until_complete(…)` want to start one in the same thread, and Python refuses: "RuntimeError:
asyncio.run() cannot be called from a running event loop". Every request to that endpoint answers
500 (measured with uvicorn 0.54, FastAPI 0.165 and Python 3.11). The same line works in a script and
in a plain `def` endpoint, which has a thread of its own, so that it often comes along with code
that was moved.

## Example

```procfile title="Procfile"
web: uvicorn main:app --host 0.0.0.0 --port $PORT
```
```python title="main.py"
from fastapi import FastAPI

from prices import current_price

app = FastAPI()


@app.get("/")
async def price():
    return current_price()
```
```python title="prices.py"
import asyncio


async def fetch_price():
    await asyncio.sleep(0)
    return 3


def current_price():
    return asyncio.run(fetch_price())  # <- nested-event-loop
```

Use instead:

```procfile title="Procfile"
web: uvicorn main:app --host 0.0.0.0 --port $PORT
```
```python title="main.py"
from fastapi import FastAPI

from prices import current_price

app = FastAPI()


@app.get("/")
async def price():
    return await current_price()
```
```python title="prices.py"
import asyncio


async def fetch_price():
    await asyncio.sleep(0)
    return 3


async def current_price():
    return await fetch_price()
```

## References
- Python, Runners: asyncio.run
- FastAPI, Concurrency and async / await
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Severity, rule


@rule(Severity.ERROR)
def nested_event_loop(service: Service, deployment: Deployment) -> Findings:
    if service.is_production is not YES:
        return
    for call in deployment.calls_of(service).nested_loops:
        yield Finding(
            call.span,
            f"{call.written} raises RuntimeError for every request: it runs on the event loop that serves them",
            (*service.chain_to_app, *call.reached.chain),
            help="await the coroutine, up to the endpoint",
        )
