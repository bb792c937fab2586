"""Let the server give up on a request before the proxy in front of it does.

A sync worker of gunicorn works on one request for up to `--timeout` seconds, a worker of uWSGI for as long
as `harakiri` allows. nginx waits 60 seconds for an answer unless `proxy_read_timeout` says otherwise, the
router of Heroku 30. Where the server's limit is the longer one, the client gets 504 (503 on Heroku), asks
again, and the worker still works on the first request, for nobody. Under load all workers do.

## Example

```yaml title="compose.prod.yaml"
services:
  web:
    build: .
    command: gunicorn --bind=0.0.0.0:8000 --timeout=120 shop:app  # <- server-timeout-exceeds-router-timeout
  nginx:
    image: nginx:1.29
    ports: ["80:80"]
    volumes:
      - ./nginx.conf:/etc/nginx/conf.d/default.conf:ro
```
```nginx title="nginx.conf"
server {
    listen 80;
    location / {
        proxy_pass http://web:8000;
    }
}
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt shop.py ./
RUN pip install -r requirements.txt
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
    command: gunicorn --bind=0.0.0.0:8000 --timeout=55 shop:app
  nginx:
    image: nginx:1.29
    ports: ["80:80"]
    volumes:
      - ./nginx.conf:/etc/nginx/conf.d/default.conf:ro
```
```nginx title="nginx.conf"
server {
    listen 80;
    location / {
        proxy_pass http://web:8000;
    }
}
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt shop.py ./
RUN pip install -r requirements.txt
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
- Gunicorn, Settings: timeout
- nginx, Module ngx_http_proxy_module: proxy_read_timeout
- Heroku, Request Timeout
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.deployment.servers.concurrency import chosen_timeout_of
from prodlint.rule import YES, Finding, Findings, Severity, rule

_CLOSE = 5


@rule(Severity.WARNING)
def server_timeout_exceeds_router_timeout(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    timeout = chosen_timeout_of(server) if server is not None else None
    if service.is_production is not YES or server is None or timeout is None:
        return
    front = deployment.traffic_to(service).patience
    if front is None or timeout.value < front.seconds + _CLOSE:
        return
    yield Finding(
        timeout.span,
        f"{front.who} gives up on `{service.label}` after {front.seconds} s, but {server.product} works on a request "
        f"for up to {timeout.value} s: the client gets {front.answer} and asks again while the worker is still busy",
        (*service.chain, *front.evidence),
        help=f"end requests before {front.seconds} s here, and move longer work to a queue",
    )
