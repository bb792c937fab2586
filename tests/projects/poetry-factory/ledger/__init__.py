from __future__ import annotations

import os

from quart import Quart

from . import database


def create_app(config: dict | None = None) -> Quart:
    app = Quart(__name__)
    app.config["DATABASE"] = os.environ.get("LEDGER_DATABASE", "/data/ledger.db")
    if config:
        app.config.update(config)

    @app.before_serving
    async def open_database() -> None:
        app.database = await database.connect(app.config["DATABASE"])

    @app.get("/balance/<person>")
    async def balance(person: str):
        return {"balance": await database.balance(app.database, person)}

    return app
