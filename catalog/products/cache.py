"""A cache of answers that is emptied when the catalogue changes."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from catalog.database.models import StateRow

T = TypeVar("T")
MAX_ANSWERS = 512
STATE = select(StateRow.instance, StateRow.version)


def read_watermark(connection: Connection) -> str:
    """Identifies the catalogue and its version, in the snapshot of the connection."""
    instance, version = connection.execute(STATE).one()
    return f"{instance}-{version}"


class AnswerCache:
    """Answers about one version of the catalogue; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[tuple[object, ...], Any] = {}
        self._watermark = ""

    def get(self, connection: Connection, key: tuple[object, ...], compute: Callable[[], T]) -> T:
        """The answer for the snapshot of the connection; computed if it is missing."""
        watermark = read_watermark(connection)
        with self._lock:
            if watermark != self._watermark or len(self._answers) >= MAX_ANSWERS:
                self._answers, self._watermark = {}, watermark
            if key in self._answers:
                value: T = self._answers[key]
                return value
        value = compute()
        with self._lock:
            if watermark == self._watermark:
                self._answers[key] = value
        return value
