"""Give a server the options that it has.

Servers spell the same thing differently: gunicorn's `--bind` is uvicorn's `--host` and `--port`, gunicorn's
`--max-requests` is uvicorn's `--limit-max-requests`. An option that a server does not have ends it before it opens
its port: "No such option '--bind'", "unrecognized arguments: --host" (exit status 2, measured with gunicorn 27.0,
uvicorn 0.54, Hypercorn 0.18 and daphne 4.2).

## Example

```procfile title="Procfile"
web: uvicorn main:app --host 0.0.0.0 --port $PORT --max-requests 1000  # <- unknown-server-option
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()
```

Use instead:

```procfile title="Procfile"
web: uvicorn main:app --host 0.0.0.0 --port $PORT --limit-max-requests 1000
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()
```

## References
- Gunicorn, Settings
- Uvicorn, Settings
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Severity, rule


@rule(Severity.ERROR)
def unknown_server_option(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    if service.is_production is not YES or server is None:
        return
    for one in deployment.serving_of(service).unknown_options:
        yield Finding(
            one.span,
            f"`{service.label}`: {server.product} has no option {one.name}, and ends at once",
            service.chain_to_app,
            help=f"its option is {one.instead}" if one.instead else "take the option out",
        )
