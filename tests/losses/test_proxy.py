"""The proxies that the documentation names hold slow clients, and pass on what they should."""

import http.client
import json
from contextlib import closing, suppress

import psutil
import pytest

from tests.losses.honest import CLIENTS, beside_slow_clients
from tests.losses.load import served
from tests.losses.proxy import proxied, skip_without
from tests.losses.test_publishing import Publisher

PROXIED = {"LOOKALIKE_PROXIES": "1"}
KEPT = 2 * 16  # connections that nginx keeps for further requests


@pytest.fixture
def home(tmp_path):
    publisher = Publisher(tmp_path)
    publisher.generation()
    publisher.db.close()
    return tmp_path / "home"


@pytest.fixture(params=["nginx", "caddy", "caddy-buffers"])
def proxy(request):
    skip_without(request.param)
    return request.param


def ask(address, method, path, body=None, headers=()):
    with closing(http.client.HTTPConnection(*address, timeout=60)) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # an answer may come before the end
            connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()


def request_id(address, sent):
    with closing(http.client.HTTPConnection(*address, timeout=60)) as connection:
        connection.request("GET", "/healthz", headers={"X-Request-ID": sent})
        return connection.getresponse().headers["X-Request-ID"]


def test_slow_clients_of_the_proxy_delay_nobody(proxy, tmp_path, home, rounds):
    started = []
    with (
        served(home, started=started, settings=PROXIED) as address,
        proxied(address, tmp_path / "proxy", proxy) as front,
        beside_slow_clients(front, started[0], rounds, most=(100, 200)),
    ):
        held = [
            one
            for process in psutil.Process(started[0]).children()
            for one in process.net_connections()
            if one.status == psutil.CONN_ESTABLISHED
        ]
        if proxy != "caddy":  # which hands slow clients on to our own server
            assert len(held) <= KEPT + CLIENTS


def test_the_shop_knows_the_address_that_its_visitors_see(proxy, tmp_path, home):
    with (
        served(home, settings=PROXIED) as address,
        proxied(address, tmp_path / "proxy", proxy) as front,
    ):
        hostile = {"Host": "shop.example", "X-Forwarded-Host": "evil", "X-Forwarded-Prefix": "/x"}
        status, body = ask(front, "GET", "/api/v1/products/p00?absolute=true", None, hostile)
        assert status == 200
        assert json.loads(body)["url"] == "http://shop.example/products/p00"
        assert request_id(front, "mine") != "mine"  # the proxy's own, not a stranger's
        status, _ = ask(front, "GET", "/api/v1/wishlist/similar?ids=" + ",".join(["p00"] * 9_000))
        assert status in (200, 400)  # a URL of 36 kB is the shop's to judge
        # nginx judges what is announced, Caddy what arrives: one byte more than 12 MB.
        sent = b"x" if proxy == "nginx" else bytes(12_000_001)
        assert ask(front, "POST", "/search/photo", sent, {"Content-Length": "13000000"})[0] == 413
