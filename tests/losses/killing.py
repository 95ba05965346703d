"""Rounds of SIGKILL: a command is killed, the home is checked, and the command is run again.

The final state of each round is compared with that of a run without kills on the same home.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.losses.running import Ended, Home, Homes
from tests.losses.state import Photos, Row, State, differences, same_rows

AT_STEP = 0.6  # share of kills at a random step; the others are at a random time


@dataclass
class Tally:
    """Counts of a command's rounds."""

    steps: int = 0  # of a run without a kill
    rounds: int = 0
    killed: int = 0
    finished: int = 0  # runs that ended before their kill
    moments: set[int] = field(default_factory=set)

    def __str__(self) -> str:
        return (
            f"{self.rounds} rounds, {self.killed} kills: at {len(self.moments)} of {self.steps} "
            f"steps, or at a random time; {self.finished} runs ended before"
        )


@dataclass
class Killer:
    """Kills one command in many rounds.

    Args:
        homes: creates a home per round.
        prepared: the home before the command; it is not open.
        command: its name in `tests.losses.commands`.
        given: its arguments, except the home.
        between: further checks of a home after a kill.
    """

    homes: Homes
    prepared: Home
    command: str
    given: dict[str, Any] = field(default_factory=dict)
    between: Callable[[Home], None] = lambda home: None
    tally: Tally = field(default_factory=Tally)

    def rounds(self, count: int, seed: int) -> Tally:
        """Runs ``count`` rounds."""
        before = self.prepared.state()
        whole = self._home(before)
        ended = whole.run(self.command, self.given)
        assert "result" in ended, ended
        after = whole.state()
        self.tally.steps = ended["steps"]
        self.homes.remove(whole)
        chance = random.Random(seed)
        for number in range(count):
            home = self._home(before)
            for _ in range(chance.choice((1, 1, 1, 2))):
                self._kill(home, chance, ended)
                check_between(home.state(), before, after)
                self.between(home)
            finished = home.run(self.command, self.given)
            assert "result" in finished, finished
            wrong = differences(home.state(), after)
            assert not wrong, (number, wrong)
            self.homes.remove(home)
            self.tally.rounds += 1
        return self.tally

    def _home(self, before: State) -> Home:
        return self.homes.copy(self.prepared) if before.schema else self.homes.new()

    def _kill(self, home: Home, chance: random.Random, usual: Ended) -> None:
        if chance.random() < AT_STEP:
            step = chance.randint(1, usual["steps"])
            ended = home.run(self.command, self.given, at_step=step)
            self.tally.moments |= {step} if ended["killed"] else set()
        else:
            seconds = chance.uniform(0, usual["seconds"])
            ended = home.run(self.command, self.given, after=seconds)
        self.tally.killed += ended["killed"]
        self.tally.finished += not ended["killed"]
        assert ended["killed"] or "result" in ended, ended


def check_between(now: State, before: State, after: State, whole: bool = True) -> None:
    """Checks that each product and photo, and the index as a whole, is in its old or new state.

    ``whole`` is False for commands whose failed stages do not prevent the next ones from indexing:
    then the index may be mixed, but have no other products.
    """
    assert now.products.keys() >= before.products.keys(), "a product is lost"
    assert now.products.keys() <= before.products.keys() | after.products.keys()
    for product_id, row in now.products.items():
        known = [state for state in (before, after) if product_id in state.products]
        assert row in [state.products[product_id] for state in known], (product_id, row)
        mine = now.photos.get(product_id)
        same = mine in [state.photos.get(product_id) for state in known]
        assert same or fetching(mine, known, product_id), (product_id, mine)
    if whole:
        assert any(same_rows(now.rows, state.rows) for state in (before, after)), "a mixed index"
    assert now.rows.keys() <= before.rows.keys() | after.rows.keys()
    assert before.cached <= now.cached <= before.cached | after.cached


def fetching(mine: Photos | None, known: list[State], product_id: str) -> bool:
    """Whether each photo is in its old or new state, or waits for its download."""
    return mine is not None and any(
        len(mine) == len(state.photos.get(product_id, ()))
        and all(
            one == other or (given(one) == given(other) and ("state", "waiting") in one + other)
            for one, other in zip(mine, state.photos[product_id], strict=True)
        )
        for state in known
    )


def given(photo: Row) -> object:
    """The path or address of a photo in the feed."""
    return dict(photo)["given"]
