"""How the steps of making a map report what is done."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Report = Callable[[int, int], None]  # called with what is done, of how much
Stage = Callable[[str, str], AbstractContextManager[Report]]  # of a label, and what is counted


@contextmanager
def unwatched(label: str, unit: str) -> Iterator[Report]:
    """A stage that reports to nobody."""

    def report(done: int, total: int) -> None:
        """Nothing."""

    yield report
