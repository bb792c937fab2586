from bookings import app

app.run  # never called: a test
