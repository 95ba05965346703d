"""What `lookalike watch` did last, saved in the home for `lookalike status`."""

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from catalog.files import remove_drafts, replacing

FILE = "watch.json"


class StageState(BaseModel):
    """A stage of the cycle. ``failures`` counts those in a row; ``error`` is the last message."""

    model_config = ConfigDict(frozen=True)

    last_success: datetime | None = None
    failures: int = 0
    error: str = ""
    next_try: datetime | None = None


class WatchState(BaseModel):
    """A watch: what it reads and how often, its last cycle, and its stages by name.

    ``every`` is in seconds, ``process`` the process id. ``ended`` is None while a cycle runs, and
    after a watch that was killed in one.
    """

    model_config = ConfigDict(frozen=True)

    source: str | None = None
    every: float = 0.0
    process: int = 0
    started: datetime | None = None
    ended: datetime | None = None
    stages: dict[str, StageState] = {}


def load_state(home: Path) -> WatchState | None:
    """The state of the last watch in a home; None if there was none or its file is broken."""
    try:
        return WatchState.model_validate_json((home / FILE).read_text(encoding="utf-8"))
    except (OSError, ValidationError, UnicodeDecodeError):
        return None


def save_state(home: Path, state: WatchState) -> None:
    """Write the state in one step, so that nobody reads half of it.

    Raises:
        OSError: it cannot be written.
    """
    with replacing(home / FILE, durable=False) as draft:
        draft.write_text(state.model_dump_json(indent=2) + "\n", encoding="utf-8")


def remove_state_drafts(home: Path) -> None:
    """Remove drafts that killed watches left."""
    remove_drafts(home / FILE)
