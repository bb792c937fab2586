"""Serve a Django project with websockets through its ASGI application.

WSGI knows requests and answers, nothing that stays open. A project whose routing has websocket consumers, but whose
`wsgi.py` is all that production serves, answers each handshake with 404, and the page behind it never hears from the
server. Coroutines among the views do answer there, each in an event loop and a thread of its own, so that they win
nothing by being coroutines.

## Example

```procfile title="Procfile"
web: gunicorn shop.wsgi  # <- async-app-on-wsgi-entrypoint
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```
```python title="shop/asgi.py"
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

from chat.routing import websocket_urlpatterns

application = ProtocolTypeRouter(
    {"http": get_asgi_application(), "websocket": URLRouter(websocket_urlpatterns)}
)
```

Use instead:

```procfile title="Procfile"
web: gunicorn -k uvicorn_worker.UvicornWorker shop.asgi
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```
```python title="shop/asgi.py"
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

from chat.routing import websocket_urlpatterns

application = ProtocolTypeRouter(
    {"http": get_asgi_application(), "websocket": URLRouter(websocket_urlpatterns)}
)
```

## References
- Django, Asynchronous support
- Channels, Deploying
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Severity, rule


@rule(Severity.WARNING)
def async_app_on_wsgi_entrypoint(service: Service, deployment: Deployment) -> Findings:
    need = deployment.serving_of(service).asgi_need if service.is_production is YES else None
    if need is None or service.server is None:
        return
    sockets = need.is_websocket
    what = "no process answers the websockets of the project" if sockets else "its coroutines run one to a thread"
    yield Finding(
        service.server.span,
        f"`{service.label}` serves Django as WSGI, so that {what}",
        (*service.chain_to_app, need.evidence),
        help="serve the ASGI application of the project with uvicorn, daphne or gunicorn's uvicorn worker",
        severity=Severity.WARNING if sockets else Severity.INFO,
    )
