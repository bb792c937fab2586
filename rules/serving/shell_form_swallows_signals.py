"""Let the server take the place of the shell that starts it, so that SIGTERM reaches it.

A platform stops a container with SIGTERM to its first process. A shell that waits for a server is
that process, and passes nothing on: the server works until the grace period is over, then SIGKILL
cuts every request in flight (measured: `dash -c "gunicorn …"` and scripts of every shell are alive
six seconds after SIGTERM). An init in front of the shell makes it worse: the shell dies at once, and
the server with it. `exec` in front of the server makes it the process that is signalled.

The `/bin/sh` of Debian's images waits for every command; bash and BusyBox become the last command of
`-c`, and those are not reported.

## Example

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["./start.sh"]
```
```bash title="start.sh"
#!/bin/sh
set -e
python manage.py migrate
gunicorn --bind=0.0.0.0:8000 shop.wsgi  # <- shell-form-swallows-signals
```
```text title="requirements.txt"
django==5.2.19
gunicorn==27.0.1
```

Use instead:

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["./start.sh"]
```
```bash title="start.sh"
#!/bin/sh
set -e
python manage.py migrate
exec gunicorn --bind=0.0.0.0:8000 shop.wsgi
```
```text title="requirements.txt"
django==5.2.19
gunicorn==27.0.1
```

## References
- Docker, docker container stop; Dockerfile reference: Shell form ENTRYPOINT example
- Kubernetes, Termination of Pods
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.WARNING, fixes=(Safety.SAFE,))
def shell_form_swallows_signals(service: Service, deployment: Deployment) -> Findings:
    lifecycle = deployment.lifecycle_of(service)
    server = service.server
    if service.is_production is not YES or server is None:
        return
    path = lifecycle.signal_path
    if not path.is_lost or path.place is None:
        return
    evidence = service.chain
    message = f"a shell waits for `{service.label}` and keeps SIGTERM to itself: each stop ends in a kill"
    if path.init is not None:
        message = f"SIGTERM ends the shell above `{service.label}`, and every request in flight is cut at once"
        evidence = (Evidence(path.init, "puts an init above the shell, which hands SIGTERM to that alone"), *evidence)
    shells = (
        Evidence(shell.command, "is run by a shell that waits for it") for shell in path.blamed[:-1] if shell.command
    )
    yield Finding(
        path.place,
        message,
        (*evidence, *shells),
        help=f"start it with `exec` as the last command, so that {server.product} takes the place of the shell",
        fix=lifecycle.with_exec(path),
    )
