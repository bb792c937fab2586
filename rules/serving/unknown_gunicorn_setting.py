"""Spell gunicorn's settings in its file as gunicorn does.

Gunicorn's configuration file is Python, and a name in it that is no setting is skipped without a word, at every log
level (measured with gunicorn 27.0). `access_log = "-"` writes no access log, `worker = 4` starts one worker,
`keep_alive = 65` changes nothing: what the file says and what production does are two things.

## Example

```procfile title="Procfile"
web: gunicorn shop.wsgi
```
```python title="gunicorn.conf.py"
workers = 4
access_log = "-"  # <- unknown-gunicorn-setting
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```

Use instead:

```procfile title="Procfile"
web: gunicorn shop.wsgi
```
```python title="gunicorn.conf.py"
workers = 4
accesslog = "-"
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```

## References
- Gunicorn, Settings
- Gunicorn, Configuration Overview
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Edit, Evidence, Finding, Findings, Fix, Safety, Severity, rule


@rule(Severity.WARNING, fixes=(Safety.UNSAFE,))
def unknown_gunicorn_setting(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    if service.is_production is not YES or server is None:
        return
    for one in deployment.serving_of(service).ignored_gunicorn_names:
        yield Finding(
            one.span,
            f"gunicorn knows no setting {one.name} and skips it without a word; the setting is called {one.meant}",
            (*service.chain, Evidence(server.span, f"`{service.label}` reads this file")),
            help=f"call it {one.meant}",
            fix=Fix(f"call it {one.meant}", (Edit(one.span, one.meant),), Safety.UNSAFE),
        )
