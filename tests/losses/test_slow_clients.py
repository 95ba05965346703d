"""Slow clients at a running server: others are answered, and a restart loses no request."""

import os
import signal

import psutil

from tests.losses.honest import PATHS, beside_slow_clients
from tests.losses.load import Client, served
from tests.losses.test_publishing import Publisher
from tests.waiting import wait_until


def test_slow_clients_delay_nobody(tmp_path, rounds):
    publisher, started = Publisher(tmp_path), []
    publisher.generation()
    publisher.db.close()
    with (
        served(tmp_path / "home", started=started) as address,
        beside_slow_clients(address, started[0], rounds, most=(100, 400)),
    ):
        pass


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
