"""Install the package that a server's option asks for.

Plain `uvicorn` comes without uvloop, httptools, websockets, python-dotenv and PyYAML. Told to use one of them
(`--loop uvloop`, `--http httptools`, `--ws websockets`, `--env-file .env`, `--log-config log.yaml`) it ends at the
start with a ModuleNotFoundError (exit status 1, measured with uvicorn 0.54). `uvicorn[standard]` brings them all.

## Example

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["uvicorn", "--host=0.0.0.0", "--loop", "uvloop", "main:app"]  # <- server-option-needs-package
```
```text title="requirements.txt"
fastapi
uvicorn
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()
```

Use instead:

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["uvicorn", "--host=0.0.0.0", "--loop", "uvloop", "main:app"]
```
```text title="requirements.txt"
fastapi
uvicorn[standard]
```
```python title="main.py"
from fastapi import FastAPI

app = FastAPI()
```

## References
- Uvicorn, Installation: standard dependencies
- Hypercorn, Configuring: worker_class
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.SAFE,))
def server_option_needs_package(service: Service, deployment: Deployment) -> Findings:
    packages = deployment.packages_of(service)
    server = service.server
    for need in packages.option_needs if service.is_production is YES and server is not None else ():
        yield Finding(
            need.span,
            f"`{service.label}` asks for {need.what}, but {need.why}: {server.product if server else ''} ends at once",
            (*service.chain, *need.evidence),
            help=need.advice,
            fix=packages.with_needed(need),
        )
