"""Give each program of a container a port of its own.

The programs that a supervisor starts in one container, and the containers of one pod, share their ports.
Where two of them bind the same one, the second ends with "Address already in use" and is started again and
again; which of them is the second may change with every start, so that sometimes the proxy is missing and
sometimes the app.

## Example

```ini title="supervisord.conf"
[supervisord]
nodaemon=true

[program:nginx]
command=nginx -g "daemon off;"

[program:web]
command=gunicorn --bind 0.0.0.0:8000 shop:app  # <- port-bound-twice
```
```nginx title="nginx.conf"
server {
    listen 8000;
    location / {
        proxy_pass http://127.0.0.1:8000;
    }
}
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
RUN apt-get update && apt-get install -y nginx supervisor
WORKDIR /app
COPY shop.py ./
COPY nginx.conf /etc/nginx/conf.d/default.conf
COPY supervisord.conf /etc/supervisor/conf.d/shop.conf
RUN pip install flask==3.1.3 gunicorn==27.0.1
CMD ["supervisord", "-n"]
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

Use instead:

```ini title="supervisord.conf"
[supervisord]
nodaemon=true

[program:nginx]
command=nginx -g "daemon off;"

[program:web]
command=gunicorn --bind 127.0.0.1:5000 shop:app
```
```nginx title="nginx.conf"
server {
    listen 8000;
    location / {
        proxy_pass http://127.0.0.1:5000;
    }
}
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
RUN apt-get update && apt-get install -y nginx supervisor
WORKDIR /app
COPY shop.py ./
COPY nginx.conf /etc/nginx/conf.d/default.conf
COPY supervisord.conf /etc/supervisor/conf.d/shop.conf
RUN pip install flask==3.1.3 gunicorn==27.0.1
CMD ["supervisord", "-n"]
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

## References
- Docker, Run multiple processes in a container
- Kubernetes, Pods: pod networking
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.ERROR)
def port_bound_twice(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    taken = deployment.traffic_to(service).taken_port if service.is_production is YES and server is not None else None
    if server is None or taken is None:
        return
    yield Finding(
        taken.bind.span,
        f"`{service.label}` and {taken.who} both bind port {taken.bind.shown_port} of one container: "
        "the second of them ends with `Address already in use`",
        (*service.chain_to_bind, Evidence(taken.span, f"{taken.who} listens here")),
        help=f"let {server.product} listen on another port, and whoever dials it dial that one",
    )
