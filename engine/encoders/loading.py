"""Loads the encoder on first use, by ONNX Runtime on the CPU and by torch on a GPU."""

import logging
from pathlib import Path

from engine.encoders.encoder import Encoder, TextEncoder
from engine.encoders.runtime.store import NotConverted, converted
from engine.models import resolved
from engine.settings import EngineSettings

log = logging.getLogger(__name__)
HALF = "bfloat16"  # a precision that only torch computes in
GPU_FILES = ("/dev/nvidiactl", "/dev/dxg")  # where there is one of them, torch may find a GPU


def load(settings: EngineSettings, name: str | None = None) -> Encoder:
    """Load an encoder.

    On the CPU, ONNX Runtime computes it, after a conversion at its first use, and torch is not
    imported. Rows of both agree, and so do their fingerprints.

    Args:
        settings: its name, runtime, precision, device and threads.
        name: another encoder than the settings name.

    Raises:
        EncoderError: it is not available, or its files are broken.
        DeviceUnavailable: the device does not exist.
    """
    chosen = name or settings.encoder
    if settings.runtime == "torch" or settings.precision == HALF or _may_use_gpu(settings.device):
        return _by_torch(settings, chosen)
    try:
        return _by_onnx(settings, resolved(chosen))
    except NotConverted as error:
        log.warning(
            "The encoder %s is computed by torch, which takes about twice as long, as ONNX Runtime "
            "cannot: %s. LOOKALIKE_RUNTIME=torch says nothing of it.",
            chosen,
            error,
        )
    return _by_torch(settings, chosen)


def _by_onnx(settings: EngineSettings, name: str) -> Encoder:
    """Raises NotConverted if ONNX Runtime or a converted encoder is missing."""
    try:
        from engine.encoders.runtime.onnx_encoder import OnnxEncoder
    except ImportError as error:
        raise NotConverted(f"{error} (pip install onnxruntime onnx)") from error
    folder = converted(name, settings.models_dir)

    def load_texts() -> TextEncoder:
        encoder = _by_torch(settings, name)
        assert isinstance(encoder, TextEncoder)
        return encoder

    try:
        return OnnxEncoder(name, folder, settings.threads, load_texts)
    except Exception as error:  # of ONNX Runtime, json and the file system
        raise NotConverted(f"{folder} is damaged; delete it ({error})") from error


def _by_torch(settings: EngineSettings, name: str) -> Encoder:
    # Imported here, and nowhere else outside of training and conversion, as it imports torch.
    from engine.encoders.open_clip_encoder import load_encoder

    return load_encoder(
        name,
        models_dir=settings.models_dir,
        device=settings.device,
        threads=settings.threads,
        half=settings.precision == HALF,
    )


def _may_use_gpu(device: str) -> bool:
    """Whether torch decides: a GPU is named, or it is not certain that there is none."""
    if device != "auto":
        return device != "cpu"
    if not any(Path(file).exists() for file in GPU_FILES):
        return False
    from engine.encoders.open_clip_encoder import pick_device

    return pick_device(device).type != "cpu"
