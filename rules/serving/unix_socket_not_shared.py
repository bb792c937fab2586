"""Put the socket where the proxy can open it.

A Unix socket is a file: only programs that see the same file can connect to it. A server in a container that
binds `unix:/tmp/shop.sock` makes that file in its own container. nginx in the next one finds nothing at the
same path and answers 502 ("connect() to unix:/tmp/shop.sock failed (2: No such file or directory)"), unless
a volume holds the folder for both.

## Example

```yaml title="compose.prod.yaml"
services:
  web:
    build: .
    command: gunicorn --bind=unix:/tmp/shop.sock shop:app  # <- unix-socket-not-shared
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
        proxy_pass http://unix:/tmp/shop.sock;
    }
}
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY shop.py ./
RUN pip install flask==3.1.3 gunicorn==27.0.1
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
    command: gunicorn --bind=0.0.0.0:8000 shop:app
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
COPY shop.py ./
RUN pip install flask==3.1.3 gunicorn==27.0.1
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

## References
- nginx, Module ngx_http_proxy_module: proxy_pass
- Docker, Volumes
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Severity, rule


@rule(Severity.ERROR)
def unix_socket_not_shared(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    if service.is_production is not YES or server is None:
        return
    hidden = deployment.traffic_to(service).hidden_socket
    if hidden is None:
        return
    yield Finding(
        hidden.bind.span,
        f"`{service.label}` listens on {hidden.bind} in its own container, where nobody else sees that file",
        (*service.chain_to_bind, *hidden.evidence),
        help="listen on a port (0.0.0.0:8000), or mount one volume at the folder of the socket in both containers",
    )
