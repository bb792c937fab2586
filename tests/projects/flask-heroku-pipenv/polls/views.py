from flask import Blueprint, abort

from . import store

bp = Blueprint("polls", __name__)


@bp.post("/polls/<name>/<choice>")
def vote(name, choice):
    if choice not in ("yes", "no"):
        abort(400)
    return {"votes": store.hincrby(f"poll:{name}", choice)}
