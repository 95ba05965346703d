"""What holds for every request and answer: how long a body may be, and what a browser may trust."""

from flask import Flask, Response, request

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


HTTPS_ONLY = "max-age=31536000"
MAX_BODY = 1_000_000  # bytes of a request's body; more only where a photo is sent
WITH_PHOTO = frozenset({"api.photo_search", "storefront.photo_results"})


def register(app: Flask, *, https: bool) -> None:
    """Limit the bodies of an app's requests, and send these headers with its answers.

    With ``https``, browsers are told to come by HTTPS only, for a year.
    """

    @app.before_request
    def limit() -> None:
        if request.endpoint not in WITH_PHOTO:
            request.max_content_length = min(MAX_BODY, app.config["MAX_CONTENT_LENGTH"])

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.update(HEADERS)
        response.headers["Content-Security-Policy"] = POLICY
        if https:
            response.headers["Strict-Transport-Security"] = HTTPS_ONLY
        if response.mimetype == "text/html":
            # A page shows its visitor's wishlist: it is nobody else's, and soon out of date.
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response
