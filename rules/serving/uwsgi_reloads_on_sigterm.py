"""Tell uWSGI to stop on SIGTERM: its master reloads on that signal.

Every platform stops a process with SIGTERM. The master of uWSGI takes it as a request to reload: it
starts its workers anew and serves on, until the grace period is over and SIGKILL ends it with all
requests in flight. `die-on-term` makes it stop.

## Example

```dockerfile title="Dockerfile"
FROM python:3.13
WORKDIR /app
COPY . .
RUN pip install uwsgi==2.0.31
CMD ["uwsgi", "deploy/uwsgi.ini"]
```
```ini title="deploy/uwsgi.ini"
[uwsgi]
http-socket = :8000
module = shop.wsgi
master = true  # <- uwsgi-reloads-on-sigterm
processes = 4
```

Use instead:

```dockerfile title="Dockerfile"
FROM python:3.13
WORKDIR /app
COPY . .
RUN pip install uwsgi==2.0.31
CMD ["uwsgi", "deploy/uwsgi.ini"]
```
```ini title="deploy/uwsgi.ini"
[uwsgi]
http-socket = :8000
module = shop.wsgi
master = true
die-on-term = true
processes = 4
```

## References
- uWSGI, Things to know (best practices and issues)
- uWSGI, Managing the uWSGI server
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.WARNING, fixes=(Safety.SAFE,))
def uwsgi_reloads_on_sigterm(service: Service, deployment: Deployment) -> Findings:
    lifecycle = deployment.lifecycle_of(service)
    master = lifecycle.reloading_master if service.is_production is YES else None
    if master is None or service.server is None or not lifecycle.signal_path.arrives:
        return
    yield Finding(
        master.source.span,
        f"`{service.label}` reloads when SIGTERM tells it to stop, and each stop ends in a kill",
        (*service.chain, Evidence(service.server.span, "starts uwsgi")),
        help="set die-on-term, so that SIGTERM stops it",
        fix=lifecycle.with_die_on_term(master),
    )
