"""Give gunicorn more than the one worker that it starts when nobody says how many.

Without `--workers`, a configuration file, `GUNICORN_CMD_ARGS` or `WEB_CONCURRENCY`, gunicorn serves
with a single sync worker: one request at a time for the whole site. Whoever comes while a slow
report is written, or while another service takes its time to answer, waits until it is done
(measured with gunicorn 27.0: behind a request of eight seconds the next one takes seven and a half).

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn --bind=0.0.0.0:8000 shop.wsgi  # <- missing-worker-configuration
    restart: unless-stopped
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
```
```text title="requirements.txt"
django==5.2.19
gunicorn==27.0.1
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```

Use instead:

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn --bind=0.0.0.0:8000 --workers=2 --threads=4 shop.wsgi
    restart: unless-stopped
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
```
```text title="requirements.txt"
django==5.2.19
gunicorn==27.0.1
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```

## References
- Gunicorn, Design: How Many Workers?
- Gunicorn, Settings: workers
"""

from __future__ import annotations

from prodlint.deployment import Service
from prodlint.rule import YES, Evidence, Finding, Findings, Known, Severity, rule


@rule(Severity.WARNING)
def missing_worker_configuration(service: Service) -> Findings:
    server, replicas = service.server, service.replicas
    if service.is_production is not YES or server is None or server.product != "gunicorn":
        return
    if not (service.serves_one_at_a_time is YES and server.settings["workers"].is_default):
        return
    if isinstance(replicas, Known) and replicas.value == 1:
        unsaid = (Evidence(service.image.span, "sets no WEB_CONCURRENCY"),) if service.image is not None else ()
        yield Finding(
            server.span,
            f"`{service.label}` serves one request at a time: nothing says how many workers gunicorn starts",
            (*service.chain_to_app, *unsaid),
            help="add --workers=2 --threads=4, or set WEB_CONCURRENCY: one slow request holds up all others",
        )
