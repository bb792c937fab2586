import os

from bookings import app


def serve(application=app):
    app.run(host="0.0.0.0", port=int(os.environ.get("PORT", 5000)), debug=True)
