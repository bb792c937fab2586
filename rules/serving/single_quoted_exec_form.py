"""Write the list of CMD and ENTRYPOINT as JSON, with double quotes.

Docker takes a list only when it is JSON. Single quotes, a comma behind the last word, or words without
quotes make it a text, which `/bin/sh -c` runs as it stands: the shell looks for a program named
`[gunicorn,`, does not find it, and the container ends with status 127 each time it starts.

## Example

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install gunicorn==27.0.1
CMD ['gunicorn', '--bind=0.0.0.0:8000', 'shop.wsgi']  # <- single-quoted-exec-form
```

Use instead:

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install gunicorn==27.0.1
CMD ["gunicorn", "--bind=0.0.0.0:8000", "shop.wsgi"]
```

## References
- Docker, Dockerfile reference: Exec form
"""

from __future__ import annotations

from prodlint.deployment import Deployment, Service
from prodlint.rule import YES, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.ERROR, fixes=(Safety.SAFE,))
def single_quoted_exec_form(service: Service, deployment: Deployment) -> Findings:
    lifecycle = deployment.lifecycle_of(service)
    line = lifecycle.broken_list if service.is_production is YES else None
    if line is None:
        return
    program = line.written.split()[0].translate({ord("'"): None, ord('"'): None})
    declared = (
        () if line.span.path == service.span.path else (Evidence(service.span, f"starts {service.name} with it"),)
    )
    yield Finding(
        line.span,
        f'this list is not JSON: a shell runs it as text, finds no program named "{program}", and ends with 127',
        declared,
        help="put every word in double quotes, with a comma between two of them and none behind the last",
        fix=lifecycle.as_json(line),
    )
