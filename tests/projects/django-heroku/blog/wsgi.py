"""WSGI config for blog project."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "blog.settings.production")

application = get_wsgi_application()
