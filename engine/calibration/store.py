"""The files of calibrations, and the calibration of an encoder.

A calibration is beside a model's weights (``calibration.json`` in its folder), or under the home,
by the encoder's fingerprint: one that was fitted on a shop's own catalogue, for an encoder that is
shipped or comes from a hub. The home's has precedence.
"""

from pathlib import Path
from typing import NamedTuple

from engine.calibration.calibration import FILE, Calibration
from engine.encoders.encoder import Encoder
from engine.errors import CalibrationError
from engine.models import shipped

_LOCAL = "local-dir:"


class FoundCalibration(NamedTuple):
    """An encoder's calibration, if it has one, and notes about files that cannot be used."""

    calibration: Calibration | None
    notes: tuple[str, ...] = ()


def home_file(models_dir: Path, fingerprint: str) -> Path:
    """The file of an encoder's calibration under the home."""
    return models_dir / "calibrations" / f"{fingerprint[:32]}.json"


def model_file(name: str) -> Path | None:
    """The calibration file in a model's folder; None for a model without a folder."""
    if name.startswith(_LOCAL):
        return Path(name.removeprefix(_LOCAL)).expanduser() / FILE
    folder = shipped().get(name)
    return None if folder is None else folder / FILE


def save_path(models_dir: Path, encoder: Encoder) -> Path:
    """The file for a new calibration: in the model's folder if it is a local one, else the home."""
    own = model_file(encoder.name) if encoder.name.startswith(_LOCAL) else None
    return own or home_file(models_dir, encoder.fingerprint)


def find_calibration(models_dir: Path, name: str, fingerprint: str) -> FoundCalibration:
    """The calibration of an encoder; one for another fingerprint is never used.

    Args:
        models_dir: the folder of models under the home.
        name: `Encoder.name`.
        fingerprint: `Encoder.fingerprint`.
    """
    notes: list[str] = []
    for path in (home_file(models_dir, fingerprint), model_file(name)):
        if path is None or not path.is_file():
            continue
        try:
            return FoundCalibration(Calibration.load(path, fingerprint), tuple(notes))
        except CalibrationError as error:
            notes.append(f"Continuing without matches in percent. {error}")
    return FoundCalibration(None, tuple(notes))
