"""Run workers and schedulers as services of their own, not in the background of the web server.

A worker that the start script of the server leaves in the background is watched by nobody: when it
dies, the container goes on serving, and no task is done any more. It is copied with every replica of
the server too, and each copy of a scheduler sends every job once more.

## Example

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install gunicorn==27.0.1 celery==5.5.3
CMD ["./start.sh"]
```
```bash title="start.sh"
#!/bin/sh
celery --app=shop worker &  # <- background-task-in-web-process
exec gunicorn --bind=0.0.0.0:8000 shop.wsgi
```

Use instead:

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install gunicorn==27.0.1 celery==5.5.3
CMD ["./start.sh"]
```
```bash title="start.sh"
#!/bin/sh
exec gunicorn --bind=0.0.0.0:8000 shop.wsgi
```
```yaml title="docker-compose.prod.yml"
services:
  web:
    build: .
    restart: always
  worker:
    build: .
    restart: always
    command: celery --app=shop worker
```

## References
- Docker, Run multiple processes in a container
- Celery, Periodic Tasks: Starting the Scheduler
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.INFO)
def background_task_in_web_process(service: Service, deployment: Deployment) -> Findings:
    stays = service.step
    if service.is_production is not YES or stays is None:
        return
    for step in deployment.lifecycle_of(service).beside_server:
        yield Finding(
            step.span,
            f"`{step.written}` runs in the background of `{service.label}`: nobody starts it again when it dies",
            (*service.chain_to(step), Evidence(stays.span, f"starts {stays.program}")),
            help="start it as a service of its own",
        )
