"""Choose the number of workers by what the container may use, not by the CPUs of its host.

`cpu_count()` and `nproc` count the CPUs of the machine. A limit of a container takes away their time, not their
number: on a host of 16 CPUs `cpu_count() * 2 + 1` starts 33 workers, and they share the half CPU and the memory that
the container was given. It starts slowly, answers slowly, and is killed for its memory once it runs on a larger host.

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn shop:app
    restart: unless-stopped
    deploy:
      resources:
        limits:
          cpus: "0.5"
          memory: 512M
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1
```
```python title="gunicorn.conf.py"
import multiprocessing

bind = "0.0.0.0:8000"
workers = multiprocessing.cpu_count() * 2 + 1  # <- workers-from-host-cpu-count
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
    command: gunicorn shop:app
    restart: unless-stopped
    deploy:
      resources:
        limits:
          cpus: "0.5"
          memory: 512M
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 gunicorn==27.0.1
```
```python title="gunicorn.conf.py"
bind = "0.0.0.0:8000"
workers = 2
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

## References
- Python, multiprocessing: cpu_count
- Docker, Resource constraints: CPU
"""

from __future__ import annotations

from prodlint.deployment import Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule

_FEW = 2


@rule(Severity.WARNING)
def workers_from_host_cpu_count(service: Service) -> Findings:
    workers, limit = service.parallel.per_cpu, service.cpu_limit
    if service.is_production is not YES or workers is None or workers.span is None or limit is None:
        return
    if limit.cpus <= _FEW and "PYTHON_CPU_COUNT" not in service.variables.names:
        said = "a worker for each CPU" if workers.formula == "CPUs" else f"{workers.formula} workers for the CPUs"
        enough = max(2, round(limit.cpus * 2))
        yield Finding(
            workers.span,
            f"`{service.label}` starts {said} of its host, and may use {limit.cpus:g}",
            (*service.chain, Evidence(limit.span, f"lets it use {limit.cpus:g} CPUs")),
            help=f"write the number down: {enough} workers suit the limit, whatever host it runs on",
        )
