"""Install the server that the start command names, and start one for every app that is deployed.

A start command that names `gunicorn` needs gunicorn in what this deployment installs: the
requirements file that the image reads, the group that the platform chooses. In another file, or in
a development group that production leaves out, it is not there, and the process dies at its first
start with "gunicorn: command not found" (exit status 127). An image that holds an app and no start
command runs nothing but a Python prompt, which ends at once.

## Example

```procfile title="Procfile"
web: gunicorn shop:app  # <- missing-application-server
```
```text title="requirements.txt"
flask==3.1.3
```
```text title="requirements-dev.txt"
-r requirements.txt
gunicorn==27.0.1
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

Use instead:

```procfile title="Procfile"
web: gunicorn shop:app
```
```text title="requirements.txt"
flask==3.1.3
gunicorn==27.0.1
```
```text title="requirements-dev.txt"
-r requirements.txt
gunicorn==27.0.1
```
```python title="shop.py"
from flask import Flask

app = Flask(__name__)
```

## References
- Heroku, Deploying Python Applications with Gunicorn
- Docker, CMD
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import NO, YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.SAFE, Safety.UNSAFE))
def missing_application_server(service: Service, deployment: Deployment) -> Findings:
    if service.is_production is not YES:
        return
    server = service.server
    if server is not None and server.distribution is not None and not server.in_code:
        if service.installs_distribution(server.distribution) is not NO:
            return
        yield Finding(
            server.span,
            f"`{service.label}` starts {server.product}, but nothing that this service installs brings it",
            service.chain_to_installs,
            help=f"add {server.distribution} to {service.install_source}: the process ends with "
            f'"{server.product}: command not found"',
            fix=deployment.packages_of(service).with_distribution(server.distribution),
        )
    elif service.starts_nothing is YES and service.image_app is not None and service.image is not None:
        if deployment.is_started_elsewhere(service.image):
            return
        app = service.image_app
        yield Finding(
            service.span,
            f"the image of {service.name} holds a {app.framework} app, but nothing starts a server for it",
            (Evidence(app.span, f"the {app.framework} app"),),
            help="end the image with a command that serves the app, or name the place that starts it in the settings",
            severity=Severity.WARNING,
        )
