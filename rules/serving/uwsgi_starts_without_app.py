"""Let uWSGI end when it cannot load the app.

When the module does not import (a missing variable, a package that was not installed), uWSGI writes "no python
application found" and stays up. Its port is open, the platform takes it for healthy, and every request answers 500
until somebody looks (measured with uWSGI 2.0.31). With `need-app` it ends, and the deployment fails where it should.

## Example

```dockerfile title="Dockerfile"
FROM python:3.13
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 uwsgi==2.0.31
CMD ["uwsgi", "--ini", "uwsgi.ini"]
```
```ini title="uwsgi.ini"
[uwsgi]
http = 0.0.0.0:8000
module = shop:app  # <- uwsgi-starts-without-app
master = true
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

Use instead:

```dockerfile title="Dockerfile"
FROM python:3.13
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 uwsgi==2.0.31
CMD ["uwsgi", "--ini", "uwsgi.ini"]
```
```ini title="uwsgi.ini"
[uwsgi]
http = 0.0.0.0:8000
module = shop:app
need-app = true
master = true
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

## References
- uWSGI, Options: need-app
- uWSGI, Things to know
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.WARNING, fixes=(Safety.SAFE,))
def uwsgi_starts_without_app(service: Service, deployment: Deployment) -> Findings:
    serving = deployment.serving_of(service)
    server, target = service.server, serving.target
    if service.is_production is not YES or server is None or target is None or not server.survives_without_app:
        return
    if not server.is_silent_on("need_app") or target.is_missing is YES:
        return
    command = () if target.span.source is server.span.source else (Evidence(server.span, "starts uWSGI with it"),)
    yield Finding(
        target.span,
        f"`{service.label}` stays up when {target.module} cannot be imported, and answers 500 to every request",
        (*service.chain, *command),
        help="set `need-app = true`: uWSGI then ends, and the deployment fails where it should",
        fix=serving.with_need_app,
    )
