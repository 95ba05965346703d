"""Everything that can go wrong at the web edge itself.

WebError
├── ParameterError   a query parameter or form field makes no sense
│   └── UnknownParameter   there is no such parameter
├── UploadError      no photo came with a photo search
├── TooLarge         a request's body has too many bytes
├── NotForVisitors   a page is for the shop itself
├── NoKey            a program did not send the key of the API
├── TooMany          an address made too many requests
├── BadHook          a webhook that cannot be taken
├── Busy             too many photo searches at once
└── SettingsError    the server cannot start with these settings

Each message says what was wrong, where, and what to do next.
"""


class WebError(Exception):
    """Base of every error that the storefront raises on purpose."""


class ParameterError(WebError, ValueError):
    """A query parameter or form field makes no sense."""


class UnknownParameter(ParameterError):
    """There is no such parameter."""


class UploadError(WebError):
    """No photo came with a photo search."""


class TooLarge(WebError):
    """A request's body has too many bytes."""


class NotForVisitors(WebError):
    """A page is for the shop itself, and this request does not come from it."""


class NoKey(WebError):
    """A program did not send the key of the API, or not the right one."""


class TooMany(WebError):
    """An address made too many requests; it may ask again after ``wait`` seconds."""

    def __init__(self, message: str, wait: int) -> None:
        super().__init__(message)
        self.wait = wait


class BadHook(WebError):
    """A webhook that cannot be taken. ``code`` is a short stable word, ``status`` that of HTTP."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Busy(WebError):
    """Too many photo searches are running at once."""


class SettingsError(WebError):
    """The server cannot start with these settings."""
