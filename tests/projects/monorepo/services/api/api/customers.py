from billing import invoices
from fastapi import APIRouter

router = APIRouter()


@router.get("/customers/{customer}/invoices")
def read(customer: str) -> list[dict]:
    return invoices(customer)
