from tickets.api import app

__all__ = ["app"]
