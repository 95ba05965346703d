"""Errors of requests that never reach the app, as problem+json like the app's own."""

import json
from http import HTTPStatus

from waitress.task import ErrorTask
from waitress.utilities import Error

RETRY_SECONDS = 5
TOO_SLOW = "The request took too long to arrive. Try again over a faster connection."
TOO_MANY = "Too many large requests are being received right now. Try again in a few seconds."
DETAILS = {
    413: "The request is too large. Send a smaller photo, or less at once.",
    431: "The request's headers are too large. Send long lists in the body of a POST request.",
}
INVALID = "This is not a valid HTTP request."


class Refusal(Error):
    """A refusal with the HTTP status ``code`` and a message for the client."""

    def __init__(self, code: int, body: str) -> None:
        super().__init__(body)
        self.code = code
        self.reason = HTTPStatus(code).phrase

    @classmethod
    def of(cls, error: Error) -> "Refusal":
        """The refusal that replaces one of waitress, which would show what the client sent."""
        if isinstance(error, cls):
            return error
        return cls(error.code, DETAILS.get(error.code, INVALID))

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Status line, headers and body."""
        problem = {
            "type": "about:blank",
            "title": self.reason,
            "status": self.code,
            "detail": self.body,
            "code": self.reason.lower().replace(" ", "-"),
        }
        headers = [("Content-Type", "application/problem+json")]
        if self.code == HTTPStatus.SERVICE_UNAVAILABLE:
            headers.append(("Retry-After", str(RETRY_SECONDS)))
        return f"{self.code} {self.reason}", headers, json.dumps(problem).encode()


class RefusalTask(ErrorTask):
    """Sends a refusal, and closes the connection."""

    def execute(self) -> None:
        """Send it."""
        self.request.error = Refusal.of(self.request.error)
        super().execute()
