from bookings import app
from bookings.serve import serve

if __name__ == "__main__":
    serve(app)
