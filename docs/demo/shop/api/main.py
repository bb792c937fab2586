from fastapi import FastAPI

app = FastAPI(title="Shop API")


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/shipping/{country}")
def shipping(country: str) -> dict[str, float]:
    return {"price": 4.90 if country == "de" else 9.90}
