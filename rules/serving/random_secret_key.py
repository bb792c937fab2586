"""Give all processes the same key to sign sessions and tokens with.

A key that is made when the app is imported is another one in every process. What one worker signs, the next
one rejects: with two gunicorn workers every other request loses its session (measured: 20 of 40), forms fail with
"CSRF verification failed", and each deploy logs everybody out.

## Example

```procfile title="Procfile"
web: gunicorn --workers=4 shop:app
```
```python title="shop.py"
import os

from flask import Flask, session

app = Flask(__name__)
app.secret_key = os.urandom(24)  # <- random-secret-key


@app.get("/visits")
def visits():
    session["visits"] = session.get("visits", 0) + 1
    return str(session["visits"])
```
```text title="requirements.txt"
flask==3.1.3
gunicorn==27.0.1
```

Use instead:

```procfile title="Procfile"
web: gunicorn --workers=4 shop:app
```
```python title="shop.py"
import os

from flask import Flask, session

app = Flask(__name__)
app.secret_key = os.environ["SECRET_KEY"]


@app.get("/visits")
def visits():
    session["visits"] = session.get("visits", 0) + 1
    return str(session["visits"])
```
```text title="requirements.txt"
flask==3.1.3
gunicorn==27.0.1
```

## References
- Django, Settings: SECRET_KEY
- Flask, Configuration Handling: SECRET_KEY
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Finding, Findings, Severity, rule


@rule(Severity.ERROR)
def random_secret_key(service: Service, deployment: Deployment) -> Findings:
    if service.is_production is not YES or service.server is None:
        return
    parallel = service.parallel
    is_several = parallel.imports_several_times is YES
    for key in deployment.workers_of(service).keys_made_anew:
        if not (is_several or key.is_certain):
            continue
        if is_several:
            message = f"each of {parallel.said_of_imports} of `{service.label}` makes its own {key.name}"
            effect = "what one of them signs the others reject, and users are logged out at random"
        else:
            message = f"`{service.label}` makes a new {key.name} at every start"
            effect = "each restart logs everybody out"
        yield Finding(
            key.span,
            f"without ${key.unless}, {message}" if key.unless else message,
            (*service.chain, *parallel.evidence, *key.evidence),
            help=f'{effect}: read it from os.environ["{key.unless or "SECRET_KEY"}"], without a default',
            severity=None if is_several and key.is_certain else Severity.WARNING,
        )
