from ledger import create_app


async def test_nobody_owes_anything():
    app = create_app({"DATABASE": ":memory:"})
    async with app.test_app() as running:
        answer = await running.test_client().get("/balance/ann")
        assert await answer.get_json() == {"balance": 0}
