from .base import *

DEBUG = True
SECRET_KEY = "not-secret-in-development"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS += ["debug_toolbar"]
