"""Rate limits for one client address, on all routes that are counted.

Static files, thumbnails and ``/healthz`` are not counted, nor are webhooks, which are signed.
"""

from flask import Flask, request

from web.app.context import shop
from web.app.errors import TooMany
from web.app.security import PHOTO_UPLOADS

NOT_COUNTED = frozenset(
    {"static", "media.thumbnail", "health.healthz", "webhooks.take", "reference.part"}
)


def register(app: Flask) -> None:
    """Refuse the requests of an app that exceed a limit."""

    @app.before_request
    def count() -> None:
        if request.endpoint in NOT_COUNTED:
            return
        photo = request.method == "POST" and request.endpoint in PHOTO_UPLOADS
        if wait := shop().rates.take(request.remote_addr or "", photo):
            raise TooMany(f"Too many requests from your address. Try again in {wait} s.", wait)
