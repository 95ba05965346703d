"""Hosts take turns, none has more than its share, and what is put off comes back."""

from catalog.fetching.book import Entry
from catalog.fetching.host_queue import IN_VAIN, HostQueue, Task


def task(name: str, host: str = "a") -> Task:
    return Task(Entry(name, f"http://{host}/{name}"), host)


def taken(turns: HostQueue, now: float = 1.0) -> list[str]:
    found = []
    while (one := turns.take(now)) is not None:
        found.append(one.entry.key)
    return found


def test_hosts_take_turns_up_to_their_share():
    turns = HostQueue(2)
    for n in range(4):
        turns.add(task(f"a{n}", "a"))
        turns.add(task(f"b{n}", "b"))
    assert taken(turns) == ["a0", "b0", "a1", "b1"] and len(turns) == 4
    turns.done(task("a0"), True)
    assert taken(turns) == ["a2"]


def test_what_is_put_off_waits_for_its_time():
    turns = HostQueue(9)
    turns.add(task("late"), at=5.0)
    turns.add(task("later"), at=7.0)
    turns.add(task("now"))
    assert taken(turns, 1.0) == ["now"]
    assert turns.next_turn() == 5.0
    assert taken(turns, 5.0) == ["late"] and taken(turns, 8.0) == ["later"]
    assert len(turns) == 0 and turns.next_turn() is None


def test_a_host_that_pauses_holds_up_nobody_else():
    turns = HostQueue(9)
    turns.add(task("a"))
    turns.add(task("b", "b"))
    turns.pause("a", 9.0)
    turns.pause("a", 4.0)  # the longest counts
    assert taken(turns) == ["b"] and turns.paused_until("a") == 9.0
    assert taken(turns, 9.0) == ["a"]


def test_a_host_is_down_when_it_was_asked_in_vain_again_and_again():
    turns = HostQueue(99)
    for n in range(2 * IN_VAIN):
        turns.add(task(str(n)))
    taken(turns)
    for _ in range(IN_VAIN - 1):
        turns.done(task("x"), False)
    turns.done(task("x"), True)
    for _ in range(IN_VAIN - 1):
        turns.done(task("x"), False)
    assert not turns.is_down("a")
    turns.done(task("x"), False)
    assert turns.is_down("a") and not turns.is_down("other")


def test_a_host_that_is_given_up_hands_everything_back():
    turns = HostQueue(1)
    turns.add(task("late"), at=5.0)
    turns.add(task("one"))
    turns.add(task("other", "b"))
    assert [one.entry.key for one in turns.drop("a")] == ["one", "late"]
    assert len(turns) == 1 and taken(turns) == ["other"]
