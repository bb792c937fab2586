import os

from arq.connections import RedisSettings


async def notify(ctx, number):
    print("notifying about", number)


class WorkerSettings:
    functions = [notify]
    redis_settings = RedisSettings.from_dsn(os.environ["REDIS_URL"])
