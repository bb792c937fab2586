"""Start the server with a module that is there and a name that the module holds.

A server imports its app by name: `shop.wsgi:app` is the object `app` of the module `shop.wsgi`. When the module does
not lie where the process starts, or holds the app under another name, there is nothing to serve. Gunicorn's worker
ends with "Failed to find attribute 'app'" and takes gunicorn with it (exit status 4, 3 for a module that cannot be
imported), uvicorn ends with "Attribute "app" not found" or "Could not import module", and the platform starts them
again for ever. uWSGI stays up and answers 500 (measured with gunicorn 27.0, uvicorn 0.54 and uWSGI 2.0.31).

## Example

```procfile title="Procfile"
web: gunicorn shop.wsgi:app  # <- app-target-not-found
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```

Use instead:

```procfile title="Procfile"
web: gunicorn shop.wsgi:application
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```

## References
- Gunicorn, Running Gunicorn: commands
- Uvicorn, Settings: application
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.SAFE,))
def app_target_not_found(service: Service, deployment: Deployment) -> Findings:
    serving = deployment.serving_of(service)
    target, server = serving.target, service.server
    if service.is_production is not YES or server is None or target is None or target.is_missing is not YES:
        return
    what = (
        "stays up and answers 500 to every request"
        if server.survives_without_app
        else "ends before it serves a request"
    )
    yield Finding(
        target.span,
        f"`{service.label}` {target.problem}: {server.product} {what}",
        (*service.chain, *target.evidence),
        target.help,
        serving.with_target(target.instead) if target.instead else None,
    )
