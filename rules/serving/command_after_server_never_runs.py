"""Start what prepares a server before it: a server does not return, and nothing behind it ever runs.

A shell waits for each command before it starts the next one. Behind a server, a worker or a scheduler
that stays in the foreground that is never: the migrations are not applied, the second server is not
there, and no message says so. What stands behind it starts at the stop of the server, if it does.

## Example

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install django==5.2.19 gunicorn==27.0.1
CMD ["./start.sh"]
```
```bash title="start.sh"
#!/bin/sh
gunicorn --bind=0.0.0.0:8000 shop.wsgi
python manage.py migrate  # <- command-after-server-never-runs
```

Use instead:

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install django==5.2.19 gunicorn==27.0.1
CMD ["./start.sh"]
```
```bash title="start.sh"
#!/bin/sh
python manage.py migrate
exec gunicorn --bind=0.0.0.0:8000 shop.wsgi
```

## References
- POSIX, Shell Command Language: Lists
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.ERROR)
def command_after_server_never_runs(service: Service, deployment: Deployment) -> Findings:
    found = deployment.lifecycle_of(service).never_started if service.is_production is YES else None
    if found is None:
        return
    yield Finding(
        found.step.span,
        f"`{found.step.written}` never runs: `{found.waits_for.written}` before it does not end",
        (*service.chain_to(found.step), Evidence(found.waits_for.span, "stays in the foreground")),
        help="run it before the server, or as a service of its own",
    )
