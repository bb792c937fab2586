import asyncio

from alembic import context

from tickets.database import Base, engine


def migrate(connection):
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


async def online():
    async with engine.connect() as connection:
        await connection.run_sync(migrate)


asyncio.run(online())
