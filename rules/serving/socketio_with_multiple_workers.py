"""Serve Socket.IO with one worker for each port, or let its clients use WebSockets alone.

A Socket.IO client begins with several plain requests that belong together. Workers behind one port are given requests
in no particular order, so that the second request of a client arrives where nobody knows its first: it is answered
400 "Invalid session", and the browser tries again and again (measured with three gunicorn workers: 3 of 10 clients).
And what one process emits is only received by the clients of that process.

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn --bind=0.0.0.0:8000 --workers=4 chat:app  # <- socketio-with-multiple-workers
    restart: unless-stopped
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 flask-socketio==5.6.0 gunicorn==27.0.1
```
```python title="chat.py"
from flask import Flask
from flask_socketio import SocketIO

app = Flask(__name__)
socketio = SocketIO(app)
```

Use instead:

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    command: gunicorn --bind=0.0.0.0:8000 --workers=1 --threads=100 chat:app
    restart: unless-stopped
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install flask==3.1.3 flask-socketio==5.6.0 gunicorn==27.0.1
```
```python title="chat.py"
from flask import Flask
from flask_socketio import SocketIO

app = Flask(__name__)
socketio = SocketIO(app)
```

## References
- Flask-SocketIO, Deployment
- python-socketio, The Socket.IO Server: Deployment Strategies
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import NO, YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.ERROR)
def socketio_with_multiple_workers(service: Service, deployment: Deployment) -> Findings:
    parallel = service.parallel
    if service.is_production is not YES or service.server is None or parallel.is_several is not YES:
        return
    found = deployment.workers_of(service).socketio_server
    if found is None:
        return
    if found.lets_poll is YES and parallel.has_several_workers is YES and service.workers.span is not None:
        yield Finding(
            service.workers.span,
            f"`{service.label}` serves Socket.IO from {parallel.said}, and each knows its own clients alone",
            (*service.chain, Evidence(found.span, "makes the Socket.IO server")),
            help='handshakes fail with 400 "Invalid session": start one worker with many threads, or allow '
            'transports=["websocket"] alone',
        )
    elif found.is_shared is NO:
        yield Finding(
            found.span,
            f"what one of {parallel.said} of `{service.label}` emits does not reach the clients of the others",
            (*service.chain, *parallel.evidence),
            help="give the Socket.IO server a message_queue or client_manager (Redis) that all of them use",
            severity=Severity.WARNING,
        )
