from .common import *

DEBUG = True
SECRET_KEY = "local"
