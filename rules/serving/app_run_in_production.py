"""Let an application server import the app; do not let the app start its own development server.

A start command such as `python main.py` runs whatever stands in the script's `__main__` block.
When that is `app.run()`, production is served by the framework's development server. When the call
stands at module level without a guard, it runs on every import as well: each gunicorn worker then
starts a development server on a port of its own instead of serving, and gunicorn's port accepts
connections that are never answered (measured with gunicorn 27.0 and Flask 3.1).

## Example

```procfile title="Procfile"
web: python main.py  # <- app-run-in-production
```
```text title="requirements.txt"
flask==3.1.3
gunicorn==27.0.1
```
```python title="main.py"
import os

from flask import Flask

app = Flask(__name__)

if __name__ == "__main__":
    app.run(host="0.0.0.0", port=int(os.environ.get("PORT", 5000)))
```

Use instead:

```procfile title="Procfile"
web: gunicorn main:app
```
```text title="requirements.txt"
flask==3.1.3
gunicorn==27.0.1
```
```python title="main.py"
import os

from flask import Flask

app = Flask(__name__)

if __name__ == "__main__":
    app.run(host="0.0.0.0", port=int(os.environ.get("PORT", 5000)))
```

## References
- Flask, Deploying to Production
- Uvicorn, Settings: reload
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import NO, YES, Evidence, Finding, Findings, Fix, Guard, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.SAFE, Safety.UNSAFE))
def app_run_in_production(service: Service, deployment: Deployment) -> Findings:
    lifecycle = deployment.lifecycle_of(service)
    server, step, start = service.server, service.step, service.certain_start
    if service.is_production is not YES or step is None or server is None:
        return
    if server.in_code and server.is_development is YES and start is not None:
        development = f"{server.owner}'s development server" if server.owner else f"{server.product} with reloading on"
        reached = (Evidence(span, "calls on") for span in start.through)
        advice = lifecycle.production_command
        yield Finding(
            step.span,
            f"`{service.label}` reaches {start.call} in {start.span}: {development} serves production",
            (*service.chain, *reached, Evidence(start.span, f"starts {development}")),
            advice.help,
            advice.fix or lifecycle.without_reload,
        )
    for call in service.import_starts:
        if call.conditional or server.in_code or server.is_development is not NO:
            continue
        guarded = Fix('run it only under `if __name__ == "__main__":`', (Guard(call.span),), Safety.SAFE)
        yield Finding(
            call.span,
            f"{call.span} calls {call.call} on import, so the workers of `{service.label}` never serve a request",
            (
                Evidence(server.span, f"{server.product} imports the app"),
                *(Evidence(span, "imports it") for span in call.through),
            ),
            help='move the call under `if __name__ == "__main__":`',
            fix=guarded if call.span.column == 1 else None,
        )
