"""Start production with an application server, not with a development server.

`flask run`, Django's `runserver`, `fastapi dev` and every server that reloads on changes serve one
developer at a desk. They answer with one process, show a debugger to whoever causes an error, and
watch files that never change in production. As the first process of a container they ignore
SIGTERM (measured with Flask 3.1 and Django 5.2), so that every stop waits for the kill and loses
the requests in flight.

## Example

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt app.py ./
RUN pip install -r requirements.txt
CMD ["flask", "run", "--host=0.0.0.0"]  # <- dev-server-in-production
```
```text title="requirements.txt"
flask==3.1.3
gunicorn==27.0.1
```
```python title="app.py"
from flask import Flask

app = Flask(__name__)
```

Use instead:

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt app.py ./
RUN pip install -r requirements.txt
CMD ["gunicorn", "--bind=0.0.0.0:5000", "app:app"]
```
```text title="requirements.txt"
flask==3.1.3
gunicorn==27.0.1
```
```python title="app.py"
from flask import Flask

app = Flask(__name__)
```

## References
- Flask, Deploying to Production
- Django, django-admin: runserver
- FastAPI, FastAPI CLI
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.UNSAFE,))
def dev_server_in_production(service: Service, deployment: Deployment) -> Findings:
    lifecycle = deployment.lifecycle_of(service)
    server = service.server
    if service.is_production is not YES or server is None or server.in_code:
        return
    if server.is_development is YES and not service.serves_static_files:
        advice = lifecycle.production_command
        message = f"`{service.label}` starts {server.owner}'s development server in production"
        yield Finding(server.span, message, service.chain_to_app, advice.help, advice.fix)
    elif server.reload is YES:
        yield Finding(
            server.reload_span or server.span,
            f"`{service.label}` reloads itself whenever a file changes, as a development server does",
            service.chain_to_reload,
            help="switch reloading off where production starts, and keep it in the command that developers use",
            fix=lifecycle.without_reload,
        )
