"""Put an init above a server that has no handler for SIGTERM, or use one that has.

The kernel does nothing on a signal for which the first process of a container has no handler.
waitress has none for SIGTERM (measured): it serves on as if nobody had asked it to stop, each stop
takes the whole grace period, and ends in a kill.

## Example

```yaml title="docker-compose.prod.yml"
services:
  web:
    build: .
    restart: always
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install waitress==3.0.2
CMD ["waitress-serve", "--port=8000", "shop:app"]  # <- server-ignores-sigterm
```

Use instead:

```yaml title="docker-compose.prod.yml"
services:
  web:
    build: .
    restart: always
    init: true
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install waitress==3.0.2
CMD ["waitress-serve", "--port=8000", "shop:app"]
```

## References
- Linux, pid_namespaces(7): The namespace init process
- Docker, Compose file reference: init
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import NO, YES, Finding, Findings, Severity, rule


@rule(Severity.WARNING)
def server_ignores_sigterm(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    if service.is_production is not YES or server is None or server.is_development is not NO:
        return
    if deployment.lifecycle_of(service).signal_path.is_ignored:
        yield Finding(
            server.span,
            f"`{service.label}` is the first process and has no handler for SIGTERM: each stop ends in a kill",
            service.chain,
            help="put an init above it (`init: true` in compose, tini in the image), or serve with gunicorn",
        )
