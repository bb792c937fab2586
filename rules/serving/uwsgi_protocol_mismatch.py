"""Speak to uWSGI in the protocol that its socket serves.

`socket` of uWSGI serves the binary uwsgi protocol, which nginx speaks with `uwsgi_pass`; `http` and
`http-socket` serve HTTP, which browsers, probes, the routers of platforms and `proxy_pass` speak. The two
do not understand one another: nginx answers 502 and logs "upstream sent no valid HTTP/1.0 header", or the
server logs "invalid request block size", and no request reaches the app.

## Example

```nginx title="nginx.conf"
server {
    listen 80;
    location / {
        proxy_pass http://app:3031;
    }
}
```
```ini title="uwsgi.ini"
[uwsgi]
socket = :3031  # <- uwsgi-protocol-mismatch
module = shop:app
master = true
die-on-term = true
```
```yaml title="compose.prod.yaml"
services:
  app:
    build: .
  nginx:
    image: nginx:1.29
    ports: ["80:80"]
    volumes:
      - ./nginx.conf:/etc/nginx/conf.d/default.conf:ro
```
```dockerfile title="Dockerfile"
FROM python:3.13
WORKDIR /app
COPY requirements.txt uwsgi.ini shop.py ./
RUN pip install -r requirements.txt
CMD ["uwsgi", "uwsgi.ini"]
```
```text title="requirements.txt"
flask==3.1.3
uwsgi==2.0.31
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

Use instead:

```nginx title="nginx.conf"
server {
    listen 80;
    location / {
        proxy_pass http://app:3031;
    }
}
```
```ini title="uwsgi.ini"
[uwsgi]
http-socket = :3031
module = shop:app
master = true
die-on-term = true
```
```yaml title="compose.prod.yaml"
services:
  app:
    build: .
  nginx:
    image: nginx:1.29
    ports: ["80:80"]
    volumes:
      - ./nginx.conf:/etc/nginx/conf.d/default.conf:ro
```
```dockerfile title="Dockerfile"
FROM python:3.13
WORKDIR /app
COPY requirements.txt uwsgi.ini shop.py ./
RUN pip install -r requirements.txt
CMD ["uwsgi", "uwsgi.ini"]
```
```text title="requirements.txt"
flask==3.1.3
uwsgi==2.0.31
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

## References
- uWSGI, Things to know: http, http-socket and socket
- nginx, Module ngx_http_uwsgi_module
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule

_HELP = {
    "http": "serve HTTP there (`http-socket` in the place of `socket`), or let nginx speak uwsgi (`uwsgi_pass` with "
    "`include uwsgi_params`)",
    "uwsgi": "let nginx speak HTTP (`proxy_pass`), or let uWSGI serve the uwsgi protocol there (`socket`)",
}


@rule(Severity.ERROR)
def uwsgi_protocol_mismatch(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    if service.is_production is not YES or server is None:
        return
    for dial, bind in deployment.traffic_to(service).other_protocols:
        yield Finding(
            bind.span,
            f"{dial.who} speaks {_shown(dial.protocol)} to {service.name}, "
            f"but {server.product} serves {_shown(bind.protocol)} on {bind}: no request is understood",
            (*service.chain_to_bind, Evidence(dial.span, dial.note)),
            help=_HELP.get(dial.protocol, f"speak {_shown(bind.protocol)} to it"),
        )


def _shown(protocol: str) -> str:
    return "HTTP" if protocol.startswith("http") else f"the {protocol} protocol"
