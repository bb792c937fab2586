import os

import httpx


def invoices(customer: str) -> list[dict]:
    answer = httpx.get(f"{os.environ['BILLING_URL']}/invoices", params={"customer": customer}, timeout=5)
    answer.raise_for_status()
    return answer.json()
