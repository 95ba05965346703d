"""Parses requests as waitress does, but refuses what another server would read otherwise.

A proxy and a server that disagree where a request ends let a stranger hide one request in another.
And some bytes cost far more than others to parse: empty lines, and chunks of one byte.
"""

from concurrent.futures import Future
from typing import Any

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.utilities import BadRequest

BLANK = b"\r\n"
FREE_BYTES = 65_536  # of a chunked body, before its overhead counts
# Share of the bytes of a chunked body that must be content: chunks of 20 bytes or more.
LEAST_SHARE = 0.75


class RequestParser(HTTPRequestParser):
    """Parses one request.

    Attributes:
        begun: when the app was first given the request, by the monotonic clock.
        work: what the request has waited for, done; None if it has waited for nothing.
    """

    completed: bool = False
    begun: float | None = None
    work: Future[Any] | None = None

    def received(self, data: bytes) -> int:
        """Take bytes; returns how many belong to this request."""
        blank = 0
        if self.body_rcv is None and not self.header_plus:
            rest = data.lstrip(BLANK)  # at once, instead of as one empty request each
            blank, data = len(data) - len(rest), rest
            if not data:
                return blank
        consumed = int(super().received(data))
        if self.chunked and not self.completed and self.body_rcv is not None:
            raw = self.body_bytes_received
            if raw > FREE_BYTES and len(self.body_rcv) < LEAST_SHARE * raw:
                self.error, self.completed = BadRequest("tiny chunks"), True
        return blank + consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the request line and the headers.

        Raises:
            ParsingError: they are not valid, or can be read in two ways.
        """
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # a length of thousands of digits
            raise ParsingError("Content-Length is not a number") from error
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("two lengths")
        if "," in self.headers.get("HOST", ""):
            raise ParsingError("two hosts")
