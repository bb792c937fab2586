"""Write `$$` where a variable of the container is meant: compose puts its own in the place of `$`.

compose replaces variables in its file before any container exists, with those of the shell that runs
it and of the `.env` beside the file. What `environment:` and `env_file:` give to the container is not
among them: the variable is empty in the command, and a warning at the start is all that says so.

## Example

```yaml title="docker-compose.prod.yml"
services:
  web:
    build: .
    restart: always
    env_file: config/web.conf
    command: sh -c "exec gunicorn --bind=0.0.0.0:$PORT shop.wsgi"  # <- compose-interpolates-container-variable
```
```text title="config/web.conf"
PORT=8000
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install gunicorn==27.0.1
```

Use instead:

```yaml title="docker-compose.prod.yml"
services:
  web:
    build: .
    restart: always
    env_file: config/web.conf
    command: sh -c "exec gunicorn --bind=0.0.0.0:$$PORT shop.wsgi"
```
```text title="config/web.conf"
PORT=8000
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install gunicorn==27.0.1
```

## References
- Docker, Compose file reference: Interpolation
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.WARNING, fixes=(Safety.SAFE,))
def compose_interpolates_container_variable(service: Service, deployment: Deployment) -> Findings:
    lifecycle = deployment.lifecycle_of(service)
    for one in lifecycle.early_variables if service.is_production is YES else ():
        wanted = f"write $${one.name}" if one.for_shell else f'write $${one.name}, and run it with `sh -c "exec …"`'
        yield Finding(
            one.span,
            f"compose replaces ${one.name} before {service.name} has it: the command gets nothing in its place",
            (Evidence(one.definition.span, f"sets {one.name} in the container alone"),),
            help=f"{wanted}, so that a shell of the container reads it",
            fix=lifecycle.with_dollar(one),
        )
