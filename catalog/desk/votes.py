"""Blind votes: which of two answers to one seed looks better."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from catalog.database.database import Database
from catalog.database.desk_models import VoteRow
from catalog.database.statements import insert_for
from catalog.events.intervals import Interval, wilson
from catalog.utc import utc_now

CHOICES = ("a", "b", "tie")
MAX_VOTES = 100_000  # the oldest are dropped


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes between two sides, each described in a text."""

    side_a: str
    side_b: str
    a: int
    b: int
    ties: int

    @property
    def decided(self) -> int:
        """The votes that chose a side."""
        return self.a + self.b

    @property
    def interval(self) -> Interval:
        """The 95% interval (Wilson) of A's share of the votes that chose a side."""
        return wilson(self.a / self.decided, self.decided) if self.decided else (0.0, 1.0)


class Votes:
    """The votes in the catalogue's database; safe to share between threads."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(
        self, side_a: str, side_b: str, seed: str, choice: str, ballot: str | None = None
    ) -> bool:
        """Keeps a vote, unless one of its ballot is kept already; whether it was.

        Args:
            side_a: the settings of one side, as a text; likewise ``side_b``.
            side_b: those of the other.
            seed: the product whose answers were compared.
            choice: one of `CHOICES`.
            ballot: the id of the ballot, of at most 32 characters; None: it counts in any case.

        Raises:
            ValueError: the choice is none of them.
        """
        if choice not in CHOICES:
            raise ValueError(f"choice {choice[:20]!r} is none of {', '.join(CHOICES)}")
        first, second = sorted((side_a, side_b))
        if (first, second) != (side_a, side_b):
            choice = {"a": "b", "b": "a"}.get(choice, choice)
        pair = hashlib.sha256(json.dumps([first, second]).encode()).hexdigest()
        row = {
            "voted_at": utc_now(),
            "pair": pair,
            "side_a": first,
            "side_b": second,
            "seed": seed,
            "choice": choice,
            "ballot": ballot,
        }
        with self._db.write() as connection, connection.begin():
            added = insert_for(connection, VoteRow).values(row).on_conflict_do_nothing()
            newest = connection.execute(added.returning(VoteRow.id)).scalar_one_or_none()
            if newest is not None:
                connection.execute(delete(VoteRow).where(VoteRow.id <= newest - MAX_VOTES))
        return newest is not None

    def tallies(self) -> tuple[Tally, ...]:
        """The votes by pair, those with most votes first."""
        query = select(
            VoteRow.pair, VoteRow.side_a, VoteRow.side_b, VoteRow.choice, func.count()
        ).group_by(VoteRow.pair, VoteRow.side_a, VoteRow.side_b, VoteRow.choice)
        counts: dict[tuple[str, str], Counter[str]] = {}
        with self._db.read() as connection:
            for _, side_a, side_b, choice, count in connection.execute(query):
                counts.setdefault((side_a, side_b), Counter())[choice] += count
        return tuple(
            sorted(_tallies(counts), key=lambda one: (-one.decided - one.ties, one.side_a))
        )


def _tallies(counts: dict[tuple[str, str], Counter[str]]) -> Iterator[Tally]:
    for (side_a, side_b), votes in counts.items():
        yield Tally(side_a, side_b, votes["a"], votes["b"], votes["tie"])
