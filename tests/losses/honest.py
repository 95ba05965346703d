"""Honest clients of a server, first alone and then beside slow ones."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import psutil

from tests.losses.load import Client, times
from tests.losses.slow import Slow
from tests.waiting import wait_until

CLIENTS = 3
PATHS = ["/api/v1/products/p01/similar?k=3", "/products/p03", "/healthz"]
Rounds = Callable[..., int]


def memory(pid: int) -> float:
    """Megabytes of a process and its children."""
    parent = psutil.Process(pid)
    return sum(one.memory_info().rss for one in (parent, *parent.children(recursive=True))) / 1e6


@contextmanager
def beside_slow_clients(
    address: tuple[str, int], pid: int, rounds: Rounds, most: tuple[int, int]
) -> Iterator[None]:
    """Checks that all honest requests are answered; yields while slow connections are open.

    Args:
        address: where the clients connect.
        pid: of the server, whose memory is watched.
        rounds: see the fixture; a soak has 1,600 slow connections.
        most: megabytes by which the memory may grow, in a short run and in a soak.
    """
    enough = rounds(30, 300)  # answers of each client
    with Client(address, PATHS, 1) as alone:
        wait_until(lambda: len(alone.answers) >= enough, "no answers came")
    before = memory(pid)
    with Slow(address, rounds((30, 12, 12, 12), (1000, 200, 200, 200))) as slow:
        clients = [Client(address, PATHS, seed) for seed in range(CLIENTS)]
        with ExitStack() as running:
            for client in clients:
                running.enter_context(client)
            wait_until(
                lambda: all(len(one.answers) >= enough for one in clients),
                "slow clients delay others",
            )
        after = memory(pid)
        assert slow.still_open() > 0
        yield
    answers = [answer for client in clients for answer in client.answers]
    assert [failure for client in clients for failure in client.failures] == []
    assert {answer.status for answer in answers} <= {200, 304}
    assert after - before < rounds(*most)
    print(f"alone: {times(alone.answers)}; {before:.0f} MB")
    print(f"beside {slow.opened} slow connections: {times(answers)}; {after:.0f} MB")
