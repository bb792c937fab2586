"""Listen on the port that the platform hands over in PORT.

The routers of Heroku, Railway, App Engine and Cloud Foundry dial the port that the platform puts into the
variable PORT, and on Heroku that is another one at every start. A server with a port of its own starts well
and hears nothing: Heroku stops the dyno after 60 seconds (R10, boot timeout), others answer 502 or 503.
gunicorn without `--bind` and `fastapi run` without `--port` read PORT by themselves; uvicorn, hypercorn,
daphne, granian, waitress and `flask run` do not (measured).

## Example

```procfile title="Procfile"
web: uvicorn main:app --host 0.0.0.0 --port 8000  # <- port-not-from-environment
```
```json title="app.json"
{"name": "shop", "stack": "heroku-24"}
```
```text title="requirements.txt"
fastapi==0.165.0
uvicorn==0.54.0
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()
```

Use instead:

```procfile title="Procfile"
web: uvicorn main:app --host 0.0.0.0 --port $PORT
```
```json title="app.json"
{"name": "shop", "stack": "heroku-24"}
```
```text title="requirements.txt"
fastapi==0.165.0
uvicorn==0.54.0
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()
```

## References
- Heroku, Dynos: web dynos
- Heroku, Error codes: R10
- Railway, Public networking: PORT
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.deployment.process import Platform
from prodlint.rule import NO, YES, Finding, Findings, Severity, rule


@rule(Severity.ERROR)
def port_not_from_environment(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    if service.is_production is not YES or server is None:
        return
    dial = deployment.traffic_to(service).ignored_port
    if dial is None or (server.is_development is not NO and not dial.is_certain):
        return
    bind = server.binds[0]
    default = "" if bind.span != server.span else f", {server.product}'s default"
    is_sure = dial.is_certain and service.process.platform is not Platform.RAILWAY
    yield Finding(
        bind.span,
        f"`{service.label}` listens on {bind}{default}, but {dial.who} dials the port in PORT: no request arrives",
        service.chain_to_bind,
        help="leave the bind out: gunicorn reads PORT by itself"
        if server.product == "gunicorn"
        else f"let {server.product} listen on 0.0.0.0 and the port in PORT",
        severity=Severity.ERROR if is_sure else Severity.WARNING,
    )
