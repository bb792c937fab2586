from contextlib import asynccontextmanager

from fastapi import FastAPI

from tickets.api import routes
from tickets.database import engine


@asynccontextmanager
async def lifespan(app: FastAPI):
    yield
    await engine.dispose()


def build() -> FastAPI:
    app = FastAPI(title="Tickets", lifespan=lifespan)
    app.include_router(routes.router, prefix="/v1")

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return app


app = build()
