"""Ask the database through a driver that lets gevent go on.

A worker of gevent serves many requests in turns and takes the next one whenever the first waits for a socket. psycopg2
and mysqlclient wait outside of Python, where gevent cannot take over: for as long as one query runs, all requests of
the worker stand still, and a slow one looks like an outage.

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn --bind=0.0.0.0:8000 shop.wsgi
    restart: unless-stopped
    environment:
      DJANGO_SETTINGS_MODULE: shop.settings
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
```
```text title="requirements.txt"
django==5.2.19
gevent==25.9.1
gunicorn==27.0.1
psycopg2-binary==2.9.11
```
```python title="gunicorn.conf.py"
workers = 2
worker_class = "gevent"  # <- gevent-without-cooperative-driver
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```
```python title="shop/settings.py"
import os

DATABASES = {
    "default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "HOST": os.environ.get("HOST")},
}
```

Use instead:

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn --bind=0.0.0.0:8000 shop.wsgi
    restart: unless-stopped
    environment:
      DJANGO_SETTINGS_MODULE: shop.settings
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
```
```text title="requirements.txt"
django==5.2.19
gevent==25.9.1
gunicorn==27.0.1
psycopg[binary]==3.3.2
```
```python title="gunicorn.conf.py"
workers = 2
worker_class = "gevent"
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```
```python title="shop/settings.py"
import os

DATABASES = {
    "default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "HOST": os.environ.get("HOST")},
}
```

## References
- psycogreen, README
- gevent, Introduction: cooperative multitasking
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.WARNING)
def gevent_without_cooperative_driver(service: Service, deployment: Deployment) -> Findings:
    found = deployment.workers_of(service).blocking_driver if service.is_production is YES else None
    if found is None:
        return
    instead = "call psycogreen's patch_psycopg() in a post_fork hook, or install psycopg 3"
    yield Finding(
        found.span,
        f"a query through {found.driver} stops all requests of the {found.workers} worker of `{service.label}`",
        (*service.chain_to_installs, Evidence(found.database, f"is asked through {found.driver}")),
        help=instead if found.driver == "psycopg2" else "use PyMySQL, or gthread workers",
    )
