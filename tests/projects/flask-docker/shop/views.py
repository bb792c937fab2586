from flask import Blueprint, render_template

from shop.models import Product, db

pages = Blueprint("pages", __name__)


@pages.get("/")
def index():
    products = db.session.execute(db.select(Product).order_by(Product.name)).scalars()
    return render_template("index.html", products=products)


@pages.get("/healthz")
def healthz():
    return {"status": "ok"}
