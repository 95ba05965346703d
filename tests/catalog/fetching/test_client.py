"""Downloads are whole or an error, go to the checked address only, and end in time."""

import gzip
import io
import ssl
import time
import tracemalloc
from pathlib import Path

import pytest

from catalog.errors import FetchError
from catalog.fetching.addresses import AllowedHosts, SafeResolver, parse_address
from catalog.fetching.client import Client, Limits, Validators
from tests.catalog.fetching import photo_server as web

CERTIFICATE = Path(__file__).parent / "photos.test.pem"  # self-signed, of that name
LIMITS = Limits(100_000, 60, "THE_SETTING")
HERE = AllowedHosts.parse("127.0.0.1")


class Resolver:
    """Returns its answers in turn, and records the hosts."""

    def __init__(self, *answers):
        self.answers, self.hosts = list(answers), []

    def __call__(self, host, port):
        self.hosts.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def get():
    """Download an address: (answer, body)."""
    opened = []

    def get(address, safe=None, limits=LIMITS, tls=None, **options):
        client = Client(safe or SafeResolver(HERE), 4, tls)
        opened.append(client)
        to = io.BytesIO()
        return client.download(parse_address(address), to, limits, **options), to.getvalue()

    yield get
    for client in opened:
        client.close()


def code_of(get, *arguments, **options):
    with pytest.raises(FetchError) as caught:
        get(*arguments, **options)
    return caught.value.code


def test_a_download_and_its_response(get, server):
    server.answers["/a"] = web.content(b"hello", ETag='"x"', Last_Modified="Mon")
    answer, body = get(server.address("/a"), accept="image/png")
    assert (answer.modified, answer.size, body) == (True, 5, b"hello")
    assert answer.validators == Validators('"x"', "Mon")
    headers = server.requests[0][1]
    assert headers["Accept"] == "image/png" and headers["Host"] == f"127.0.0.1:{server.port}"
    assert headers["User-Agent"].startswith("Lookalike/")
    assert "Cookie" not in headers and "Authorization" not in headers


def test_a_rebound_name_is_checked_again(get, server):
    """The check and the connection are of one answer; the next one is checked as well."""
    server.answers["/a"] = web.content(b"hello", Connection="close")
    resolver = Resolver(["127.0.0.1"], ["10.0.0.1"])
    address = server.address("/a", host="rebinding.test")
    assert get(address, SafeResolver(HERE, resolver))[1] == b"hello"
    assert resolver.hosts == ["rebinding.test"]
    assert server.requests[0][1]["Host"] == f"rebinding.test:{server.port}"
    assert code_of(get, address, SafeResolver(HERE, resolver)) == "not_public"
    assert server.request_counts.total() == 1


def test_nothing_is_sent_to_an_address_that_is_not_public(get, server):
    server.answers["/a"] = web.content(b"secret")
    assert code_of(get, server.address("/a"), SafeResolver(AllowedHosts())) == "not_public"
    assert server.request_counts.total() == 0


def test_the_next_ip_address_is_tried_when_one_does_not_answer(get, server):
    server.answers["/a"] = web.content(b"hello")
    resolver = Resolver(["127.0.0.9", "127.0.0.1"])  # the server listens on one of them
    safe = SafeResolver(AllowedHosts.parse("127.0.0.0/8"), resolver)
    assert get(server.address("/a", host="two.test"), safe)[1] == b"hello"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(get, server, status):
    server.answers |= {"/x/a": web.redirect("../b?c", status), "/b?c": web.content(b"hello")}
    assert get(server.address("/x/a"))[1] == b"hello"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_redirects_to_paths_with_accents_in_utf_8_or_latin_1(get, server, encoding):
    # A header's bytes are what it is as Latin 1.
    server.answers["/a"] = web.redirect("/é.jpg".encode(encoding).decode("latin-1"))
    server.answers["/%C3%A9.jpg"] = web.content(b"hello")
    assert get(server.address("/a"))[1] == b"hello"


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("http://10.0.0.1/a", "not_public"),
        ("http://169.254.169.254/latest/meta-data", "not_public"),
        ("http://[::1]/", "not_public"),
        ("http://[::ffff:127.0.0.1]/", "not_public"),
        ("http://127.0.0.2/", "not_public"),
        ("file:///etc/passwd", "address"),
        ("ftp://127.0.0.1/", "address"),
        ("//user:secret@127.0.0.1/", "address"),
        ("/a", "redirects"),
    ],
)
def test_redirects_are_checked(get, server, to, code):
    server.answers["/a"] = web.redirect(to)
    assert code_of(get, server.address("/a")) == code


def test_five_redirects_and_no_more(get, server):
    server.answers |= {f"/{n}": web.redirect(f"/{n + 1}") for n in range(6)}
    server.answers["/6"] = web.content(b"far")
    assert get(server.address("/1"))[1] == b"far"
    assert code_of(get, server.address("/0")) == "redirects"


def test_conditional_requests(get, server):
    server.answers["/a"] = web.tagged(b"hello", '"x"')
    answer, body = get(server.address("/a"), known=Validators('"x"'))
    assert (answer.modified, answer.validators, body) == (False, Validators('"x"'), b"")
    answer, body = get(server.address("/a"), known=Validators('"y"'))
    assert answer.modified and body == b"hello"
    server.answers["/a"] = web.status(304)
    assert code_of(get, server.address("/a")) == "http_304"  # to an unconditional request


def test_too_large_content_is_refused(get, server):
    def chunked(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while True:
            handler.wfile.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")

    server.answers |= {"/stated": web.content(b"x" * 100_001), "/endless": chunked}
    server.answers["/fits"] = web.content(b"x" * 100_000)
    assert code_of(get, server.address("/stated")) == "too_large"
    with pytest.raises(FetchError, match=r"100,000 bytes, the limit \(THE_SETTING\)"):
        get(server.address("/endless"))
    assert len(get(server.address("/fits"))[1]) == 100_000


def test_gzip_is_decompressed_within_the_limit(get, server):
    small, bomb = gzip.compress(b"hello " * 1_000), gzip.compress(b"0" * 200_000_000)
    packed = {"Content_Encoding": "gzip"}
    server.answers |= {
        "/small": web.content(small, **packed),
        "/bomb": web.content(bomb[:90_000], **packed),
        "/cut": web.content(small[:-9], **packed),
        "/lie": web.content(b"hello", **packed),
        "/not-accepted": web.content(b"hello", Content_Encoding="zstd"),
    }
    assert get(server.address("/small"))[1] == b"hello " * 1_000
    tracemalloc.start()
    assert code_of(get, server.address("/bomb")) == "too_large"
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 10_000_000
    assert code_of(get, server.address("/cut")) == "cut_off"
    assert code_of(get, server.address("/lie")) == "encoding"
    assert code_of(get, server.address("/not-accepted")) == "encoding"


def test_a_truncated_response_is_an_error(get, server):
    server.answers |= {"/cut": web.cut(b"hello", 3), "/gone": web.hang_up()}
    assert code_of(get, server.address("/cut")) == "cut_off"
    assert code_of(get, server.address("/gone")) == "connection"


def test_a_response_that_is_not_http_is_an_error(get, server):
    def rubbish(handler):
        handler.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n")
        handler.close_connection = True

    server.answers["/a"] = rubbish
    assert code_of(get, server.address("/a")) == "protocol"


def test_an_error_status_is_reported(get, server):
    server.answers["/a"] = web.status(503, Retry_After="7")
    with pytest.raises(FetchError, match=r"/a\?… answers 503 and says to retry in 7 s") as caught:
        get(server.address("/a?token=secret"))
    assert (caught.value.code, caught.value.wait) == ("http_503", 7)


@pytest.mark.parametrize("kind", ["stall", "drip", "headers", "redirects"])
def test_the_time_limit_is_for_the_whole_download(get, server, kind):
    def slow_redirect(handler):
        time.sleep(0.1)
        handler.send(302, Location="/a")

    server.answers["/a"] = {
        "stall": web.stall(server.released),
        "drip": web.drip(b"x" * 10_000, 0.02),
        "headers": web.drip_headers(0.02),
        "redirects": slow_redirect,
    }[kind]
    limits = Limits(100_000, 0.3, "THE_SETTING")
    assert code_of(get, server.address("/a"), limits=limits) == "timeout"


@pytest.fixture
def secure(server):
    """The server speaks TLS under the name photos.test."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    names = []
    context.sni_callback = lambda _, name, __: names.append(name)
    server.answers["/a"] = web.content(b"hello")
    server.names = names
    return server


def test_a_certificate_is_checked_against_the_name(get, secure):
    trusting = ssl.create_default_context(cafile=CERTIFICATE)
    safe = SafeResolver(HERE, Resolver(["127.0.0.1"]))

    def fetch(name, tls):
        return get(f"https://{name}:{secure.port}/a", safe, tls=tls)[1]

    assert fetch("photos.test", trusting) == b"hello"
    assert secure.names == ["photos.test"]  # by name, although connected by address
    assert secure.requests[0][1]["Host"] == f"photos.test:{secure.port}"
    for name, tls in (("other.test", trusting), ("127.0.0.1", trusting), ("photos.test", None)):
        with pytest.raises(FetchError, match="no valid certificate") as caught:
            fetch(name, tls)
        assert caught.value.code == "tls"
    assert secure.request_counts.total() == 1
