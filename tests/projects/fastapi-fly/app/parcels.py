from fastapi import APIRouter

router = APIRouter(prefix="/parcels")


@router.get("/{number}")
async def track(number: str) -> dict[str, str]:
    return {"number": number, "state": "on its way"}
