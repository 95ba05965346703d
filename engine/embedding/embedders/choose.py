"""The embedder that the settings name; Ray is imported only for it."""

from functools import partial
from importlib.util import find_spec

from catalog.settings import CatalogSettings
from engine.embedding.embedders.embedder import Embedder
from engine.embedding.embedders.local import LocalEmbedder, square_limits
from engine.encoders.encoder import Encoder
from engine.encoders.loading import load
from engine.errors import SettingsError
from engine.settings import EngineSettings


def open_embedder(encoder: Encoder, settings: EngineSettings, caps: CatalogSettings) -> Embedder:
    """The embedder of the settings; it starts and connects to nothing yet.

    Raises:
        SettingsError: Ray is not installed.
    """
    limits = square_limits(encoder.image_size, caps)
    if settings.embedder == "local":
        return LocalEmbedder(
            encoder, limits, workers=settings.workers, batch_size=settings.batch_size
        )
    if not find_spec("ray"):
        raise SettingsError(
            "LOOKALIKE_EMBEDDER=ray needs Ray: pip install 'lookalike[ray]', on every machine of "
            "the cluster. Or leave LOOKALIKE_EMBEDDER out to embed on this machine."
        )
    from engine.embedding.embedders.ray_data import RayEmbedder, Work

    alone = settings.model_copy(update={"encoder": encoder.name, "threads": 1})
    work = Work(
        encoder.fingerprint,
        partial(load, alone),
        limits,
        workers=settings.workers,
        batch_size=settings.batch_size,
    )
    return RayEmbedder(work, settings.ray_address, gpus=settings.device != "cpu")
