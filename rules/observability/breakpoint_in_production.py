"""Take breakpoints out before code is deployed.

A served process has no terminal. `breakpoint()` and `pdb.set_trace()` read the end of their input at
once and raise BdbQuit, so that every request that comes by answers 500 (measured with gunicorn 27.0 and
Flask 3.1); where somebody gave the process a terminal, its worker stands still until it is killed.

## Example

```procfile title="Procfile"
web: gunicorn shop:app
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    breakpoint()  # <- breakpoint-in-production
    return "ok"
```

Use instead:

```procfile title="Procfile"
web: gunicorn shop:app
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return "ok"
```

## References
- Python, Built-in Functions: breakpoint
- Python, pdb: The Python Debugger
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.ERROR)
def breakpoint_in_production(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    if service.is_production is not YES or server is None or server.is_development is YES:
        return
    for call in deployment.calls_of(service).debugger_stops:
        who = "every request that comes by" if call.reached.handler is not None else "its start"
        yield Finding(
            call.span,
            f"{call.written}() ends {who} with BdbQuit: the process has no terminal",
            (Evidence(server.span, f"starts {server.product}"), *service.chain_to_app, *call.reached.chain),
            help="take it out",
        )
