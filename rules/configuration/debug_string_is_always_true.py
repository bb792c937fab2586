"""Cast a switch that comes from a variable; do not take its text for the answer.

A variable is always a text, and Python takes every text but the empty one for true. An operator who sets
`DEBUG=False`, or `DEBUG=0`, has turned debugging on: the next error shows its visitor a page with the settings, the
statements and the local variables of every function on the way. Django, Flask and Starlette all look at the truth of
what they are given, so the bare text of the variable does the same as `bool()` of it.

## Example

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    restart: unless-stopped
    environment:
      DEBUG: "False"
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install gunicorn==27.0.1 django==5.2.19
CMD ["gunicorn", "--bind=0.0.0.0:8000", "shop.wsgi"]
```
```python title="shop/wsgi.py"
import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
application = get_wsgi_application()
```
```python title="shop/settings.py"
import os

SECRET_KEY = os.environ["SECRET_KEY"]
DEBUG = bool(os.environ.get("DEBUG"))  # <- debug-string-is-always-true
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shop.urls"
```
```python title="shop/urls.py"
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse("shop"))]
```

Use instead:

```yaml title="compose.prod.yml"
services:
  web:
    build: .
    restart: unless-stopped
    environment:
      DEBUG: "False"
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install gunicorn==27.0.1 django==5.2.19
CMD ["gunicorn", "--bind=0.0.0.0:8000", "shop.wsgi"]
```
```python title="shop/wsgi.py"
import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
application = get_wsgi_application()
```
```python title="shop/settings.py"
import os

SECRET_KEY = os.environ["SECRET_KEY"]
DEBUG = os.environ.get("DEBUG", "").lower() in ("1", "true", "yes", "on")
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shop.urls"
```
```python title="shop/urls.py"
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse("shop"))]
```

## References
- Python, Built-in Types: Truth Value Testing
- Django, Settings: DEBUG
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.UNSAFE,))
def debug_string_is_always_true(service: Service, deployment: Deployment) -> Findings:
    if service.is_production is not YES:
        return
    for one in deployment.uncast_settings_of(service):
        said = f"{one.variable}={one.text} leaves {one.name} on in `{service.label}`"
        yield Finding(
            one.span,
            f"{said}: every text but the empty one is true",
            (*service.chain, *one.chosen, *one.reads, *one.told),
            help=one.advice.help,
            fix=one.advice.fix,
            severity=None if one.is_dangerous else Severity.WARNING,
        )
