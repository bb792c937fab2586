"""Log to standard output in a container, not to a file inside of it.

`docker logs`, `kubectl logs` and every platform's log page show what a process writes to standard
output and standard error. A file inside the container is on none of them. It is gone with the
container: at the next deploy, and after the crash that it was to explain. Until then it
grows on the disk of the host, which nobody rotates.

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    restart: unless-stopped
    command: gunicorn --bind=0.0.0.0:8000 --error-logfile=/app/logs/error.log shop:app  # <- logs-to-file-in-container
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1 && mkdir logs
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

Use instead:

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    restart: unless-stopped
    command: gunicorn --bind=0.0.0.0:8000 --error-logfile=- shop:app
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1 && mkdir logs
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

## References
- The Twelve-Factor App, XI. Logs
- Docker, View container logs
- Gunicorn, Settings: errorlog
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.WARNING, fixes=(Safety.SAFE,))
def logs_to_file_in_container(service: Service, deployment: Deployment) -> Findings:
    if service.is_production is not YES:
        return
    for file in deployment.observability_of(service).log_files:
        if file.is_only is YES and file.is_lost is YES:
            yield Finding(
                file.span,
                f"{file.what} goes to {file.path} in the container of {service.name}, and is gone with it",
                (*file.chain, Evidence(service.process.span, f"keeps nothing of what {service.name} writes there")),
                help=file.remedy,
                fix=file.fix,
            )
