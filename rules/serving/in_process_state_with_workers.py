"""Keep what all workers need outside of their memory: sessions, limits, and the clock that starts jobs.

Each worker is a process with a memory of its own. A scheduler that is started with the app runs every job once in each
worker (measured with three gunicorn workers: three times), a limit of ten logins a minute lets forty through, and a
session that one worker remembers is unknown to the next.

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn --bind=0.0.0.0:8000 --workers=4 shop.wsgi
    environment:
      DJANGO_SETTINGS_MODULE: shop.settings
    restart: unless-stopped
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install django==5.2.19 gunicorn==27.0.1
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```
```python title="shop/settings.py"
import os

SECRET_KEY = os.environ.get("SECRET_KEY")
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["django.contrib.sessions"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
SESSION_ENGINE = "django.contrib.sessions.backends.cache"  # <- in-process-state-with-workers
```

Use instead:

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn --bind=0.0.0.0:8000 --workers=4 shop.wsgi
    environment:
      DJANGO_SETTINGS_MODULE: shop.settings
    restart: unless-stopped
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install django==5.2.19 gunicorn==27.0.1
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```
```python title="shop/settings.py"
import os

SECRET_KEY = os.environ.get("SECRET_KEY")
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["django.contrib.sessions"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
```

## References
- Django, Django's cache framework: Local-memory caching
- APScheduler, FAQ: How do I share a single job store among one or more worker processes?
- Flask-Limiter, Configuration: storage backends
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.deployment.servers.parallel import StateKind
from prodlint.rule import YES, Finding, Findings, Severity, rule

_SAID = {
    StateKind.SCHEDULER: (
        "starts this scheduler: every job runs once in each of them",
        "start it in a process of its own, such as a worker service with one copy",
    ),
    StateKind.LIMITER: (
        "counts requests for itself: the limits hold for each of them alone",
        "give it a storage_uri that all of them use, such as redis://",
    ),
    StateKind.SESSIONS: (
        "keeps the sessions of its own users: the others do not know them",
        "users are logged out at random: keep sessions in the database, or cache in Redis",
    ),
    StateKind.THROTTLES: (
        "counts for itself what it throttles: the rates hold for each of them alone",
        "throttles count in the default cache: cache in Redis or the database",
    ),
    StateKind.LOGIN_FAILURES: (
        "counts failed logins for itself: so many more guesses are free",
        "use the database handler of axes, or cache in Redis",
    ),
    StateKind.CHANNELS: (
        "has a channel layer of its own: what it sends to a group the others' clients never get",
        "use channels_redis.core.RedisChannelLayer",
    ),
    StateKind.WEBSOCKETS: (
        "sends to the websockets that it accepted itself: the clients of the others never get it",
        "pass messages on between the processes, through Redis or the database, or serve websockets with one worker",
    ),
}


@rule(Severity.WARNING)
def in_process_state_with_workers(service: Service, deployment: Deployment) -> Findings:
    parallel = service.parallel
    if service.is_production is not YES or service.server is None or parallel.is_several is not YES:
        return
    for state in deployment.workers_of(service).process_state:
        if parallel.has_several(state.is_imported) is YES:
            who = parallel.said_of_imports if state.is_imported else parallel.said
            effect, help_ = _SAID[state.kind]
            yield Finding(
                state.span,
                f"each of {who} of `{service.label}` {effect}",
                (*service.chain, *parallel.evidence, *state.evidence),
                help=help_,
            )
