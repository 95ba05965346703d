"""How often one address may ask, on the routes where that is counted.

Files, thumbnails and ``/healthz`` are free, as are webhooks, which are signed.
"""

from flask import Flask, request

from web.app.context import shop
from web.app.errors import TooMany
from web.app.security import WITH_PHOTO

FREE = frozenset({"static", "media.thumbnail", "health.healthz", "webhooks.take", "reference.part"})


def register(app: Flask) -> None:
    """Refuse the requests of an app that are too many."""

    @app.before_request
    def count() -> None:
        if request.endpoint in FREE:
            return
        photo = request.method == "POST" and request.endpoint in WITH_PHOTO
        if wait := shop().rates.take(request.remote_addr or "", photo):
            raise TooMany(f"Too many requests from your address. Ask again in {wait} s.", wait)
