"""Let a shell, or the platform, put the variable into the command: a list is passed on as it is written.

Docker hands the words of a list to the program without reading them, and so do Kubernetes, Amazon ECS
and Railway for images. `$PORT` stays those five characters: gunicorn ends with "'$PORT' is not a valid
port number", uvicorn with status 2. A kubelet reads `$(PORT)` alone, and only for variables that the
container has; in single quotes no shell reads it either.

## Example

```yaml title="k8s/production/web.yaml"
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: registry.example.com/shop:1.4
          command: ["uvicorn", "--host=0.0.0.0", "--port=$PORT", "shop:app"]  # <- unexpanded-port-variable
          env:
            - name: PORT
              value: "8000"
```

Use instead:

```yaml title="k8s/production/web.yaml"
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: registry.example.com/shop:1.4
          command: ["uvicorn", "--host=0.0.0.0", "--port=$(PORT)", "shop:app"]
          env:
            - name: PORT
              value: "8000"
```

## References
- Docker, Dockerfile reference: Exec form
- Kubernetes, Define a Command and Arguments for a Container
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.SAFE,))
def unexpanded_port_variable(service: Service, deployment: Deployment) -> Findings:
    lifecycle = deployment.lifecycle_of(service)
    server = service.server
    if service.is_production is not YES or server is None:
        return
    for one in lifecycle.unexpanded:
        definitions = [each for each in service.variables.definitions(one.name) if not each.by_platform]
        sets = (Evidence(each.span, f"sets {each.name}") for each in definitions[-1:])
        yield Finding(
            one.span,
            f'`{service.label}` hands the text "{one.written}" to {server.product}, which ends with it',
            (*service.chain, *sets),
            help='no shell reads this word: start the server with one, as in `sh -c "exec …"`',
            fix=lifecycle.with_reference(one),
        )
