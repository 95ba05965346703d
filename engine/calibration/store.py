"""Where calibrations are kept, and which one an encoder has.

Beside a model's weights (``calibration.json`` in its folder), so that it travels with the model;
or under the home, by the encoder's fingerprint: that of a shop's own catalogue, for encoders that
are shipped or come from a hub. The home's wins.
"""

from pathlib import Path
from typing import NamedTuple

from engine.calibration.calibration import FILE, Calibration
from engine.encoders.encoder import Encoder
from engine.errors import CalibrationError
from engine.models import shipped

_LOCAL = "local-dir:"


class FoundCalibration(NamedTuple):
    """An encoder's calibration, if it has one, and what a person should know about that."""

    calibration: Calibration | None
    notes: tuple[str, ...] = ()


def home_file(models_dir: Path, fingerprint: str) -> Path:
    """Where the home keeps the calibration of an encoder."""
    return models_dir / "calibrations" / f"{fingerprint[:32]}.json"


def model_file(name: str) -> Path | None:
    """Where a model's folder keeps its own; None for a model that has no folder of its own."""
    if name.startswith(_LOCAL):
        return Path(name.removeprefix(_LOCAL)).expanduser() / FILE
    folder = shipped().get(name)
    return None if folder is None else folder / FILE


def save_path(models_dir: Path, encoder: Encoder) -> Path:
    """Where a new calibration belongs: a folder of one's own, or else the home."""
    own = model_file(encoder.name) if encoder.name.startswith(_LOCAL) else None
    return own or home_file(models_dir, encoder.fingerprint)


def find_calibration(models_dir: Path, name: str, fingerprint: str) -> FoundCalibration:
    """The calibration of an encoder; one of another fingerprint is never used.

    Args:
        models_dir: where the home keeps models.
        name: the encoder's, as `Encoder.name`.
        fingerprint: the encoder's.
    """
    notes: list[str] = []
    for path in (home_file(models_dir, fingerprint), model_file(name)):
        if path is None or not path.is_file():
            continue
        try:
            return FoundCalibration(Calibration.load(path, fingerprint), tuple(notes))
        except CalibrationError as error:
            notes.append(f"Going on without matches in percent. {error}")
    return FoundCalibration(None, tuple(notes))
