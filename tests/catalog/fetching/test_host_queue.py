"""Hosts are served round-robin, none above its limit, and delayed tasks come back."""

from catalog.fetching.download_status import DownloadStatus
from catalog.fetching.host_queue import MAX_CONSECUTIVE_FAILURES, HostQueue, Task


def task(name: str, host: str = "a") -> Task:
    return Task(DownloadStatus(name, f"http://{host}/{name}"), host)


def taken(queue: HostQueue, now: float = 1.0) -> list[str]:
    found = []
    while (one := queue.take(now)) is not None:
        found.append(one.status.key)
    return found


def test_hosts_are_served_round_robin_up_to_their_limit():
    queue = HostQueue(2)
    for n in range(4):
        queue.add(task(f"a{n}", "a"))
        queue.add(task(f"b{n}", "b"))
    assert taken(queue) == ["a0", "b0", "a1", "b1"] and len(queue) == 4
    queue.release(task("a0"), True)
    assert taken(queue) == ["a2"]


def test_delayed_tasks_wait_for_their_time():
    queue = HostQueue(9)
    queue.add(task("late"), at=5.0)
    queue.add(task("later"), at=7.0)
    queue.add(task("now"))
    assert taken(queue, 1.0) == ["now"]
    assert queue.next_start() == 5.0
    assert taken(queue, 5.0) == ["late"] and taken(queue, 8.0) == ["later"]
    assert len(queue) == 0 and queue.next_start() is None


def test_a_host_that_pauses_holds_up_nobody_else():
    queue = HostQueue(9)
    queue.add(task("a"))
    queue.add(task("b", "b"))
    queue.pause("a", 9.0)
    queue.pause("a", 4.0)  # the longest counts
    assert taken(queue) == ["b"] and queue.paused_until("a") == 9.0
    assert taken(queue, 9.0) == ["a"]


def test_a_host_is_down_after_failures_in_a_row():
    queue = HostQueue(99)
    for n in range(2 * MAX_CONSECUTIVE_FAILURES):
        queue.add(task(str(n)))
    taken(queue)
    for _ in range(MAX_CONSECUTIVE_FAILURES - 1):
        queue.release(task("x"), False)
    queue.release(task("x"), True)
    for _ in range(MAX_CONSECUTIVE_FAILURES - 1):
        queue.release(task("x"), False)
    assert not queue.is_down("a")
    queue.release(task("x"), False)
    assert queue.is_down("a") and not queue.is_down("other")


def test_dropping_a_host_yields_its_waiting_tasks():
    queue = HostQueue(1)
    queue.add(task("late"), at=5.0)
    queue.add(task("one"))
    queue.add(task("other", "b"))
    assert [one.status.key for one in queue.drop("a")] == ["one", "late"]
    assert len(queue) == 1 and taken(queue) == ["other"]
