from flask import Flask

from flask_shield import Shield

app = Flask(__name__)
Shield(app, "3/minute")


@app.route("/")
def index():
    return "Reload me."


if __name__ == "__main__":
    app.run(debug=True)
