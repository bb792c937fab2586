import os

from flask import Flask

app = Flask(__name__)
app.config["SECRET_KEY"] = os.environ["ADMIN_SECRET_KEY"]


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}
