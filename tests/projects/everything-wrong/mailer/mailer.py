from flask import Flask

app = Flask(__name__)


@app.post("/send")
def send():
    return "", 204
