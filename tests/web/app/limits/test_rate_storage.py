"""Requests counted by a server for all processes; while it is down, by each process."""

import logging
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.web.app.limits.counting_servers import memcached, redis
from tests.web.logged import KEY
from web import WebSettings, create_app
from web.app.errors import SettingsError
from web.app.limits import rate_storage
from web.app.limits.rate_counter import Rates, client_of


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose sockets have a short name."""
    with tempfile.TemporaryDirectory() as path:
        Path(path).chmod(0o777)
        yield Path(path)


@pytest.fixture
def rates_at() -> Iterator[Callable[..., Rates]]:
    """Makes rates with shared counts, whose connections are closed after the test."""
    made: list[Rates] = []

    def make(address: str, *limits: str, **more: str) -> Rates:
        made.append(Rates(*limits, **more, storage=address))
        return made[-1]

    yield make
    for rates in made:
        rates._shared._opened().storage.storage.close()


@pytest.mark.parametrize("serving", [redis, memcached])
def test_two_servers_count_together(folder, serving, rates_at):
    with serving(folder) as address:
        one, other = (rates_at(address, "3/hour", events="10/hour") for _ in range(2))
        taken = [rates.take("192.0.2.1", False) > 0 for rates in (one, other, one, other, one)]
        assert taken == [False, False, False, True, True]
        assert one.take("192.0.2.2", False) == 0
        assert other.take("odd\n key" * 100, False) == 0
        assert [rates.take_events("192.0.2.1", 6) > 0 for rates in (one, other)] == [False, True]
        assert 1 <= one.take("192.0.2.1", False) <= 3_600


@pytest.mark.parametrize("serving", [redis, memcached])
def test_while_the_server_is_down_each_process_counts_and_says_so_once(
    folder, serving, rates_at, monkeypatch, caplog
):
    now = [1000.0]
    monkeypatch.setattr(rate_storage.time, "monotonic", lambda: now[0])
    with serving(folder) as address:
        rates = rates_at(address, "2/hour")
        assert rates.take("a", False) == 0
    with caplog.at_level(logging.WARNING):
        assert [rates.take("a", False) > 0 for _ in range(3)] == [False, False, True]
        now[0] += rate_storage.PAUSE + 1
        assert rates.take("a", False) > 0
    assert len(caplog.records) == 1
    assert "does not answer" in caplog.text and str(folder) not in caplog.text
    with serving(folder):
        assert rates.take("a", False) > 0  # not asked again yet
        now[0] += rate_storage.PAUSE + 1
        assert rates.take("a", False) == 0
        assert "answers again" in caplog.text


def test_a_server_that_never_answers_costs_one_short_wait(folder, rates_at):
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(folder / "silent"))
        listening.listen()
        rates = rates_at(f"redis+unix://{folder / 'silent'}", "2/hour;5/hour")
        assert rates.take("a", False) == 0
        assert not rates._shared._is_tried()  # the next requests do not ask it


def test_a_shop_whose_counts_are_gone_answers(shop_home, folder):
    settings = WebSettings(
        home=shop_home,
        secret_key=KEY,
        rate_limit="2/hour",
        rate_storage=f"redis+unix://{folder / 'nobody'}",
    )
    client = create_app(settings).test_client()
    assert [client.get("/api/v1/products").status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(
    "address",
    ["", "redis", "redis://", "memory://", "http://host", "redis://host:port", "redis:///"],
)
def test_what_is_no_address_of_such_a_server_is_refused(address):
    with pytest.raises(ValueError, match="redis://HOST:6379/0") as raised:
        WebSettings(rate_storage=address)
    assert "memcached://HOST:11211" in str(raised.value)


def test_without_its_client_the_message_says_what_to_install(home, monkeypatch):
    monkeypatch.setattr(rate_storage, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"pip install 'lookalike\[redis\]'"):
        create_app(WebSettings(home=home, secret_key=KEY, rate_storage="redis://h"))


def test_a_key_of_any_text_is_short():
    assert len(client_of("x" * 10_000)) == len(client_of("a b\0\udce4")) == 64
