"""Requests that wait for the work of other threads without keeping a thread of the app.

`web.connections` handles such a request again, from its start, when the work is done. Any other
WSGI server, and Flask's test client, lets the thread of the request wait.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from flask import request

T = TypeVar("T")

CAN_WAIT = "lookalike.can_wait"  # in the WSGI environment: the server knows `AnswerLater`
BEGUN = "lookalike.begun"  # in the WSGI environment: when the server first gave it to the app
WORK = "lookalike.work"  # in the WSGI environment: the work that this request has waited for


class AnswerLater(BaseException):
    """The request is to be handled again when work is done; no error, so Flask handles it not."""

    def __init__(self, work: Future[Any]) -> None:
        super().__init__()
        self.work = work


def begun() -> float:
    """When the current request began, by the monotonic clock: before its first wait."""
    since: float = request.environ.setdefault(BEGUN, time.monotonic())
    return since


def result_of(start: Callable[[], Future[T]]) -> T:
    """The result of work that a request needs, which waits for it once; raises what it raised.

    Args:
        start: starts the work, or finds it if it has been started.

    Raises:
        AnswerLater: to the server, if it knows how to wait.
    """
    work: Future[T] | None = request.environ.get(WORK)
    if work is None:
        work = start()
        if request.environ.get(CAN_WAIT) and not work.done():
            raise AnswerLater(work)
    return work.result()
