"""An id for each request: in the response, and in every log line that belongs to it."""

import re

from flask import Flask, Response, g, has_request_context, request

from web.app.context import shop
from web.app.responses.random_ids import REQUEST_ID, random_id

FORM = re.compile(r"[\w.:-]{1,64}", re.ASCII)


def request_id() -> str | None:
    """The id of the current request; None outside of one."""
    return g.get("request_id") if has_request_context() else None


def register(app: Flask) -> None:
    """Give each request of an app an id.

    A proxy that is trusted (LOOKALIKE_PROXIES) may name it in the header; strangers may not.
    """

    @app.before_request
    def choose() -> None:
        given = request.headers.get(REQUEST_ID, "")
        trusted = shop().settings.proxies > 0 and FORM.fullmatch(given)
        g.request_id = given if trusted else random_id(8)

    @app.after_request
    def send(response: Response) -> Response:
        if sent := request_id():
            response.headers[REQUEST_ID] = sent
        return response
