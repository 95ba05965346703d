"""Requests that wait for work of other threads: no thread of the app waits with them."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from flask import Flask

from tests.web.connections.listening import THREADS, TIMEOUT, listening, until
from web.app.responses.later import begun, result_of


def waiting_app(works):
    """Sends the result of the work that the path names."""
    app = Flask("waiting")
    app.started = threading.Semaphore(0)

    @app.get("/<name>")
    def wait(name):
        def start():
            app.started.release()
            return works[name]

        return str(result_of(start))

    @app.get("/")
    def at_once():
        return "at once"

    return app


def started(app, count):
    for _ in range(count):
        assert app.started.acquire(timeout=TIMEOUT)


def test_requests_that_wait_keep_no_thread():
    works = {f"{number}": Future() for number in range(3 * THREADS)}
    app = waiting_app(works)
    with listening(app) as server, ThreadPoolExecutor(len(works)) as clients:
        asked = {name: clients.submit(server.ask, f"/{name}") for name in works}
        started(app, len(works))
        assert server.ask("/")[2] == b"at once"
        assert not any(one.done() for one in asked.values())
        for name, work in works.items():
            work.set_result(f"result {name}")
        for name, one in asked.items():
            assert one.result(TIMEOUT)[2] == f"result {name}".encode()
    assert sorted(path for path, _ in server.logged) == sorted(["/", *(f"/{n}" for n in works)])


def test_the_next_requests_of_a_connection_wait_for_their_own_work():
    works = {"one": Future(), "two": Future()}
    app = waiting_app(works)
    with listening(app) as server:
        pieces = [b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % name for name in (b"one", b"two", b"")]
        connection = server.connect(b"".join(pieces))
        started(app, 1)
        works["one"].set_result("first")
        assert until(connection, b"first").count(b"200 OK") == 1
        started(app, 1)
        works["two"].set_result("second")
        received = until(connection, b"at once")
    assert received.index(b"second") < received.index(b"at once")


def test_what_the_work_raised_is_the_answers_error_and_is_logged_once():
    works = {"one": Future()}
    app = waiting_app(works)

    @app.errorhandler(LookupError)
    def answer(_):
        return "gone", 404

    with listening(app) as server, ThreadPoolExecutor(1) as clients:
        asked = clients.submit(server.ask, "/one")
        started(app, 1)
        works["one"].set_exception(LookupError())
        assert asked.result(TIMEOUT)[0] == 404
    assert server.logged == [("/one", "404 NOT FOUND")]


def test_the_time_of_a_request_counts_from_before_it_waited():
    works = {"one": Future()}
    app = waiting_app(works)
    seen = []
    app.before_request(lambda: seen.append(begun()))
    with listening(app) as server, ThreadPoolExecutor(1) as clients:
        asked = clients.submit(server.ask, "/one")
        started(app, 1)
        works["one"].set_result("done")
        assert asked.result(TIMEOUT)[0] == 200
    assert len(seen) == 2 and seen[0] == seen[1]


def test_a_client_that_leaves_while_it_waits_harms_nothing():
    works = {"one": Future()}
    app = waiting_app(works)
    with listening(app) as server:
        connection = server.connect(b"GET /one HTTP/1.1\r\nHost: x\r\n\r\n")
        started(app, 1)
        connection.close()
        works["one"].set_result("unread")
        assert server.ask("/")[2] == b"at once"


def test_other_servers_let_the_thread_wait():
    works = {"one": Future()}
    works["one"].set_result("done")
    assert waiting_app(works).test_client().get("/one").data == b"done"
