"""Name the app to `uvicorn.run()` when it is to start workers or to reload.

Workers are new processes, and a process cannot be handed an object of another one. Given the app itself together with
`workers` above 1 or `reload=True`, `uvicorn.run()` writes "You must pass the application as an import string to
enable 'reload' or 'workers'." and ends (exit status 3, measured with uvicorn 0.54). The variable WEB_CONCURRENCY asks
for workers as well, and Heroku's Python buildpack sets it to 2 or more on every dyno.

## Example

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["python", "main.py"]
```
```text title="requirements.txt"
fastapi==0.165.0
uvicorn==0.54.0
```
```python title="main.py"
import uvicorn
from fastapi import FastAPI

app = FastAPI()

if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", workers=4)  # <- uvicorn-run-needs-import-string
```

Use instead:

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["python", "main.py"]
```
```text title="requirements.txt"
fastapi==0.165.0
uvicorn==0.54.0
```
```python title="main.py"
import uvicorn
from fastapi import FastAPI

app = FastAPI()

if __name__ == "__main__":
    uvicorn.run("main:app", host="0.0.0.0", workers=4)
```

## References
- Uvicorn, Deployment: running programmatically
- Heroku, Optimizing Python Application Concurrency
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.SAFE,))
def uvicorn_run_needs_import_string(service: Service, deployment: Deployment) -> Findings:
    server, step = service.server, service.step
    if service.is_production is not YES or server is None or step is None or not service.hands_app_itself:
        return
    workers, reload = server.settings.known("workers"), server.settings.known("reload")
    ends, severity = "warns and ends at once", Severity.ERROR
    asked = server.settings["workers"].source
    if isinstance(workers, int) and workers > 1:
        reason = f"{workers} workers"
    elif reload is True:
        reason, asked = "reloading", server.settings["reload"].source
    elif service.platform_workers and asked.origin == "WEB_CONCURRENCY":
        # Whoever set the variable to 1 there is fine.
        reason, severity = f"the workers that {service.platform_workers} asks for by WEB_CONCURRENCY", Severity.WARNING
    else:
        return
    beside = asked.span.source is server.span.source or severity is Severity.WARNING
    elsewhere = [] if beside else [Evidence(asked.span, f"asks for {reason}")]
    yield Finding(
        server.span,
        f"`{service.label}` hands the app itself to uvicorn.run(), which cannot start {reason} with it: it {ends}",
        (*service.chain, Evidence(step.span, "runs this script"), *elsewhere),
        help='pass the app by name, as "module:attribute", and call it under `if __name__ == "__main__":`',
        fix=deployment.serving_of(service).with_import_string,
        severity=severity,
    )
