"""Log what a request has to say: lines of `print` wait in a buffer.

When standard output is no terminal, Python writes it in blocks of eight kilobytes. Under gunicorn
the lines of a quiet service arrive hours later, in one lump, and those of a worker that is killed
never arrive: they were about the request that killed it (measured: nothing is written after the
request, and nothing after SIGKILL). Handlers of `logging` write each line at once, with its time and
its level.

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    restart: unless-stopped
    command: gunicorn --bind=0.0.0.0:8000 main:app
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1
```
```python title="main.py"
from flask import Flask

app = Flask(__name__)


@app.get("/orders/<int:number>")
def order(number):
    print("order", number)  # <- print-instead-of-logging
    print("address read")
    print("card charged")
    print("mail sent")
    print("done")
    return {"number": number}
```

Use instead:

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    restart: unless-stopped
    command: gunicorn --bind=0.0.0.0:8000 main:app
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1
```
```python title="main.py"
import logging

from flask import Flask

logging.basicConfig(level=logging.INFO)
app = Flask(__name__)


@app.get("/orders/<int:number>")
def order(number):
    app.logger.info("order %s", number)
    app.logger.info("address read")
    app.logger.info("card charged")
    app.logger.info("mail sent")
    app.logger.info("done")
    return {"number": number}
```

## References
- Python, Command line and environment: PYTHONUNBUFFERED
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.INFO)
def print_instead_of_logging(service: Service, deployment: Deployment) -> Findings:
    printed = deployment.observability_of(service).printed_lines if service.is_production is YES else None
    if printed is None or service.server is None:
        return
    yield Finding(
        printed.span,
        f"lines that {service.name} prints arrive late, and are lost when a worker is killed",
        (
            *service.chain,
            Evidence(service.server.span, "starts it without PYTHONUNBUFFERED"),
            *(Evidence(one, "printed too") for one in printed.others),
        ),
        help="log them, or set PYTHONUNBUFFERED=1 in the image",
    )
