"""Let gevent patch Python before anything takes what it patches.

gevent puts its own sockets and threads in the place of Python's. What was taken before stays as it was: urllib3 keeps
the old `ssl`, and every HTTPS request of requests, boto3 or Sentry ends with `RecursionError: maximum recursion depth
exceeded`. gunicorn's gevent worker patches before it imports the app, but with `--preload` the app is there first.
Threads of gunicorn that are older than the patch hang: the worker answers one request at most.

## Example

```procfile title="Procfile"
web: gunicorn --worker-class=gevent --preload shop:app  # <- monkey-patch-too-late
```
```python title="shop.py"
import requests
from flask import Flask

app = Flask(__name__)


@app.get("/rates")
def rates():
    return requests.get("https://rates.example.com/today", timeout=5).text
```
```text title="requirements.txt"
flask==3.1.3
gevent==26.9.0
gunicorn==27.0.1
requests==2.34.0
```

Use instead:

```procfile title="Procfile"
web: gunicorn --worker-class=gevent --preload shop:app
```
```python title="gunicorn.conf.py"
from gevent import monkey

monkey.patch_all()
```
```python title="shop.py"
import requests
from flask import Flask

app = Flask(__name__)


@app.get("/rates")
def rates():
    return requests.get("https://rates.example.com/today", timeout=5).text
```
```text title="requirements.txt"
flask==3.1.3
gevent==26.9.0
gunicorn==27.0.1
requests==2.34.0
```

## References
- gevent, API reference: gevent.monkey, Patching
- gevent, issue 1016
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Severity, rule


@rule(Severity.WARNING)
def monkey_patch_too_late(service: Service, deployment: Deployment) -> Findings:
    late = deployment.workers_of(service).late_patch if service.is_production is YES else None
    if late is None or service.server is None:
        return
    first = "gunicorn's configuration file" if service.server.product == "gunicorn" else "the program"
    if late.taken:
        message = f"every HTTPS request through urllib3 in `{service.label}` ends with RecursionError"
        message += f": gevent patches ssl after {late.taken} is imported"
        instead = f"call gevent.monkey.patch_all() in the first line of {first}"
    else:
        message = f"a worker of `{service.label}` answers one request at most and hangs"
        message += ": gevent patches threads after gunicorn has made its own"
        instead = "start it with --worker-class=gevent, which patches before it imports the app"
    severity = None if late.taken else Severity.ERROR
    yield Finding(late.span, message, (*service.chain, *late.evidence), help=instead, severity=severity)
