"""Run one copy of an app that keeps its data in SQLite, or give all copies one database.

SQLite is a file, and a container has its own files. With two copies of the app there are two databases: who signs up
with one copy is unknown to the other, orders come and go from request to request, and nothing reports an error.

## Example

```yaml title="k8s/web.yaml"
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  template:
    spec:
      containers:
        - name: web
          image: registry.example.com/shop
          env:
            - name: DJANGO_SETTINGS_MODULE
              value: shop.settings
```
```yaml title=".github/workflows/deploy.yml"
on: {push: {branches: [main]}}
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: docker build -t registry.example.com/shop . && docker push registry.example.com/shop
      - run: kubectl apply -f k8s/
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install django==5.2.19 gunicorn==27.0.1 psycopg[binary]==3.3.2
CMD ["gunicorn", "--bind=0.0.0.0:8000", "--workers=2", "shop.wsgi"]
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```
```python title="shop/settings.py"
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
DATABASES = {  # <- sqlite-with-multiple-replicas
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"},
}
```

Use instead:

```yaml title="k8s/web.yaml"
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  template:
    spec:
      containers:
        - name: web
          image: registry.example.com/shop
          env:
            - name: DJANGO_SETTINGS_MODULE
              value: shop.settings
```
```yaml title=".github/workflows/deploy.yml"
on: {push: {branches: [main]}}
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: docker build -t registry.example.com/shop . && docker push registry.example.com/shop
      - run: kubectl apply -f k8s/
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install django==5.2.19 gunicorn==27.0.1 psycopg[binary]==3.3.2
CMD ["gunicorn", "--bind=0.0.0.0:8000", "--workers=2", "shop.wsgi"]
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```
```python title="shop/settings.py"
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "HOST": "db"}}
```

## References
- SQLite, Appropriate Uses For SQLite
- Kubernetes, Deployments: replicas
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Severity, rule


@rule(Severity.ERROR)
def sqlite_with_multiple_replicas(service: Service, deployment: Deployment) -> Findings:
    if service.is_production is not YES or service.server is None or service.parallel.has_several_copies is not YES:
        return
    for database in deployment.workers_of(service).databases:
        if database.dialect == "sqlite" and database.name and not database.is_kept_by(service.process):
            copies = service.parallel.said_of_copies
            yield Finding(
                database.span,
                f"each of {copies} of `{service.label}` has a {database.file} of its own",
                (*service.parallel.evidence_of_copies, *service.chain),
                help="what one copy stores the others never see: run a database server, or one copy with a volume",
            )
