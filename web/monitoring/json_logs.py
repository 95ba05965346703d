"""Log lines as JSON, one object a line, and a line for each request."""

import json
import logging
import sys
import time
from datetime import UTC, datetime

from flask import Flask, Response, request

from web.app.responses.later import begun
from web.monitoring.request_ids import request_id

REQUESTS = logging.getLogger("web.requests")
GUNICORN = "gunicorn.error"  # has a handler of its own
FIELDS = ("method", "path", "status", "milliseconds", "address")
MAX_TEXT, MAX_METHOD = 2_000, 20  # characters of a path, and of a method


class JsonFormatter(logging.Formatter):
    """A record as a JSON object: time, level, logger, message, request id, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        values: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id(),
            "process": record.process,
        }
        values |= {name: getattr(record, name, None) for name in FIELDS}
        if record.exc_info:
            values["traceback"] = self.formatException(record.exc_info)
        return json.dumps(
            {name: value for name, value in values.items() if value is not None}, default=str
        )


def use_json() -> None:
    """Write all log lines of this process as JSON to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for own in logging.getLogger(GUNICORN).handlers:
        own.setFormatter(JsonFormatter())


def register(app: Flask) -> None:
    """Log each request of an app, without its query, which may tell what a visitor looks for."""
    REQUESTS.setLevel(logging.INFO)

    @app.before_request
    def begin() -> None:
        begun()

    @app.after_request
    def log(response: Response) -> Response:
        seconds = time.monotonic() - begun()
        REQUESTS.info(
            "%s %s",
            request.method[:MAX_METHOD],
            request.path[:MAX_TEXT],
            extra={
                "method": request.method[:MAX_METHOD],
                "path": request.path[:MAX_TEXT],
                "status": response.status_code,
                "milliseconds": round(1000 * seconds, 1),
                "address": request.remote_addr,
            },
        )
        return response
