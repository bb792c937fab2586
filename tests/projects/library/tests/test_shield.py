from flask import Flask

from flask_shield import Shield


def test_too_many_requests():
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "ok")
    Shield(app, "1/minute")
    client = app.test_client()
    assert [client.get("/").status_code for _ in range(2)] == [200, 429]


if __name__ == "__main__":
    Flask(__name__).run()
