"""Let the server believe the proxy that stands in front of it.

A proxy tells the server in X-Forwarded-For and X-Forwarded-Proto who the client is and whether it came by
https. uvicorn and `fastapi run` believe that from 127.0.0.1 alone, gunicorn the scheme alone, hypercorn,
daphne, granian and waitress nothing (measured). A proxy in another container has another address: then each
redirect and each address that the app makes begins with http://, and all clients have the address of the
proxy, so that they share one rate limit and the log says nothing.

## Example

```yaml title="compose.prod.yaml"
services:
  traefik:
    image: traefik:3.6
    command:
      - --providers.docker
      - --entrypoints.https.address=:443
    ports: ["443:443"]
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock:ro
  api:
    build: .
    command: uvicorn --host=0.0.0.0 main:app  # <- untrusted-proxy-headers
    labels:
      - traefik.http.routers.api.rule=Host(`api.example.com`)
      - traefik.http.routers.api.entrypoints=https
      - traefik.http.routers.api.tls=true
      - traefik.http.services.api.loadbalancer.server.port=8000
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/items/")
def items() -> list[str]:
    return []
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY main.py ./
RUN pip install fastapi==0.165.0 uvicorn==0.54.0
```

Use instead:

```yaml title="compose.prod.yaml"
services:
  traefik:
    image: traefik:3.6
    command:
      - --providers.docker
      - --entrypoints.https.address=:443
    ports: ["443:443"]
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock:ro
  api:
    build: .
    command: uvicorn --host=0.0.0.0 --forwarded-allow-ips=* main:app
    labels:
      - traefik.http.routers.api.rule=Host(`api.example.com`)
      - traefik.http.routers.api.entrypoints=https
      - traefik.http.routers.api.tls=true
      - traefik.http.services.api.loadbalancer.server.port=8000
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/items/")
def items() -> list[str]:
    return []
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY main.py ./
RUN pip install fastapi==0.165.0 uvicorn==0.54.0
```

## References
- Uvicorn, Deployment: running behind Nginx
- FastAPI, Behind a proxy
- Flask, Tell Flask it is behind a proxy
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.WARNING)
def untrusted_proxy_headers(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    if service.is_production is not YES or server is None:
        return
    found = deployment.traffic_to(service).ignored_headers
    if found is None:
        return
    yield Finding(
        found.forwarding.span,
        f"`{service.label}` {found.believes}, but {found.dial.who} calls it from elsewhere: {found.need.effect}",
        (*service.chain, Evidence(found.dial.span, found.dial.note), Evidence(found.need.span, found.need.note)),
        help=found.help,
    )
