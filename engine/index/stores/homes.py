"""Which home published an index that several homes share, so that no experiment replaces it."""

import secrets
import socket
from pathlib import Path
from typing import NamedTuple

from catalog.files import write_whole
from engine.errors import SettingsError

HOME_ID = "HOME_ID"  # a file of an index folder


class Publisher(NamedTuple):
    """The home that published a generation, and the name and fingerprint of its encoder."""

    home: str
    place: str
    encoder: str
    fingerprint: str


def home_id(index_dir: Path) -> str:
    """What tells a home from others, also where its folder has another name: made once."""
    path = index_dir / HOME_ID
    if not path.exists():
        index_dir.mkdir(parents=True, exist_ok=True)
        write_whole(path, f"{secrets.token_hex(16)}\n")
    return path.read_text(encoding="utf-8").strip()


def place_of(index_dir: Path) -> str:
    """Where a home is, for people."""
    return f"{socket.gethostname()}:{index_dir.parent}"


def check_publisher(
    live: Publisher | None, index_dir: Path, encoder: str, fingerprint: str, instead: str
) -> None:
    """Check that a home may replace what is live: not another encoder's of another home.

    Args:
        live: of the live generation; None: nothing was published, or nobody knows by whom.
        index_dir: the home's folder of generations.
        encoder, fingerprint: of what would replace it.
        instead: what to do for an experiment.

    Raises:
        SettingsError: it may not.
    """
    if live is None or fingerprint == live.fingerprint or live.home == home_id(index_dir):
        return
    raise SettingsError(
        f"The index that all web servers of this shop use was published by {live.place}, with the "
        f"encoder {live.encoder}, and this home would replace it by one of {encoder}. For an "
        f"experiment, {instead}. To change the shop's encoder, run `lookalike reindex` there, or "
        "`lookalike reindex --force` here."
    )
