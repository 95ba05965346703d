"""Errors of the web package itself.

WebError
├── ParameterError   a query parameter or form field is invalid
│   └── UnknownParameter   there is no such parameter
├── UploadError      a photo search without a photo
├── TooLarge         a request body is too large
├── NoKey            an API request without the key
├── OtherOrigin      a page of an origin that is not listed sent the request
├── TooMany          an address has exceeded its rate limit
├── BadHook          a webhook was refused
├── Busy             too many photo searches or expensive requests at once
└── SettingsError    the server cannot start with these settings

Each message says what was wrong, where, and what to do next.
"""


class WebError(Exception):
    """Base of all errors that the web package raises on purpose."""


class ParameterError(WebError, ValueError):
    """A query parameter or form field is invalid."""


class UnknownParameter(ParameterError):
    """There is no such parameter."""


class UploadError(WebError):
    """A photo search without a photo."""


class TooLarge(WebError):
    """A request body is too large."""


class NoKey(WebError):
    """An API request without the key, or with a wrong one."""


class OtherOrigin(WebError):
    """A page of an origin that is not listed sent the request."""


class TooMany(WebError):
    """An address has exceeded its rate limit; it may try again after ``wait`` seconds."""

    def __init__(self, message: str, wait: int) -> None:
        super().__init__(message)
        self.wait = wait


class BadHook(WebError):
    """A webhook was refused, with an HTTP ``status`` and a stable ``code``."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Busy(WebError):
    """Too many photo searches or expensive requests are running at once."""


class SettingsError(WebError):
    """The server cannot start with these settings."""
