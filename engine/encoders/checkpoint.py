"""The appearance model on disk: an open_clip folder with two more files.

``facets.json`` holds the heads' sizes and the facets' default weights, ``facet_heads.safetensors``
the heads' parameters. Any program that uses open_clip can load the CLIP model from the folder.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from catalog.files import replacing, write_whole
from engine.encoders.appearance import AppearanceModel, OpenClip
from engine.encoders.facet_heads import AppearanceConfig
from engine.encoders.towers import CONFIG_FILE, READABLE, find_folder, load_clip, save_folder
from engine.errors import CheckpointError

FACETS_FILE = "facets.json"
HEADS_FILE = "facet_heads.safetensors"
TEXT = "text."  # before the keys of the map that gives texts their rows


def save_appearance(
    folder: Path,
    model: AppearanceModel,
    clip_config: dict[str, Any],
    preprocess: dict[str, Any],
    dtype: torch.dtype = torch.float32,
) -> None:
    """Save an appearance model; the open_clip config, without which nothing loads, comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG_FILE).unlink(missing_ok=True)  # never a mixture of an older model and this one
    weights = model.facets.state_dict()
    if model.text is not None:
        weights |= {TEXT + key: value for key, value in model.text.state_dict().items()}
    heads = {k: v.detach().cpu().to(dtype).contiguous() for k, v in weights.items()}
    with replacing(folder / HEADS_FILE, mode=READABLE) as draft:
        save_file(heads, draft)
    facets = json.dumps(model.config.as_json(), indent=2) + "\n"
    write_whole(folder / FACETS_FILE, facets)
    save_folder(folder, model.clip, clip_config, preprocess, dtype)


def load_appearance(name: str, models_dir: Path) -> AppearanceModel | OpenClip:
    """Load the model that a setting names, on the CPU, in eval mode.

    Returns:
        An `AppearanceModel` if the folder has facet heads, else the bare open_clip model.

    Raises:
        EncoderUnavailable: there is no such model, or its hub cannot be reached.
        CheckpointError: its files are broken or disagree with each other.
    """
    clip = load_clip(name, models_dir)
    folder = find_folder(name, models_dir)
    if folder is None or not (folder / FACETS_FILE).exists():
        return clip
    try:
        config = AppearanceConfig.from_json(json.loads((folder / FACETS_FILE).read_text()))
        with safe_open(folder / HEADS_FILE, "pt") as file:  # shapes alone, without the values
            names = file.keys()
            shapes = {key: tuple(file.get_slice(key).get_shape()) for key in names}
        model = AppearanceModel(clip, config, shapes)
        weights = {k: v.float() for k, v in load_file(folder / HEADS_FILE).items()}
        text = {k.removeprefix(TEXT): weights.pop(k) for k in list(weights) if k.startswith(TEXT)}
        model.facets.load_state_dict(weights)
        if model.text is not None:
            model.text.load_state_dict(text)
    except Exception as error:  # json, safetensors and torch raise different types
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise CheckpointError(
            f"The facet heads in {folder} cannot be loaded: {reason} "
            f"{FACETS_FILE} and {HEADS_FILE} must come from the same training; copy both again, or "
            "train anew if that was with another version."
        ) from error
    return model.eval()
