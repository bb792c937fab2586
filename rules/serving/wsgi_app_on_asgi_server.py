"""Run a WSGI app with a server that speaks WSGI.

Flask, Bottle, Pyramid and Django's `wsgi.py` are called with an environment and a function. Uvicorn, daphne, gunicorn
with an ASGI worker and `granian --interface asgi` hand over a scope and two channels instead. The server starts and
accepts connections, and every request answers 500: "Flask.__call__() missing 1 required positional argument:
'start_response'" (measured with uvicorn 0.54, daphne 4.2, granian 2.8 and gunicorn 27.0). Hypercorn serves both.

## Example

```procfile title="Procfile"
web: uvicorn shop.wsgi:application --host 0.0.0.0 --port $PORT  # <- wsgi-app-on-asgi-server
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```
```python title="shop/asgi.py"
from django.core.asgi import get_asgi_application

application = get_asgi_application()
```

Use instead:

```procfile title="Procfile"
web: uvicorn shop.asgi:application --host 0.0.0.0 --port $PORT
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```
```python title="shop/asgi.py"
from django.core.asgi import get_asgi_application

application = get_asgi_application()
```

## References
- Django, How to deploy with ASGI
- Uvicorn, Settings: interface
- PEP 3333
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Interface, Service
from prodlint.rule import NO, YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.SAFE,))
def wsgi_app_on_asgi_server(service: Service, deployment: Deployment) -> Findings:
    serving = deployment.serving_of(service)
    server, app = service.server, serving.app
    if service.is_production is not YES or server is None or app is None:
        return
    if server.interface is not Interface.ASGI or server.can_serve(app) is not NO:
        return
    sibling = serving.asgi_target
    yield Finding(
        server.span,
        f"`{service.label}` hands the {app.framework} app to {server.told_by}, which calls it as ASGI: "
        "every request answers 500",
        (*service.chain, *server.interface_evidence, Evidence(app.span, f"the {app.framework} app that it serves")),
        help=f"serve {sibling}" if sibling else f"serve it with {app.own_servers}",
        fix=serving.with_target(sibling) if sibling else None,
    )
