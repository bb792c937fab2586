from fastapi.testclient import TestClient

from api.server import app


def test_unknown_customer():
    assert TestClient(app).get("/customers/none/invoices").status_code == 200
