"""Dial the port that the server listens on.

`ports` of compose, an upstream of nginx and a label of Traefik name a port of the container; the server
is told its port in a command, a configuration file or a variable somewhere else. Where the two differ
everything starts and looks healthy, and each request ends in "connection refused" or 502 Bad Gateway.
The port of the host (the left half of `80:8000`) does not matter here, and EXPOSE opens nothing.

## Example

```yaml title="compose.prod.yaml"
services:
  web:
    build: .
    ports:
      - "80:8000"  # <- port-mismatch
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt gunicorn.conf.py shop.py ./
RUN pip install -r requirements.txt
CMD ["gunicorn", "shop:app"]
```
```python title="gunicorn.conf.py"
bind = "0.0.0.0:8080"
```
```text title="requirements.txt"
flask==3.1.3
gunicorn==27.0.1
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

Use instead:

```yaml title="compose.prod.yaml"
services:
  web:
    build: .
    ports:
      - "80:8080"
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt gunicorn.conf.py shop.py ./
RUN pip install -r requirements.txt
CMD ["gunicorn", "shop:app"]
```
```python title="gunicorn.conf.py"
bind = "0.0.0.0:8080"
```
```text title="requirements.txt"
flask==3.1.3
gunicorn==27.0.1
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

## References
- Compose file reference, Services: ports
- Docker, Networking in Compose
- nginx, Module ngx_http_proxy_module: proxy_pass
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.ERROR)
def port_mismatch(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    if service.is_production is not YES or server is None:
        return
    for dial in deployment.traffic_to(service).wrong_ports:
        bind = server.binds[0]
        yield Finding(
            dial.span,
            f"{dial.who} sends requests to port {dial.shown} of {service.name}, where nothing answers: "
            f"{server.product} listens on {bind}",
            (*service.chain, Evidence(bind.span, f"{server.product} listens on {bind}")),
            help=f"dial port {bind.shown_port} here, or let {server.product} listen on {dial.shown}",
        )
