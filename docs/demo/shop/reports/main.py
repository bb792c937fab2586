import os

from flask import Flask

app = Flask(__name__)


@app.get("/reports/sales")
def sales() -> dict[str, int]:
    return {"orders": 0, "revenue": 0}


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=int(os.environ["PORT"]))
