"""Keep connections open for longer than the load balancer uses them.

The Application Load Balancer of AWS sends a next request over a connection that was idle for up to 60 seconds,
the balancer of Google Cloud for up to 600. uvicorn and hypercorn close an idle connection after 5 seconds,
gunicorn's threads and async workers after 2. Now and then the balancer writes a request just when the server
closes, and answers 502: few enough to find no cause, many enough to be seen, and nothing of it in any log of
the app.

## Example

```yaml title="k8s/production/web.yaml"
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: registry.example.com/shop:1.4
          command: ["uvicorn", "--host=0.0.0.0", "main:app"]  # <- keepalive-shorter-than-load-balancer
```
```yaml title="k8s/production/traffic.yaml"
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports:
    - port: 80
      targetPort: 8000
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
spec:
  ingressClassName: alb
  defaultBackend:
    service:
      name: web
      port: {number: 80}
```
```yaml title=".github/workflows/deploy.yml"
on:
  push: {branches: [main]}
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: docker build -t registry.example.com/shop:1.4 .
      - run: docker push registry.example.com/shop:1.4
      - run: kubectl apply -f k8s/production
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY main.py ./
RUN pip install fastapi==0.165.0 uvicorn==0.54.0
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()
```

Use instead:

```yaml title="k8s/production/web.yaml"
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: registry.example.com/shop:1.4
          command: ["uvicorn", "--host=0.0.0.0", "--timeout-keep-alive=65", "main:app"]
```
```yaml title="k8s/production/traffic.yaml"
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports:
    - port: 80
      targetPort: 8000
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
spec:
  ingressClassName: alb
  defaultBackend:
    service:
      name: web
      port: {number: 80}
```
```yaml title=".github/workflows/deploy.yml"
on:
  push: {branches: [main]}
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: docker build -t registry.example.com/shop:1.4 .
      - run: docker push registry.example.com/shop:1.4
      - run: kubectl apply -f k8s/production
```
```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY main.py ./
RUN pip install fastapi==0.165.0 uvicorn==0.54.0
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()
```

## References
- AWS, Troubleshoot your Application Load Balancers: HTTP 502
- Google Cloud, External Application Load Balancer: timeouts and retries
- Uvicorn, Settings: timeouts
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule


@rule(Severity.WARNING)
def keepalive_shorter_than_load_balancer(service: Service, deployment: Deployment) -> Findings:
    server = service.server
    found = deployment.traffic_to(service).short_keep if service.is_production is YES and server is not None else None
    if server is None or found is None:
        return
    kept = found.kept
    default = ", its default" if kept.span == server.span else ""
    yield Finding(
        kept.span,
        f"{server.product} closes idle connections of `{service.name}` after {kept.value} s{default}, and {found.who} "
        f"uses them again for {found.seconds} s: now and then a request ends in 502",
        (*service.chain, Evidence(found.span, f"{found.who} keeps connections for {found.seconds} s")),
        help=f"keep connections for longer than that: {found.seconds + 5} s",
    )
