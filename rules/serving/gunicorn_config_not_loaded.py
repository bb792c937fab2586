"""Start gunicorn with the configuration file that was written for it.

Gunicorn reads the file behind `-c`, else `gunicorn.conf.py` in the directory where it starts, whatever `--chdir` says
(measured with gunicorn 27.0). A file of another name or in another folder is not read: production runs one sync
worker with a time limit of 30 seconds, and nothing tells. A file behind `-c` that is not there ends gunicorn at once
("'gunicorn.conf.py' doesn't exist").

## Example

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1
CMD ["gunicorn", "shop:app"]  # <- gunicorn-config-not-loaded
```
```python title="config/gunicorn.py"
bind = "0.0.0.0:8000"
workers = 4
timeout = 120
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

Use instead:

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1
CMD ["gunicorn", "-c", "config/gunicorn.py", "shop:app"]
```
```python title="config/gunicorn.py"
bind = "0.0.0.0:8000"
workers = 4
timeout = 120
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

## References
- Gunicorn, Configuration Overview
- Gunicorn, Settings: config
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.WARNING)
def gunicorn_config_not_loaded(service: Service, deployment: Deployment) -> Findings:
    serving = deployment.serving_of(service)
    server = service.server
    if service.is_production is not YES or server is None:
        return
    missing, unloaded = serving.missing_gunicorn_file, serving.unloaded_gunicorn_file
    if missing is not None:
        glued = f'write "-c", "{missing.glued}" as two words: the space is a part of the name now'
        yield Finding(
            missing.span,
            f"`{service.label}` reads `{missing.path}`, and there is no such file: gunicorn ends at once",
            service.chain,
            help=glued if missing.glued else "name a file that lies there when gunicorn starts",
            severity=Severity.ERROR,
        )
    elif unloaded is not None:
        yield Finding(
            server.span,
            f"`{service.label}` reads no configuration: what {unloaded.path} says of "
            f"{', '.join(unloaded.settings[:3])} does not hold in production",
            (*service.chain, Evidence(unloaded.span, "the configuration that nothing loads")),
            help=f"start gunicorn with `-c {unloaded.path}`, or put the file beside the start as gunicorn.conf.py",
        )
