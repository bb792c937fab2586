"""The routes of Django in the map: patterns that are added later, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping

from maps import drawn

from prodlint.map.why import why
from prodlint.report.terminal import Terminal

URLCONF = {
    "Dockerfile": 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "app:app"]\n',
    "compose.prod.yml": "services:\n  web:\n    build: .\n",
    "app.py": "import os\n\nos.environ['DJANGO_SETTINGS_MODULE'] = 'conf'\n"
    "from django.core.wsgi import get_wsgi_application\n\napp = get_wsgi_application()\n",
    "conf.py": "ROOT_URLCONF = 'urls'\nMIDDLEWARE = []\nDEBUG = False\n",
}


def routes(files: Mapping[str, str]) -> str:
    [service] = drawn({**URLCONF, **files}).services
    fact = service.fact("routes")
    assert fact is not None
    return fact.text


def test_patterns_that_are_appended_are_routes_under_their_conditions() -> None:
    text = (
        "from django.conf import settings\nfrom django.urls import include, path\nfrom sites import own\n\n"
        "urlpatterns = [path('a', view)]\nif settings.DEBUG:\n    urlpatterns.append(path('debug', view))\n"
        "urlpatterns = [path('', include((urlpatterns, 'x')))]\nurlpatterns.extend([path('b', view)])\n"
        "urlpatterns.append(path('admin/', own.urls))\n"
    )
    site = "from django.contrib import admin\n\nclass Site(admin.AdminSite):\n    pass\n\nown = Site()\n"
    assert routes({"urls.py": text, "sites.py": site}) == "/a, /b, /admin/…"
    other = site.replace("admin.AdminSite", "object")
    told = routes({"urls.py": text, "sites.py": other})
    assert told == "/a, /b; not read: those of own.urls (urls.py:10)"


def test_everything_that_is_not_read_of_the_routes_can_be_asked_for() -> None:
    included = "".join(f"    path('{name}/', include('far_{name}.urls')),\n" for name in "abcd")
    text = f"from django.urls import include, path\n\nurlpatterns = [\n    path('x', view),\n{included}]\n"
    whole = drawn({**URLCONF, "urls.py": text})
    assert "and 2 more" in routes({"urls.py": text})
    told = why(whole, "web.routes", Terminal(False))
    assert all(f"not read: those of far_{name}.urls\n    --> urls.py" in told for name in "abcd")
