import os

import redis
from flask import Flask

store = redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://localhost:6379"))


def create_app():
    app = Flask(__name__)
    from . import views

    app.register_blueprint(views.bp)
    return app
