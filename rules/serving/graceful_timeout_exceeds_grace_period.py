"""Give the server less time to finish its requests than the platform gives it to stop.

After SIGTERM a server lets requests in flight come to their end, for as long as its graceful timeout
says. The platform kills it when its own period is over. Where that is shorter, the time that somebody
chose for the requests is never there: whatever takes longer is cut in the middle at each deploy.

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
RUN pip install gunicorn==27.0.1
CMD ["gunicorn", "--bind=:8000", "--graceful-timeout=60", "shop.wsgi"]  # <- graceful-timeout-exceeds-grace-period
```

Use instead:

```yaml title="docker-compose.prod.yml"
services:
  web:
    build: .
    restart: always
    stop_grace_period: 70s
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install gunicorn==27.0.1
CMD ["gunicorn", "--bind=:8000", "--graceful-timeout=60", "shop.wsgi"]
```

## References
- Docker, Compose file reference: stop_grace_period
- Kubernetes, Pod Lifecycle: Termination of Pods
- Gunicorn, Settings: graceful_timeout
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Known, Severity, rule

# Their graceful timeout holds at a stop; uWSGI's is one of reloads.
_FINISH = ("gunicorn", "uvicorn", "hypercorn", "granian")


@rule(Severity.WARNING)
def graceful_timeout_exceeds_grace_period(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    if service.is_production is not YES or server is None or server.product not in _FINISH:
        return
    setting = server.settings.get("graceful_timeout") if "graceful_timeout" in server.settings.mentioned else None
    seconds = setting.value.value if setting is not None and isinstance(setting.value, Known) else None
    grace = deployment.lifecycle_of(service).grace if isinstance(seconds, int | float) else None
    if setting is None or grace is None or not isinstance(seconds, int | float) or seconds <= grace.seconds:
        return
    said = "says so" if grace.span is not None else f"says nothing of it: the default of {grace.platform} holds"
    yield Finding(
        setting.source.span,
        f"{service.name} lets requests finish for {seconds:g} s, but {grace.platform} kills it after {grace.seconds:g}",
        (*service.chain, Evidence(grace.span or service.process.declaration or service.process.span, said)),
        help=f"give it less than {grace.seconds:g} s, or raise {grace.name} above {seconds:g} s"
        if grace.name
        else f"give it less than {grace.seconds:g} s",
    )
