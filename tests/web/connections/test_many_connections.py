"""A client that holds many connections, or sends many bytes, only displaces its own."""

import io
import json

from tests.waiting import wait_until
from tests.web.connections.listening import ended, is_open, listening

STRANGER, CUSTOMER = "127.0.0.2", "127.0.0.3"


def test_an_address_has_a_limited_number_of_connections():
    with listening(per_address=4) as server:
        other = server.connect(client=CUSTOMER)
        first, *rest = [server.connect(client=STRANGER) for _ in range(5)]
        assert ended(first) == b""
        assert all(is_open(one) for one in (*rest, other))
        assert server.ask(client=STRANGER)[0] == 200  # displaces one that waits


def test_behind_a_proxy_an_address_has_no_limit_of_its_own():
    with listening(per_address=None) as server:
        held = [server.connect() for _ in range(100)]
        assert server.ask()[0] == 200
        assert all(is_open(one) for one in held)


def test_when_all_connections_are_taken_who_holds_most_loses_one():
    with listening(connections=8, per_address=None) as server:
        customer = server.connect(b"GET / HTTP/1.1\r\nHost: x\r\n", client=CUSTOMER)
        first, *rest = [server.connect(client=STRANGER) for _ in range(8)]
        assert ended(first) == b""
        assert all(is_open(one) for one in rest)
        customer.sendall(b"Connection: close\r\n\r\n")
        assert ended(customer).startswith(b"HTTP/1.1 200")


def test_all_bodies_together_have_a_limit():
    begun = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n\r\nx"
    with listening(all_bodies=1_000_000) as server:

        def begin(client):
            """Connections that send at once are read in any order."""
            one = server.connect(begun, client=client)
            channel = server.channel_of(one)
            wait_until(lambda: channel.in_body, "the body has not begun")
            return one

        customer = begin(CUSTOMER)
        first, *_ = [begin(STRANGER) for _ in range(3)]
        answer = ended(first)
        assert answer.startswith(b"HTTP/1.1 503 ") and b"Retry-After: 5" in answer
        customer.sendall(b"x" * 399_999)
        assert customer.recv(15) == b"HTTP/1.1 200 OK"


def test_a_body_over_the_limit_is_refused_and_its_client_reads_why():
    """Although it is still sending: a connection closed at once would reset the answer away."""
    with listening(body_bytes=10_000) as server:
        assert server.ask(body=b"x" * 10_000)[0] == 200
        status, headers, body = server.ask(body=b"x" * 2_000_000)
        assert (status, headers["Content-Type"]) == (413, "application/problem+json")
        assert json.loads(body)["detail"].startswith("The request is too large.")
        assert headers["Connection"] == "close"


def test_what_is_no_http_shows_nothing_of_what_was_sent():
    with listening() as server:
        for sent in (b"swordfish\r\n\r\n", b"GET / HTTP/1.1\r\nsword fish: \x00\r\n\r\n"):
            answer = ended(server.connect(sent))
            assert answer.startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 "))
            assert b"fish" not in answer and b"waitress" not in answer
        large = b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n"
        assert b" 431 " in ended(server.connect(large)).splitlines()[0]


def test_the_log_counts_the_bytes_of_files_too():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "5000")])
        body = io.BytesIO(b"x" * 5_000)
        return environ["wsgi.file_wrapper"](body) if environ["PATH_INFO"] == "/file" else body

    sizes = {}

    def log(task, environ, _):
        sizes[environ["REQUEST_METHOD"], environ["PATH_INFO"]] = task.sent

    with listening(app) as server:
        server.server.access_log = log
        whole = [server.ask(path)[2] for path in ("/file", "/text")]
        ended(server.connect(b"HEAD /file HTTP/1.0\r\n\r\n"))
    assert [len(body) for body in whole] == [5_000, 5_000]
    assert sizes == {("GET", "/file"): 5_000, ("GET", "/text"): 5_000, ("HEAD", "/file"): 0}


def test_each_request_is_logged_with_its_path_and_status():
    with listening() as server:
        server.ask("/a%2Fb?12")
        server.ask("/c", b"body")
    # A line is written after its answer is sent, so perhaps after the next answer.
    assert sorted(server.logged) == [("/a%2Fb?12", "200 OK"), ("/c", "200 OK")]
