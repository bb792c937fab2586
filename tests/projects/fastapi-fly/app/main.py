from fastapi import FastAPI

from .parcels import router

api = FastAPI(title="Parcels")
api.include_router(router)


@api.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}
