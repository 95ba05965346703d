"""Requests that two servers would read differently, and bytes that cost much to parse."""

import pytest

from tests.web.connections.listening import ended, listening, until
from web.connections.limits import Limits
from web.connections.parser import RequestParser
from web.connections.server import adjustments

POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
NEXT = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        CHUNKED + b"Content-Length: 4\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        POST + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n",
        POST + b"Host: y\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_a_request_that_can_be_read_in_two_ways_is_refused_and_nothing_after_it_is_read(
    request_bytes, caplog
):
    with listening() as server:
        answer = ended(server.connect(request_bytes + NEXT))
        assert answer.count(b"HTTP/1.1 ") == 1
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
        assert server.ask()[0] == 200
        assert "/hidden" not in [path for path, _ in server.logged]
    assert caplog.records == []  # a stranger cannot fill the log


@pytest.mark.parametrize(
    "pieces", [b"1\r\na\r\n" * 20_000, b"1;" + b"a" * 100_000, b"0\r\n" + b"A: b\r\n" * 20_000]
)
def test_a_body_of_little_but_chunk_marks_is_refused(pieces):
    with listening() as server:
        answer = ended(server.connect(CHUNKED + b"\r\n" + pieces))
        assert b" 400 " in answer[:20]
        assert server.ask()[0] == 200


def test_a_body_in_usual_chunks_is_taken():
    chunk = b"64\r\n" + b"a" * 100 + b"\r\n"
    with listening() as server:
        connection = server.connect(CHUNKED + b"\r\n" + 2_000 * chunk + b"0\r\n\r\n")
        assert until(connection, b"a" * 1_000).startswith(b"HTTP/1.1 200")


def test_empty_lines_are_skipped_at_once_and_begin_the_time_of_a_header():
    parser = RequestParser(adjustments(Limits()))
    assert parser.received(b"\r\n" * 4_000) == 8_000
    assert not parser.completed
    assert parser.received(b"\r\n" * 9 + NEXT + b"GET") == 18 + len(NEXT)
    assert parser.completed and parser.path == "/hidden"
    with listening(header_seconds=1_000) as server:
        assert b"HTTP/1.1 200" in until(server.connect(b"\r\n\r\n" + NEXT), b"\r\n\r\n")
        assert server.ended_after(1_001, server.connect(b"\r\n" * 50)) == b""


@pytest.mark.parametrize("host", ["a b", "x/y?", "user@x", "[::1", 'x"><script>', ""])
def test_a_host_that_is_none_gets_no_absolute_links(client, host):
    answer = client.get("/api/v1/products?absolute=true&per_page=1", headers={"Host": host})
    if answer.status_code == 200:
        assert answer.get_json()["products"][0]["url"].startswith("http://localhost/products/")
    else:
        assert answer.status_code == 400
        assert "The header Host names no host" in answer.get_json()["detail"]


@pytest.mark.parametrize("host", ["a..b", ".a", "a" * 64, "a." * 150 + "b"])
def test_a_host_whose_length_no_host_has_is_refused_everywhere(client, host):
    for path in ("/api/v1/products", "/", "/panel/A1?embed=1"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 400
        assert "The header Host names no host" in answer.get_data(as_text=True)
