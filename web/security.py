"""Headers that tell a browser to trust nothing that did not come from this shop."""

from flask import Flask, Response

POLICY = "; ".join(
    (
        "default-src 'none'",
        "img-src 'self' data: blob:",  # a visitor's own photo is shown as data: or blob:
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "geolocation=(), microphone=(), payment=()",
}


def register(app: Flask) -> None:
    """Send these headers with every answer of an app."""

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.update(HEADERS)
        response.headers["Content-Security-Policy"] = POLICY
        if response.mimetype == "text/html":
            # A page shows its visitor's wishlist: it is nobody else's, and soon out of date.
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response
