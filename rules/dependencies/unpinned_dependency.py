"""Fix the version of everything that production installs directly.

A requirement without one exact version is resolved anew by every build: two builds of one commit
hold different code, and a release that nobody made breaks a deployment that nobody changed. It was
measured that `flask==2.1.3` without a pin of Werkzeug installs today and does not import.

An upper bound (`<6`) does not pin. Ranges are right in a library and wherever the production
install reads a lock, hashes or constraints.

## Example

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt app.py ./
RUN pip install -r requirements.txt
CMD ["gunicorn", "--bind=0.0.0.0:8000", "app:app"]
```
```text title="requirements.txt"
flask>=3  # <- unpinned-dependency
gunicorn==27.0.1
```
```toml title="uv.lock"
version = 1

[[package]]
name = "flask"
version = "3.1.3"

[[package]]
name = "gunicorn"
version = "27.0.1"
```
```python title="app.py"
from flask import Flask

app = Flask(__name__)
```

Use instead:

```dockerfile title="Dockerfile"
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt app.py ./
RUN pip install -r requirements.txt
CMD ["gunicorn", "--bind=0.0.0.0:8000", "app:app"]
```
```text title="requirements.txt"
flask==3.1.3
gunicorn==27.0.1
```
```toml title="uv.lock"
version = 1

[[package]]
name = "flask"
version = "3.1.3"

[[package]]
name = "gunicorn"
version = "27.0.1"
```
```python title="app.py"
from flask import Flask

app = Flask(__name__)
```

## Options
- `per-line` (default false): one finding for each open requirement instead of one for each file.
- `allow-compatible` (default false): take `~=1.2.3` for a pin.

## References
- pip, Repeatable Installs
- delivery, measured: flask 2.1.3 without a pin of Werkzeug
"""

from __future__ import annotations

from prodlint.deployment import Dependency, Deployment, InstalledFile
from prodlint.rule import Evidence, Finding, Findings, Record, Safety, Severity, rule


class Options(Record):
    """How strictly, and how often a file is reported."""

    per_line: bool = False
    allow_compatible: bool = False


@rule(Severity.WARNING, fixes=(Safety.UNSAFE,))
def unpinned_dependency(installed: InstalledFile, options: Options, deployment: Deployment) -> Findings:
    kept = [one for one in installed.open if not (options.allow_compatible and _is_compatible_release(one))]
    evidence = tuple(Evidence(one.span, one.said) for one in installed.installations)
    advice = "write the exact versions that you tested, or install from a lock file"
    if options.per_line:
        for one in kept:
            message = f"{one.written} leaves its version open: each build may differ"
            yield Finding(one.span, message, evidence, advice, deployment.with_locked_versions(installed, (one,)))
    elif kept:
        count, total = len({one.name or one.written for one in kept}), len(installed.asked)
        message = (
            f"{installed.path} leaves {count} of {total} packages open (first: {kept[0].label}): each build may differ"
        )
        fix = deployment.with_locked_versions(installed, tuple(kept))
        yield Finding(kept[0].span, message, evidence, advice, fix)


def _is_compatible_release(dependency: Dependency) -> bool:
    """`~=1.2.3` fixes all but the last number."""
    return dependency.specifier.startswith("~=") and dependency.specifier.count(".") > 1
