"""Connections are spread over the server's processes, although all accept from one queue."""

import socket
from functools import partial
from types import SimpleNamespace

import pytest
from waitress.task import ThreadedTaskDispatcher

from tests.web.connections.listening import TIMEOUT, echo
from web.connections import server as serving
from web.connections.limits import Limits
from web.connections.polling import Polling
from web.connections.server import Server
from web.connections.shares import ABSENT, PLACES, YIELD_SECONDS, Shares, hooks
from web.connections.worker import report_share


def test_only_a_process_with_more_connections_than_another_is_above():
    shares = Shares()
    assert not shares.is_above(shares.claim())  # alone
    one, two = 0, shares.claim()
    assert two == 1
    shares.set(one, 3)
    shares.set(two, 2)
    assert shares.is_above(one) and not shares.is_above(two)
    shares.set(two, 3)
    assert not shares.is_above(one) and not shares.is_above(two)


def test_processes_that_take_a_thousand_connections_at_once_seldom_wait_for_one_another():
    shares = Shares()
    held = {shares.claim(): 0, shares.claim(): 0}
    waits = 0
    while sum(held.values()) < 1_000:
        for place in held:
            while not shares.is_above(place) and sum(held.values()) < 1_000:
                held[place] += 1
                shares.set(place, held[place])
            waits += 1
    assert waits < 40
    assert min(held.values()) > 350


def test_a_process_that_left_is_not_waited_for_and_its_place_is_free_once_it_ended():
    shares = Shares()
    one, two = shares.claim(), shares.claim()
    shares.set(two, 5)
    shares.leave(one)
    shares.set(one, 0)  # it still closes connections
    assert not shares.is_above(two)
    three = shares.claim()  # it has not ended yet, and will free its place
    assert three != one
    shares.free(one)
    shares.set(three, 9)
    assert shares.is_above(three)
    assert shares.claim() == one
    assert shares.is_above(two)


def test_more_processes_than_places_share_the_last_one():
    shares = Shares()
    assert [shares.claim() for _ in range(PLACES + 1)] == [*range(PLACES), PLACES - 1]


def test_the_arbiter_gives_each_process_a_place_and_takes_it_back():
    shares = Shares()
    one, two = SimpleNamespace(), SimpleNamespace()
    for worker in (one, two):
        hooks(shares)["pre_fork"](None, worker)
    assert (one.place, two.place) == (0, 1)
    hooks(shares)["child_exit"](None, one)
    assert shares.claim() == 0


@pytest.fixture
def clock(monkeypatch):
    """The time that servers see."""
    time = SimpleNamespace(now=100.0)
    monkeypatch.setattr(serving, "time", SimpleNamespace(monotonic=lambda: time.now))
    return time


@pytest.fixture
def processes():
    """Two servers that accept from one queue and share their counts, and their polls."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(TIMEOUT)
    shares, threads = Shares(), ThreadedTaskDispatcher()
    found = []
    for _ in range(2):
        polling, place = Polling(), shares.claim()
        own = socket.socket(fileno=socket.dup(listener.fileno()))
        server = Server(echo, own, threads, Limits(), polling)
        server.report_share = partial(report_share, [server], shares, place)
        server.is_above_share = partial(shares.is_above, place)
        polling.recheck()
        found.append((server, polling))
    yield listener.getsockname(), found
    for server, polling in found:
        for channel in server.channels():
            channel.handle_close()
        server.close()
        polling.close()
    listener.close()


def held(found):
    return [len(server.active_channels) for server, _ in found]


def test_each_takes_its_share_of_clients_that_keep_their_connections(processes, clock):
    address, found = processes
    clients = [socket.create_connection(address) for _ in range(4)]
    try:
        first, second = (polling for _, polling in found)
        first.turn(TIMEOUT)  # it wakes first, and takes one
        assert held(found) == [1, 0]
        assert found[0][0].pause_seconds() == pytest.approx(YIELD_SECONDS)
        first.turn(0)
        assert held(found) == [1, 0]
        second.turn(TIMEOUT)
        assert held(found) == [1, 2]
        clock.now += YIELD_SECONDS
        first.turn(TIMEOUT)
        assert held(found) == [2, 2]
    finally:
        for one in clients:
            one.close()


def test_connections_that_were_closed_count_no_more(processes, clock):
    address, found = processes
    (_, first), (_, second) = found
    before = [socket.create_connection(address) for _ in range(2)]
    for polling in (first, second):
        polling.turn(TIMEOUT)
    assert held(found) == [1, 1]
    for one in before:
        one.close()
    for polling in (first, second):
        polling.turn(TIMEOUT)
    assert held(found) == [0, 0]
    clock.now += YIELD_SECONDS
    clients = [socket.create_connection(address) for _ in range(2)]
    try:
        first.turn(TIMEOUT)
        first.turn(0)
        assert held(found) == [1, 0]  # the other one holds none, and gets the second
    finally:
        for one in clients:
            one.close()


def test_clients_of_a_process_that_takes_none_are_taken_by_another_one(processes, clock):
    address, found = processes
    clients = [socket.create_connection(address) for _ in range(3)]
    try:
        server, polling = found[0]
        for count in (1, 2, 3):  # the other one is stuck
            polling.turn(TIMEOUT)
            assert held(found) == [count, 0]
            assert 0 < server.pause_seconds() <= YIELD_SECONDS
            clock.now += YIELD_SECONDS
    finally:
        for one in clients:
            one.close()


def test_a_later_connection_is_left_to_the_other_one_again(processes, clock):
    address, found = processes
    (_, polling), (_, other) = found
    clients = []
    try:
        for expected in ([1, 0], [1, 1]):
            clients.append(socket.create_connection(address))
            polling.turn(0.1)
            other.turn(0.1)
            assert held(found) == expected
            clock.now += 10
    finally:
        for one in clients:
            one.close()


def test_places_hold_counts_of_any_process():
    shares = Shares()
    place = shares.claim()
    shares.set(place, 1024)
    assert shares._counts[place] == 1024 and shares._counts[place + 1] == ABSENT
