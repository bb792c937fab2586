"""Give websockets of a WSGI app a server with room for them: many threads, or gevent.

A websocket of Flask-Sock or Flask-SocketIO holds what a request holds, for as long as its client stays. A sync worker
of gunicorn does one thing at a time: with two workers, two open tabs hold the site, and everybody else waits until
gunicorn kills the worker at its timeout, and the websocket with it (measured with gunicorn 27.0). Threads help by
their number: the fifth client of `--threads=4` waits. Other servers never hand the app a connection: behind
waitress, uWSGI or granian each handshake of Flask-Sock fails with 500 (measured). At the desk it works, for Flask's
development server gives each client a thread.

## Example

```procfile title="Procfile"
web: gunicorn --workers=2 chat:app  # <- websocket-on-wsgi-worker
```
```python title="chat.py"
from flask import Flask
from flask_sock import Sock

app = Flask(__name__)
sock = Sock(app)


@app.get("/")
def index():
    return "the page"


@sock.route("/ws")
def echo(ws):
    while True:
        ws.send(ws.receive())
```

Use instead:

```procfile title="Procfile"
web: gunicorn --threads=100 chat:app
```
```python title="chat.py"
from flask import Flask
from flask_sock import Sock

app = Flask(__name__)
sock = Sock(app)


@app.get("/")
def index():
    return "the page"


@sock.route("/ws")
def echo(ws):
    while True:
        ws.send(ws.receive())
```

## References
- Flask-Sock, Running a Flask-Sock Application
- Flask-SocketIO, Deployment
- Gunicorn, Design: Choosing a Worker Type
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.ERROR)
def websocket_on_wsgi_worker(service: Service, deployment: Deployment) -> Findings:
    socket = deployment.serving_of(service).socket_on_wsgi if service.is_production is YES else None
    if socket is None or service.server is None:
        return
    kills = f" until gunicorn kills it after {socket.cut_after} s" if socket.cut_after else ""
    held = "a sync worker" if socket.is_sync else "a thread"
    counted = service.parallel.evidence if socket.slots is not None else ()
    if socket.refusal:
        message = f"`{service.label}` refuses every websocket: {socket.refusal}"
    elif socket.slots is not None:
        message = f"`{service.label}` answers nobody else once {socket.all} connected: each holds {held}{kills}"
    else:
        message = f"each {socket.unit} of `{service.label}` holds {held} that answers nobody else{kills}"
    yield Finding(
        service.server.span,
        message,
        (*service.chain, *counted, Evidence(socket.span, socket.note)),
        help=socket.instead,
        severity=Severity.ERROR if socket.refusal or socket.is_sync else Severity.WARNING,
    )
