import os

SECRET_KEY = os.environ["SECRET_KEY"]
DEBUG = False
ALLOWED_HOSTS = ["wiki.example.com"]
ROOT_URLCONF = "wiki.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.staticfiles", "pages"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ.get("DB_HOST", "db"),
        "NAME": "wiki",
        "USER": "wiki",
        "PASSWORD": os.environ.get("DB_PASSWORD", ""),
    }
}
STATIC_URL = "/static/"
STATIC_ROOT = "/opt/wiki/static"
