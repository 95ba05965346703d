"""Answers requests that end in an exception: problem+json for programs, a page for visitors."""

from flask import Flask, Response, current_app, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from catalog.errors import DatabaseError
from engine.errors import CalibrationError, EngineError, NotLearned
from web.app.context import shop
from web.app.errors import Busy, NoKey, TooMany
from web.app.problems import Problem, problem_of


def register(app: Flask) -> None:
    """Handle all exceptions of an app."""
    app.register_error_handler(Exception, handle)


def handle(error: Exception) -> Response | HTTPException:
    """The response to a request that ended in an exception."""
    if isinstance(error, HTTPException) and (error.code or 0) < 400:
        return error  # a redirect is raised as an exception
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
    """Log a failure; with a traceback only if it was unexpected.

    That there are too many requests, or that something was not learned yet, is logged once, or
    those who ask could fill the disk.
    """
    if isinstance(error, Busy | NotLearned | CalibrationError):
        shop().warn_once(str(error))
        return
    expected = isinstance(error, (EngineError, DatabaseError))
    current_app.logger.error(
        "%s %s: %s", request.method, request.path, error, exc_info=None if expected else error
    )


def wants_json() -> bool:
    """Whether the client is a program: any request to the API, or a script of our own pages."""
    if request.path.startswith(("/api/", "/webhooks/")) or request.path == "/healthz":
        return True
    return request.accept_mimetypes.best == "application/json"


def page(problem: Problem) -> Response:
    """An error page. It uses neither menu nor catalogue, which may be what failed."""
    html = render_template("error.html", problem=problem)
    return Response(html, problem.status, mimetype="text/html")
