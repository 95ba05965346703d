"""Clients that are slow, or stop, hold no thread, and lose their connection in time."""

import json

from tests.waiting import wait_until
from tests.web.connections.listening import THREADS, ended, is_open, listening, until

HALF_HEADER = b"GET / HTTP/1.1\r\nHost: x\r\nX-Half: "
HALF_BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nhalf"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf"
LARGE = 3_000_000
LARGEST, MORE = 6_000_000, 8  # more than the kernel itself keeps for a client (tcp_wmem)
MANY = 10 * THREADS
STRANGER = "127.0.0.2"


def test_slow_clients_hold_no_thread():
    with listening() as server:
        slow = [
            server.connect(sent)
            for sent in (b"", HALF_HEADER, HALF_BODY, CHUNKED)
            for _ in range(MANY // 4)
        ]
        request = f"GET /?{LARGE} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        slow += [server.connect(request, buffer=4096) for _ in range(MANY)]
        for _ in range(MANY):
            assert server.ask()[0] == 200
        status, _, body = server.ask(f"/?{LARGE}")
        assert (status, len(body)) == (200, LARGE)
        assert all(is_open(one) for one in slow)  # none had to be closed for it


def test_many_requests_at_once_without_reading_hold_no_thread():
    request = f"GET /?{LARGEST} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with listening() as server:
        slow = [server.connect(MORE * request, buffer=4096) for _ in range(4 * THREADS)]
        for _ in range(MANY):
            assert server.ask("/?1")[0] == 200
        # Each was answered once, or not at all yet: its next request waits for its client.
        answered = [path for path, _ in server.logged if path == f"/?{LARGEST}"]
        assert len(answered) <= len(slow)
        for reading in slow[:2]:
            received = 0
            while received < MORE * LARGEST:
                received += len(reading.recv(1_000_000))


def test_a_slow_request_is_answered_once_it_is_whole():
    with listening() as server:
        header, body = server.connect(HALF_HEADER), server.connect(HALF_BODY)
        assert server.ask(body=b"other")[2] == b"other"
        header.sendall(b"x\r\nConnection: close\r\n\r\n")
        body.sendall(b"x" * 4996)
        assert ended(header).startswith(b"HTTP/1.1 200")
        assert until(body, b"half" + b"x" * 4996).startswith(b"HTTP/1.1 200")


def test_a_client_that_never_sends_its_headers_is_closed():
    with listening(header_seconds=1_000) as server:
        for sent in (b"", HALF_HEADER, b"\r\n\r\n"):
            assert server.ended_after(1_001, server.connect(sent)) == b""


def test_a_client_whose_body_never_comes_reads_why():
    for limits in ({"stall_seconds": 1_000}, {"body_seconds": 1_000, "body_rate": 1e6}):
        with listening(**limits) as server:
            for half in (HALF_BODY, CHUNKED):
                if half == CHUNKED and "body_rate" in limits:
                    continue  # may be as long as the longest body
                one = server.connect(half)
                channel = server.channel_of(one)
                wait_until(lambda one=channel: one.in_body, "the body has not begun")
                answer = server.ended_after(1_001, one)
                assert answer.startswith(b"HTTP/1.1 408 ")
                problem = json.loads(answer.split(b"\r\n\r\n")[1])
                assert (problem["status"], problem["code"]) == (408, "request-timeout")
                assert "Try again" in problem["detail"]


def test_a_client_that_does_not_read_is_closed():
    for limits in ({"stall_seconds": 1_000}, {"response_seconds": 1_000}):
        with listening(**limits) as server:
            request = f"GET /?{LARGE} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            one = server.connect(request, client=STRANGER, buffer=4096)
            wait_until(lambda server=server: server.logged, "it was not answered")

            def closed(server=server):
                server.clock.ahead += 1_001
                return not server.server.clients[STRANGER]

            wait_until(closed, "the connection stays open")
            assert len(ended(one)) < LARGE


def test_a_connection_between_two_requests_is_closed_later_than_a_new_one():
    with listening(header_seconds=1_000) as server:
        used = server.connect(b"GET /?1 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert until(used, b"\r\n\r\nx").startswith(b"HTTP/1.1 200")
        assert server.ended_after(1_001, server.connect()) == b""
        used.sendall(b"GET /?2 HTTP/1.1\r\nHost: x\r\n\r\n")
        until(used, b"\r\n\r\nxx")
        used.sendall(b"GET /?3 HTTP/1.1\r\n")
        assert server.ended_after(1_001, used) == b""
