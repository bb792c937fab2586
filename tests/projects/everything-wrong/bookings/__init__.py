import os

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
db = SQLAlchemy(app)
Migrate(app, db, directory="bookings/migrations")


class Booking(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    guest = db.Column(db.String(80))


@app.get("/")
def index():
    return {"bookings": Booking.query.count()}
