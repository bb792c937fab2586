"""Give every request to somebody else a time limit.

`requests`, `urlopen`, `smtplib` and plain sockets wait for ever by default. When a payment provider
or a mail server accepts the connection and then says nothing, the view that asked it never
returns: its worker or thread is gone, then the next one, until nobody is left to answer. With
gunicorn's sync workers the same silence ends in "WORKER TIMEOUT" and a killed worker each time
(measured with gunicorn 27.0). A limit that is not shorter than gunicorn's helps nobody.

## Example

```procfile title="Procfile"
web: gunicorn --workers 3 shop:app
```
```text title="requirements.txt"
flask==3.1.3
gunicorn==27.0.1
requests==2.32.5
```
```python title="shop.py"
import requests
from flask import Flask

app = Flask(__name__)


@app.post("/pay")
def pay():
    answer = requests.post("https://pay.example/charge", json={"amount": 3})  # <- request-without-timeout
    return answer.json()
```

Use instead:

```procfile title="Procfile"
web: gunicorn --workers 3 shop:app
```
```text title="requirements.txt"
flask==3.1.3
gunicorn==27.0.1
requests==2.32.5
```
```python title="shop.py"
import requests
from flask import Flask

app = Flask(__name__)


@app.post("/pay")
def pay():
    answer = requests.post("https://pay.example/charge", json={"amount": 3}, timeout=10)
    return answer.json()
```

## References
- Requests, Timeouts
- Gunicorn, Settings: timeout
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.WARNING, fixes=(Safety.UNSAFE,))
def request_without_timeout(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    if service.is_production is not YES or server is None or server.is_development is YES:
        return
    for one in deployment.calls_of(service).endless_requests:
        limit = one.server_timeout
        what = "its request never ends" if one.is_endless else "a worker waits with it"
        what = f"{server.product} kills its worker after {limit.value} s" if limit is not None else what
        kill = (
            (Evidence(limit.span, f"{server.product} gives each request {limit.value} s"),) if limit is not None else ()
        )
        wait = "has no time limit" if one.patience is None else f"waits for up to {one.patience:g} s"
        yield Finding(
            one.first.span,
            f"{one.first.written} {wait}{one.others}: when nobody answers it, {what}",
            (*service.chain_to_app, *one.first.reached.chain, *kill),
            help="give it a `timeout` that is shorter than the patience of whoever waits for the answer",
            fix=one.fix,
        )
