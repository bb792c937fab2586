"""Ask Django's database in a coroutine by the methods that begin with an a.

Where an event loop runs, Django refuses its own queries, because their connection belongs to one
thread: `Order.objects.get(…)` in an `async def` view raises SynchronousOnlyOperation, "You cannot
call this from an async context", and the answer is 500 (measured with Django 5.2, under uvicorn and
under gunicorn alike). Building a query set asks nothing and is fine; `get`, `first`, `count`, `create`
and `save` ask.

## Example

```procfile title="Procfile"
web: uvicorn shop.asgi:application --host 0.0.0.0 --port $PORT
```
```python title="shop/asgi.py"
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_asgi_application()
```
```python title="shop/settings.py"
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["shop"]
ALLOWED_HOSTS = ["*"]
SECRET_KEY = "only-for-this-page"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
```
```python title="shop/urls.py"
from django.urls import path

from shop import views

urlpatterns = [path("", views.latest)]
```
```python title="shop/models.py"
from django.db import models


class Order(models.Model):
    total = models.IntegerField()
```
```python title="shop/views.py"
from django.db import OperationalError
from django.http import HttpResponse

from shop.models import Order


async def latest(request):
    try:
        order = Order.objects.first()  # <- sync-orm-in-async-view
    except OperationalError:  # no table yet
        order = None
    return HttpResponse(str(order))
```

Use instead:

```procfile title="Procfile"
web: uvicorn shop.asgi:application --host 0.0.0.0 --port $PORT
```
```python title="shop/asgi.py"
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_asgi_application()
```
```python title="shop/settings.py"
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["shop"]
ALLOWED_HOSTS = ["*"]
SECRET_KEY = "only-for-this-page"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
```
```python title="shop/urls.py"
from django.urls import path

from shop import views

urlpatterns = [path("", views.latest)]
```
```python title="shop/models.py"
from django.db import models


class Order(models.Model):
    total = models.IntegerField()
```
```python title="shop/views.py"
from django.db import OperationalError
from django.http import HttpResponse

from shop.models import Order


async def latest(request):
    try:
        order = await Order.objects.afirst()
    except OperationalError:  # no table yet
        order = None
    return HttpResponse(str(order))
```

## References
- Django, Asynchronous support: async safety
- Django, QuerySet API: methods that do not return QuerySets
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Severity, rule


@rule(Severity.ERROR)
def sync_orm_in_async_view(service: Service, deployment: Deployment) -> Findings:
    if service.is_production is not YES:
        return
    for call in deployment.calls_of(service).sync_queries:
        last = call.written.rpartition(".")[2]
        yield Finding(
            call.span,
            f"{call.written} raises SynchronousOnlyOperation: it asks the database from a coroutine",
            (*service.chain_to_app, *call.reached.chain),
            help=f"`await` its async twin, `a{last}`, or wrap what asks in `sync_to_async`",
        )
