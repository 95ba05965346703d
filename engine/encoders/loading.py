"""Loads the encoder on first use: it imports torch, which takes seconds."""

from engine.encoders.encoder import Encoder
from engine.settings import EngineSettings


def load(settings: EngineSettings, name: str | None = None) -> Encoder:
    """Load an encoder.

    Args:
        settings: its name, device and threads.
        name: another encoder than the settings name.

    Raises:
        EncoderError: it is not available, or its files are broken.
        DeviceUnavailable: the device does not exist.
    """
    # Imported here, and nowhere else outside of training, as it imports torch.
    from engine.encoders.open_clip_encoder import load_encoder

    return load_encoder(
        name or settings.encoder,
        models_dir=settings.models_dir,
        device=settings.device,
        threads=settings.threads,
    )
