"""Apply the migrations on the way to production, before the new code serves.

New code expects the columns of its migrations. When no release phase, pipeline step, job,
entrypoint or start command applies them, every deploy starts new code on the old schema, and its
requests fail with an undefined column or table until somebody migrates by hand.

## Example

```procfile title="Procfile"
web: gunicorn shop.wsgi  # <- missing-migration-step
```
```text title="requirements.txt"
django==5.2.19
gunicorn==27.0.1
```
```python title="manage.py"
from django.core.management import execute_from_command_line

execute_from_command_line()
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```
```python title="orders/migrations/0001_initial.py"
from django.db import migrations


class Migration(migrations.Migration):
    operations = []
```

Use instead:

```procfile title="Procfile"
release: python manage.py migrate --noinput
web: gunicorn shop.wsgi
```
```text title="requirements.txt"
django==5.2.19
gunicorn==27.0.1
```
```python title="manage.py"
from django.core.management import execute_from_command_line

execute_from_command_line()
```
```python title="shop/wsgi.py"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
```
```python title="orders/migrations/0001_initial.py"
from django.db import migrations


class Migration(migrations.Migration):
    operations = []
```

## References
- Heroku, Release Phase
- Django, Migrations
- Alembic, Tutorial: Running our First Migration
"""

from __future__ import annotations

from prodlint.deployment import Deployment, MigrationSystem
from prodlint.rule import NO, Evidence, Finding, Findings, Safety, Severity, rule


@rule(Severity.WARNING, fixes=(Safety.UNSAFE,))
def missing_migration_step(system: MigrationSystem, deployment: Deployment) -> Findings:
    release = deployment.release_of(system)
    if release is None or deployment.is_migrated(system) is not NO:
        return
    yield Finding(
        release.span,
        f"{release.name} brings new code to production, and no step applies {system.phrase}",
        (Evidence(system.span, system.described), *deployment.applied_elsewhere(system)),
        help=f"run `{system.system.command}` once in each release, before the new code serves",
        fix=deployment.with_migration(system, release),
    )
