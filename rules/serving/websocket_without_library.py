"""Install a websocket library beside uvicorn when the app answers websockets.

uvicorn speaks HTTP by itself and websockets only through another package: `websockets` or
`wsproto`. Plain `uvicorn` brings neither. The app starts, every page works, and each websocket is
refused: the browser reports "WebSocket connection failed", the log has one line, "No supported
WebSocket library detected" (measured with uvicorn 0.54). It works at the desk, where
`fastapi[standard]` or another tool has brought the package along.

## Example

```procfile title="Procfile"
web: uvicorn main:app --host 0.0.0.0 --port $PORT
```
```text title="requirements.txt"
fastapi==0.165.0
uvicorn==0.54.0
```
```python title="main.py"
from fastapi import FastAPI, WebSocket

app = FastAPI()


@app.websocket("/ws")  # <- websocket-without-library
async def echo(socket: WebSocket):
    await socket.accept()
    await socket.send_text(await socket.receive_text())
```

Use instead:

```procfile title="Procfile"
web: uvicorn main:app --host 0.0.0.0 --port $PORT
```
```text title="requirements.txt"
fastapi==0.165.0
uvicorn[standard]==0.54.0
```
```python title="main.py"
from fastapi import FastAPI, WebSocket

app = FastAPI()


@app.websocket("/ws")
async def echo(socket: WebSocket):
    await socket.accept()
    await socket.send_text(await socket.receive_text())
```

## References
- Uvicorn, Installation: optional dependencies
- Uvicorn, Settings: ws
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import NO, YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.SAFE,))
def websocket_without_library(service: Service, deployment: Deployment) -> Findings:
    if service.is_production is not YES or service.server is None:
        return
    route = deployment.serving_of(service).websocket
    if route is None or route.is_supported is not NO:
        return
    if route.switched_off is not None:
        yield Finding(
            route.span,
            f"`{service.label}` answers no websocket: uvicorn is told to refuse them",
            (*service.chain_to_app, Evidence(route.switched_off, "switches websockets off")),
            help="take the option out, and install `uvicorn[standard]`",
        )
        return
    server = Evidence(service.server.span, f"starts {service.server.product}")
    yield Finding(
        route.span,
        f"every handshake for {route.path} is refused: {service.install_source} brings uvicorn no websocket library",
        (server, *service.chain_to_installs),
        help="install `uvicorn[standard]`, or `websockets` beside uvicorn",
        fix=deployment.packages_of(service).with_extra("uvicorn", "standard"),
    )
