"""Keep the server in the foreground, where whoever started it can see it.

A container, a dyno, a unit of systemd and a program of supervisor live as long as the command that
they started. A server that sends itself to the background ends that command at once with status 0
(measured: `gunicorn --daemon`): the container stops and takes the server along, systemd and
supervisor count it as ended, and it is started again and again.

## Example

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install gunicorn==27.0.1
CMD ["gunicorn", "--config=deploy/gunicorn.py", "shop.wsgi"]
```
```python title="deploy/gunicorn.py"
bind = "0.0.0.0:8000"
daemon = True  # <- daemonized-server-under-supervisor
```

Use instead:

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install gunicorn==27.0.1
CMD ["gunicorn", "--config=deploy/gunicorn.py", "shop.wsgi"]
```
```python title="deploy/gunicorn.py"
bind = "0.0.0.0:8000"
daemon = False
```

## References
- Gunicorn, Settings: daemon
- supervisor, Subprocesses: Nondaemonizing of Subprocesses
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.SAFE,))
def daemonized_server_under_supervisor(service: Service, deployment: Deployment) -> Findings:
    lifecycle = deployment.lifecycle_of(service)
    found = lifecycle.detached if service.is_production is YES else None
    if found is None:
        return
    started = () if found.setting is None else (Evidence(found.step.span, f"starts {found.step.program}"),)
    yield Finding(
        found.setting or found.step.span,
        f"`{found.step.written}` {found.how}: whoever started it sees the command end, and starts it again",
        (*service.chain_to(found.step), *started),
        help="let the server run in the foreground, as the last command",
        fix=lifecycle.in_foreground(found),
    )
