"""The one door to the real encoder, opened when it is needed: it takes seconds and loads torch."""

from typing import TYPE_CHECKING

from engine.settings import EngineSettings

if TYPE_CHECKING:
    from engine.encoders.encoder import Encoder


def load(settings: EngineSettings, name: str | None = None) -> "Encoder":
    """The encoder that the settings name, or the one of another name, ready to use.

    Raises:
        EncoderError: it cannot be had, its files are broken, or the device is not there.
    """
    from engine.encoders.open_clip_encoder import (
        load_encoder,  # here, and nowhere else: this loads torch
    )

    return load_encoder(
        name or settings.encoder,
        models_dir=settings.models_dir,
        device=settings.device,
        threads=settings.threads,
    )
