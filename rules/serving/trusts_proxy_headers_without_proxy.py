"""Believe forwarded headers from the proxy, not from everybody who reaches the port.

With `--forwarded-allow-ips=*` a server takes the client's address from X-Forwarded-For, whoever sends it.
That is right where nobody but the proxy can connect. Where the port is published on every address of the
host, anybody writes the header himself and chooses the address that rate limits, allow lists and logs see,
with or without a proxy beside it: Docker opens published ports past the firewall of most hosts.

## Example

```yaml title="compose.prod.yaml"
services:
  api:
    build: .
    ports:
      - "8000:8000"
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY main.py ./
RUN pip install fastapi==0.165.0 uvicorn==0.54.0
CMD ["uvicorn", "--host=0.0.0.0", "--forwarded-allow-ips=*", "main:app"]  # <- trusts-proxy-headers-without-proxy
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()
```

Use instead:

```yaml title="compose.prod.yaml"
services:
  api:
    build: .
    ports:
      - "127.0.0.1:8000:8000"
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY main.py ./
RUN pip install fastapi==0.165.0 uvicorn==0.54.0
CMD ["uvicorn", "--host=0.0.0.0", "--forwarded-allow-ips=*", "main:app"]
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()
```

## References
- Gunicorn, Settings: forwarded_allow_ips
- Uvicorn, Settings: HTTP
- Docker, Packet filtering and firewalls
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.WARNING)
def trusts_proxy_headers_without_proxy(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    if service.is_production is not YES or server is None:
        return
    door = deployment.traffic_to(service).open_door
    if door is None:
        return
    yield Finding(
        door.forwarding.span,
        f"`{service.label}` believes X-Forwarded headers from everybody, and port {door.dial.shown} is published to "
        "everybody: each client chooses the address that limits and logs see",
        (*service.chain, Evidence(door.dial.span, "publishes the port on every address of the host")),
        help="publish the port for a proxy alone (`127.0.0.1:8000:8000`, or `expose`), or name the proxy's network in "
        "forwarded_allow_ips",
    )
