"""Tell FastAPI the prefix that the proxy takes off.

`location /api/ { proxy_pass http://app/; }` passes `/api/docs` on as `/docs`. The app does not know of `/api`
then, and everything that it says about itself lacks it: the documentation page under `/api/docs` asks for
`/openapi.json`, which belongs to another location, and shows "Failed to load API definition"; addresses that
the app makes lead past the prefix.

## Example

```nginx title="nginx.conf"
server {
    listen 80;
    location / {
        root /usr/share/nginx/html;
    }
    location /api/ {
        proxy_pass http://api:8000/;
    }
}
```
```yaml title="compose.prod.yaml"
services:
  api:
    build: .
    command: uvicorn --host=0.0.0.0 main:app  # <- root-path-mismatch
  nginx:
    image: nginx:1.29
    ports: ["80:80"]
    volumes:
      - ./nginx.conf:/etc/nginx/conf.d/default.conf:ro
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY main.py ./
RUN pip install fastapi==0.165.0 uvicorn==0.54.0
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()
```

Use instead:

```nginx title="nginx.conf"
server {
    listen 80;
    location / {
        root /usr/share/nginx/html;
    }
    location /api/ {
        proxy_pass http://api:8000/;
    }
}
```
```yaml title="compose.prod.yaml"
services:
  api:
    build: .
    command: uvicorn --host=0.0.0.0 --root-path=/api main:app
  nginx:
    image: nginx:1.29
    ports: ["80:80"]
    volumes:
      - ./nginx.conf:/etc/nginx/conf.d/default.conf:ro
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY main.py ./
RUN pip install fastapi==0.165.0 uvicorn==0.54.0
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()
```

## References
- FastAPI, Behind a Proxy
- nginx, Module ngx_http_proxy_module: proxy_pass
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.WARNING)
def root_path_mismatch(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    if service.is_production is not YES or server is None:
        return
    found = deployment.traffic_to(service).unknown_prefix
    if found is None:
        return
    yield Finding(
        server.span,
        f"nginx takes {found.prefix} off every path, and `{service.label}` does not know: "
        f"{found.prefix}{found.page} asks for {found.schema}, and finds no schema there",
        (*service.chain_to_app, Evidence(found.span, f"takes {found.prefix} off")),
        help=f"start it with root_path {found.prefix} (`--root-path {found.prefix}`, or FastAPI(root_path=…)), "
        "or leave the documentation out",
    )
