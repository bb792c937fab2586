"""Give `&&`, `;` and `|` to a shell: where none reads the command, they are arguments or cut it off.

The command of a compose service, a list in a Dockerfile or a manifest, a program of supervisor or Fly
are split into words and started, without a shell. compose stops at the first operator and drops the
rest without a word: `migrate && gunicorn` migrates, ends with status 0, and no server ever starts.
The others hand `&&` and all that follows to the first program as its arguments.

## Example

```yaml title="docker-compose.prod.yml"
services:
  web:
    build: .
    command: python manage.py migrate && gunicorn --bind=0.0.0.0:8000 shop.wsgi  # <- shell-operator-without-shell
    restart: always
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install django==5.2.19 gunicorn==27.0.1
```

Use instead:

```yaml title="docker-compose.prod.yml"
services:
  web:
    build: .
    command: sh -c "python manage.py migrate && exec gunicorn --bind=0.0.0.0:8000 shop.wsgi"
    restart: always
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install django==5.2.19 gunicorn==27.0.1
```

## References
- Docker, Compose file reference: command
- Kubernetes, Define a Command and Arguments for a Container
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.SAFE,))
def shell_operator_without_shell(service: Service, deployment: Deployment) -> Findings:
    lifecycle = deployment.lifecycle_of(service)
    lost = lifecycle.lost_operator if service.is_production is YES else None
    if lost is None:
        return
    platform = service.process.platform.value
    if lost.is_passed_on:
        message = f"`{service.label}`: no shell reads this command, so `{lost.operator}` and what follows are arguments"
    else:
        message = f"`{service.label}` is all that {platform} starts: it drops `{lost.operator} {lost.rest}`"
    yield Finding(
        lost.span,
        message,
        service.chain_to_app,
        help='hand it to a shell as one text, with `exec` before the server: `sh -c "… && exec …"`',
        fix=lifecycle.with_shell(lost),
    )
