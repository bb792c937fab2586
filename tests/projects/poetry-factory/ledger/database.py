import aiosqlite


async def connect(path):
    connection = await aiosqlite.connect(path)
    await connection.execute("CREATE TABLE IF NOT EXISTS debt (person TEXT, amount INTEGER)")
    return connection


async def balance(connection, person):
    async with connection.execute("SELECT COALESCE(SUM(amount), 0) FROM debt WHERE person = ?", (person,)) as rows:
        return (await rows.fetchone())[0]
