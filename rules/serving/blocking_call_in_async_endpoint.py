"""Do not wait in a coroutine without `await`: all other requests of its process wait too.

Everything that a process of an async server does runs on one thread, which goes on to the next
request wherever a coroutine says `await`. `requests.get`, `time.sleep`, a sync database session or
`subprocess.run` do not say it: while one of them waits, the process answers nobody, health checks
included. Users see a service that stands still whenever one slow call is under way (measured with
uvicorn 0.54 and FastAPI 0.165: a call of 3 seconds delays another request by as much, and not
at all in a plain `def`, which FastAPI runs in a thread). Hashing a password takes a fifth of a second by
design and has the same effect at each login.

## Example

```procfile title="Procfile"
web: uvicorn main:app --host 0.0.0.0 --port $PORT
```
```text title="requirements.txt"
fastapi==0.165.0
uvicorn==0.54.0
```
```python title="main.py"
import time

from fastapi import FastAPI

app = FastAPI()


@app.get("/report")
async def report():
    time.sleep(3)  # <- blocking-call-in-async-endpoint
    return {"done": True}


@app.get("/health")
async def health():
    return {"ok": True}
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
import time

from fastapi import FastAPI

app = FastAPI()


@app.get("/report")
def report():
    time.sleep(3)
    return {"done": True}


@app.get("/health")
async def health():
    return {"ok": True}
```

## References
- FastAPI, Concurrency and async / await
- Python, Developing with asyncio: Running Blocking Code
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Safety, Severity, rule


@rule(Severity.WARNING, fixes=(Safety.UNSAFE,))
def blocking_call_in_async_endpoint(service: Service, deployment: Deployment) -> Findings:
    if service.is_production is not YES:
        return
    for one in deployment.calls_of(service).blocked_loops:
        yield Finding(
            one.span,
            f"async def {one.function.name} {one.what}: meanwhile its process answers no other request",
            (*service.chain_to_app, *one.chain),
            help="await an async library, hand it to a thread (`await asyncio.to_thread(…)`), or use a plain `def`",
            fix=one.fix,
        )
