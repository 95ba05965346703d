"""Rounds of SIGKILL: a command is killed somewhere, what is there is checked, and it is run again.

Everything that a round ends with is compared with what an undisturbed run makes of the same home.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.losses.running import Ended, Home, Homes
from tests.losses.state import Photos, Row, State, differences, same_rows

AT_STEP = 0.6  # of the kills; the others come after a random time


@dataclass
class Tally:
    """How the rounds of a command went."""

    steps: int = 0  # of a run that nobody kills
    rounds: int = 0
    killed: int = 0
    finished: int = 0  # before it was killed
    moments: set[int] = field(default_factory=set)

    def __str__(self) -> str:
        return (
            f"{self.rounds} rounds, {self.killed} kills: at {len(self.moments)} of {self.steps} "
            f"steps, or at a random time; {self.finished} runs ended before"
        )


@dataclass
class Killer:
    """Kills one command over and over.

    Args:
        homes: makes a home a round.
        prepared: the home before the command; nobody has it open.
        command: its name in `tests.losses.commands`.
        given: its arguments, but for the home.
        between: further checks of a home that was left by a kill.
    """

    homes: Homes
    prepared: Home
    command: str
    given: dict[str, Any] = field(default_factory=dict)
    between: Callable[[Home], None] = lambda home: None
    tally: Tally = field(default_factory=Tally)

    def rounds(self, count: int, seed: int) -> Tally:
        """Go through so many rounds."""
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
    """Each product and photo is as it was or as it will be, and so is the index as a whole.

    ``whole`` is False where a stage that failed does not keep the next one from indexing what is
    there: then only products may be in the index that are or will be.
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
    """Whether each photo is as it was or as it will be, or has an address and waits."""
    return mine is not None and any(
        len(mine) == len(state.photos.get(product_id, ()))
        and all(
            one == other or (given(one) == given(other) and ("state", "waiting") in one + other)
            for one, other in zip(mine, state.photos[product_id], strict=True)
        )
        for state in known
    )


def given(photo: Row) -> object:
    """What the feed calls a photo."""
    return dict(photo)["given"]
