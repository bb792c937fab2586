"""Take the debugger out of what production starts.

A debugger that listens lets whoever reaches its port run code in the process; one that waits for a
client does not start the app before somebody attaches. pdb stops at the first line, reads a standard
input that nobody writes to, and ends.

## Example

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install gunicorn==27.0.1 flask==3.1.3 debugpy==1.8.17
CMD ["gunicorn", "--bind=0.0.0.0:8000", "shop:app"]
```
```python title="shop.py"
import debugpy
from flask import Flask

debugpy.listen(("0.0.0.0", 5678))  # <- debugger-in-production
app = Flask(__name__)
```

Use instead:

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install gunicorn==27.0.1 flask==3.1.3
CMD ["gunicorn", "--bind=0.0.0.0:8000", "shop:app"]
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

## References
- debugpy, Command-line Reference
- Python, pdb: The Python Debugger
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Severity, rule

_NEEDLES = (b"debugpy", b"ptvsd", b"pydevd", b"set_trace")
_CALLS = frozenset(
    "debugpy.listen debugpy.wait_for_client debugpy.breakpoint ptvsd.enable_attach ptvsd.wait_for_attach "
    "pydevd.settrace pydevd_pycharm.settrace pdb.set_trace ipdb.set_trace remote_pdb.set_trace".split()
)


@rule(Severity.ERROR)
def debugger_in_production(service: Service, deployment: Deployment) -> Findings:
    step = service.step
    if service.is_production is not YES or step is None or (service.server is None and service.worker is None):
        return
    if service.debugger is not None:
        yield Finding(
            step.span,
            f"`{service.label}` runs under the debugger {service.debugger} in production",
            service.chain_to_app,
            help="start the program itself, and keep the debugger in the command that developers use",
        )
    code = deployment.served_code(service)
    for call in code.calls_on_import(_NEEDLES, _CALLS):
        if not call.is_conditional:
            yield Finding(
                call.span,
                f"`{service.label}` calls {call.written} when it starts",
                (Evidence(step.span, f"starts {service.name}"), *(code.chain(call.path) or ()), *call.reached.chain),
                help="take it out, or call it only where a variable that production does not set asks for it",
            )
