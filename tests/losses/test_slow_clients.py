"""Slow clients at a running server: others are answered, and a restart loses no request."""

import os
import signal

import psutil

from tests.losses.load import Client, served, times
from tests.losses.slow import Slow
from tests.losses.test_publishing import Publisher
from tests.waiting import wait_until

CLIENTS = 3
PATHS = ["/api/v1/products/p01/similar?k=3", "/products/p03", "/healthz"]


def memory(pid: int) -> float:
    """Megabytes of a process and its children."""
    parent = psutil.Process(pid)
    return sum(one.memory_info().rss for one in (parent, *parent.children(recursive=True))) / 1e6


def test_slow_clients_delay_nobody(tmp_path, rounds):
    publisher, started = Publisher(tmp_path), []
    publisher.generation()
    with served(tmp_path / "home", started=started) as address:
        with Client(address, PATHS, 1) as alone:
            wait_until(lambda: len(alone.answers) >= rounds(30, 300), "no answers came")
        before = memory(started[0])
        with Slow(address, rounds((30, 12, 12, 12), (1000, 200, 200, 200))) as slow:
            clients = [Client(address, PATHS, seed) for seed in range(CLIENTS)]
            for client in clients:
                client.__enter__()
            wait_until(
                lambda: all(len(one.answers) >= rounds(30, 300) for one in clients),
                "slow clients delay others",
            )
            for client in clients:
                client.__exit__()
            after = memory(started[0])
            assert slow.still_open() > 0
    answers = [answer for client in clients for answer in client.answers]
    assert [failure for client in clients for failure in client.failures] == []
    assert {answer.status for answer in answers} <= {200, 304}
    assert after - before < rounds(100, 400)
    publisher.db.close()
    print(f"alone: {times(alone.answers)}; {before:.0f} MB")
    print(f"beside {slow.opened} slow connections: {times(answers)}; {after:.0f} MB")


def test_a_reload_under_load_loses_no_request(tmp_path, rounds):
    publisher, started = Publisher(tmp_path), []
    publisher.generation()
    with served(tmp_path / "home", started=started) as address, Client(address, PATHS, 1) as client:
        server = psutil.Process(started[0])
        for _ in range(rounds(1, 10)):
            old = {one.pid for one in server.children()}
            answered = len(client.answers)
            os.kill(server.pid, signal.SIGHUP)
            wait_until(
                lambda old=old: old.isdisjoint({one.pid for one in server.children()}),
                "the workers were not replaced",
            )
            wait_until(
                lambda answered=answered: len(client.answers) > answered + 30, "no answers came"
            )
    assert client.failures == []
    assert {answer.status for answer in client.answers} <= {200, 304}
    publisher.db.close()
