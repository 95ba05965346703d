"""From an exception to an answer: problem+json for the API, a friendly page for the shop."""

from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, Response, current_app, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from catalog.errors import DatabaseError, FilterError, PhotoError, UnknownProduct
from engine.errors import (
    EncoderError,
    EngineError,
    GenerationError,
    NoGeneration,
    NotIndexed,
    RequestError,
)
from web.app.errors import (
    BadHook,
    Busy,
    NoKey,
    NotForVisitors,
    ParameterError,
    TooLarge,
    TooMany,
    UnknownParameter,
    UploadError,
)
from web.app.security import MAX_BODY

PHOTO_STATUS = {"too_large": 413, "not_an_image": 415}
PHOTO_DETAIL = {
    "empty": "This file is empty. Choose another photo.",
    "too_large": "This photo has too many bytes. Send a smaller one.",
    "not_an_image": "This file is no JPEG, PNG or WebP photo. Choose one that is.",
    "truncated": "This photo is cut off or damaged. Save or copy it again.",
    "slow": "This photo takes too long to read. Save it anew, as a plain JPEG.",
    "pixels": "This photo has too many pixels. Make it smaller and try again.",
}
SEE_STATUS = "Run `lookalike status` on the server to see why; its log says more."
# What went wrong, its status, its stable code, and what a visitor reads. None: the exception's own
# words. Messages about the server's own files are for its log, not for visitors.
CODES: tuple[tuple[type[Exception], int, str, str | None], ...] = (
    (UnknownProduct, 404, "unknown-product", None),
    (NotIndexed, 404, "not-indexed", None),
    (NoGeneration, 503, "no-index", "There is no index yet: run `lookalike reindex`."),
    (GenerationError, 503, "broken-index", f"The index cannot be read. {SEE_STATUS}"),
    (RequestError, 400, "bad-request", None),
    (EncoderError, 503, "no-encoder", f"Photos cannot be compared just now. {SEE_STATUS}"),
    (EngineError, 500, "engine", f"The look-alikes cannot be had just now. {SEE_STATUS}"),
    (UnknownParameter, 400, "unknown-parameter", None),
    (ParameterError, 400, "bad-parameter", None),
    (UploadError, 400, "no-photo", None),
    (TooLarge, 413, "too-large", None),
    (NoKey, 401, "no-key", None),
    (TooMany, 429, "too-many", None),
    (NotForVisitors, 403, "not-for-visitors", None),
    (Busy, 503, "busy", None),
    (DatabaseError, 503, "no-catalogue", f"The catalogue is not ready. {SEE_STATUS}"),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, as RFC 9457 tells it, plus a stable ``code`` for programs."""

    status: int
    code: str
    detail: str

    @property
    def title(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status).phrase

    def response(self) -> Response:
        """This problem as ``application/problem+json``."""
        body = jsonify(
            type="about:blank",
            title=self.title,
            status=self.status,
            detail=self.detail,
            code=self.code,
            instance=request.path,
        )
        body.status_code = self.status
        body.mimetype = "application/problem+json"
        return body


def problem_of(error: Exception) -> Problem:
    """The problem that an exception means; an unforeseen one tells a visitor nothing inside."""
    if isinstance(error, PhotoError):
        status = PHOTO_STATUS.get(error.code, 422)
        words = PHOTO_DETAIL.get(error.code, "This photo cannot be used. Choose another one.")
        return Problem(status, f"photo-{error.code.replace('_', '-')}", words)
    if isinstance(error, FilterError):
        return Problem(400, error.code, str(error))
    if isinstance(error, BadHook):
        return Problem(error.status, error.code, str(error))
    for kind, status, code, public in CODES:
        if isinstance(error, kind):
            return Problem(status, code, public or str(error))
    if isinstance(error, RequestEntityTooLarge):
        limit = (request.max_content_length or 0) / 1e6
        what = "a smaller photo" if limit > MAX_BODY / 1e6 else "less at once"
        return Problem(413, "too-large", f"That is more than {limit:g} MB. Send {what}.")
    if isinstance(error, CSRFError):
        detail = "This page was open for too long, or cookies are off. Go back, reload, try again."
        return Problem(400, "stale-form", detail)
    if isinstance(error, HTTPException) and error.code:
        phrase = HTTPStatus(error.code).phrase
        return Problem(error.code, phrase.lower().replace(" ", "-"), error.description or phrase)
    detail = "Something broke on our side. It was written to the server's log; try again later."
    return Problem(500, "internal", detail)


def answer(error: Exception) -> Response | HTTPException:
    """Answer a request that ended in an exception."""
    if isinstance(error, HTTPException) and (error.code or 0) < 400:
        return error  # a redirect travels as an exception
    problem = problem_of(error)
    if problem.status >= 500:
        log(error)
    response = problem.response() if wants_json() else page(problem)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(error.valid_methods)
    if isinstance(error, Busy):
        response.headers["Retry-After"] = "5"
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.wait)
    if isinstance(error, NoKey):
        response.headers["WWW-Authenticate"] = 'Bearer realm="Lookalike API"'
    return response


def log(error: Exception) -> None:
    """Write a failure to the server's log; only an unforeseen one with its trace."""
    foreseen = isinstance(error, (EngineError, DatabaseError, Busy))
    current_app.logger.error(
        "%s %s: %s", request.method, request.path, error, exc_info=None if foreseen else error
    )


def wants_json() -> bool:
    """Whether a program asks: anything under ``/api/``, or a script of our own pages."""
    if request.path.startswith(("/api/", "/webhooks/")) or request.path == "/healthz":
        return True
    return request.accept_mimetypes.best == "application/json"


def page(problem: Problem) -> Response:
    """A problem as a page. It must not need what may just have failed: no menu, no catalogue."""
    html = render_template("error.html", problem=problem)
    return Response(html, problem.status, mimetype="text/html")


def register(app: Flask) -> None:
    """Answer every exception of an app here."""
    app.register_error_handler(Exception, answer)
