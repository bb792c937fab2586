"""Rate limits for Flask."""

from flask import Flask, abort, request
from limits import parse, storage, strategies

__version__ = "2.1.0"


class Shield:
    """Limit the requests of each address."""

    def __init__(self, app: Flask | None = None, limit: str = "100/minute") -> None:
        self.limit = parse(limit)
        self.limiter = strategies.FixedWindowRateLimiter(storage.MemoryStorage())
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        app.before_request(self._check)

    def _check(self) -> None:
        if not self.limiter.hit(self.limit, request.remote_addr or ""):
            abort(429)
