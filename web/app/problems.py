"""Problem details (RFC 9457): what each exception means to a client."""

from http import HTTPStatus
from typing import Self

from flask import Response, request
from flask_wtf.csrf import CSRFError
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from catalog.errors import DatabaseError, FilterError, PhotoError, UnknownProduct
from engine.errors import (
    CalibrationError,
    EncoderError,
    EngineError,
    GenerationError,
    NoGeneration,
    NotIndexed,
    NotLearned,
    RequestError,
)
from web.app.errors import (
    BadHook,
    Busy,
    NoKey,
    OtherOrigin,
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
    "too_large": "This photo file is too large. Choose a smaller one.",
    "not_an_image": "This file is not a JPEG, PNG, WebP, AVIF or HEIC photo. Choose one that is.",
    "tiny": "This picture is too small or too narrow. Choose a photo of a product.",
    "truncated": "This photo file is incomplete or damaged. Save or copy it again.",
    "slow": "This photo takes too long to decode. Save it again as a plain JPEG.",
    "pixels": "This photo has too many pixels. Reduce its size and try again.",
}
SEE_STATUS = "Run `lookalike status` on the server to see why; its log has the details."
NOT_CALIBRATED = (
    "It was not learned from which likeness on two photos show one product. Run `lookalike "
    "calibrate`, then `lookalike reindex`, on the server."
)
# Exception, HTTP status, stable code, and what a visitor reads; None: the exception's own message.
# Messages about the server's own files are for its log, not for visitors.
CODES: tuple[tuple[type[Exception], int, str, str | None], ...] = (
    (UnknownProduct, 404, "unknown-product", None),
    (NotIndexed, 404, "not-indexed", None),
    (NoGeneration, 503, "no-index", "There is no index yet: run `lookalike reindex`."),
    (GenerationError, 503, "broken-index", f"The index cannot be read. {SEE_STATUS}"),
    (RequestError, 400, "bad-request", None),
    (EncoderError, 503, "no-encoder", f"Photo search is not available right now. {SEE_STATUS}"),
    (NotLearned, 503, "not-learned", None),
    (CalibrationError, 503, "not-calibrated", NOT_CALIBRATED),
    (EngineError, 500, "engine", f"Similar items are not available right now. {SEE_STATUS}"),
    (UnknownParameter, 400, "unknown-parameter", None),
    (ParameterError, 400, "bad-parameter", None),
    (UploadError, 400, "no-photo", None),
    (TooLarge, 413, "too-large", None),
    (NoKey, 401, "no-key", None),
    (OtherOrigin, 403, "other-origin", None),
    (TooMany, 429, "too-many", None),
    (Busy, 503, "busy", None),
    (DatabaseError, 503, "no-catalogue", f"The catalogue is not available. {SEE_STATUS}"),
)
STALE_FORM = (
    "This page was open for too long, or cookies are off. Go back, reload the page and try again."
)
INTERNAL = "Something went wrong on our side. It has been logged; please try again later."


class Problem(BaseModel):
    """An error: problem details (RFC 9457) with a stable ``code`` for programs."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="always about:blank")
    title: str = Field(description="the HTTP status in words")
    status: int
    detail: str = Field(description="what was wrong, where, and what to do next")
    code: str = Field(description="a stable code for programs")
    instance: str = Field(description="the path that was requested")

    @classmethod
    def of(cls, status: int, code: str, detail: str) -> Self:
        """A problem of the current request."""
        return cls(
            type="about:blank",
            title=HTTPStatus(status).phrase,
            status=status,
            detail=detail,
            code=code,
            instance=request.path,
        )

    def response(self) -> Response:
        """An ``application/problem+json`` response."""
        return Response(self.model_dump_json(), self.status, mimetype="application/problem+json")


def problem_of(error: Exception) -> Problem:
    """The problem that an exception stands for; an unexpected one reveals no internals."""
    if isinstance(error, PhotoError):
        status = PHOTO_STATUS.get(error.code, 422)
        detail = PHOTO_DETAIL.get(error.code, "This photo cannot be used. Choose another one.")
        return Problem.of(status, f"photo-{error.code.replace('_', '-')}", detail)
    if isinstance(error, FilterError):
        return Problem.of(400, error.code, str(error))
    if isinstance(error, BadHook):
        return Problem.of(error.status, error.code, str(error))
    for kind, status, code, public in CODES:
        if isinstance(error, kind):
            return Problem.of(status, code, public or str(error))
    if isinstance(error, RequestEntityTooLarge):
        limit = (request.max_content_length or 0) / 1e6
        if request.content_length is not None and request.content_length <= 1e6 * limit:
            return Problem.of(413, "too-large", "The form has too many fields. Send fewer.")
        advice = "Send a smaller photo." if limit > MAX_BODY / 1e6 else "Send less at once."
        return Problem.of(413, "too-large", f"The request is larger than {limit:g} MB. {advice}")
    if isinstance(error, CSRFError):
        return Problem.of(400, "stale-form", STALE_FORM)
    if isinstance(error, HTTPException) and error.code:
        phrase = HTTPStatus(error.code).phrase
        code = phrase.lower().replace(" ", "-")
        return Problem.of(error.code, code, error.description or phrase)
    return Problem.of(500, "internal", INTERNAL)
