"""Encoders and shops small enough to train in a second."""

import csv
from pathlib import Path

import open_clip.model
import torch
from PIL import Image, ImageDraw

from engine.encoders.appearance import AppearanceModel, OpenClip
from engine.encoders.facet_heads import AppearanceConfig
from engine.encoders.towers import PREPROCESS, save_folder
from engine.training.data.config import TrainConfig

TEXT = {"context_length": 24, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
VIT = {"image_size": 32, "layers": 3, "width": 32, "patch_size": 8, "head_width": 16}
CONV = {"timm_model_name": "test_efficientnet", "timm_model_pretrained": False} | {
    "timm_pool": "avg",
    "timm_proj": "linear",
    "image_size": 32,
}
# Not so tiny, as the tiny one has no residual block to skip.
LITE = CONV | {"timm_model_name": "efficientnet_lite0"}
SWIN = CONV | {"timm_model_name": "swin_tiny_patch4_window7_224", "image_size": 224}
RESNET = {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "head_width": 8}
HEADS = AppearanceConfig(
    dims={"shape": 8, "colour": 6, "pattern": 4}, taps=(0, 1, 2), attention_maps=2, hidden=16
)
COLOURS = {"red": (190, 30, 40), "blue": (40, 80, 190), "green": (40, 140, 60)}
KINDS = ("Shirts", "Skirts", "Belts")
# Words for titles: each a family of its own, so that a split does not keep all on one side.
WORDS = "amber birch cedar delta ember fjord grove heath inlet jetty knoll larch maple north oasis "
WORDS = (WORDS + "prism quill ridge slate thorn umber vista willow xenon yonder zephyr").split()


def clip_config(vision: dict = VIT) -> dict:
    return {"embed_dim": 32, "vision_cfg": dict(vision), "text_cfg": dict(TEXT)}


def tiny_clip(vision: dict = VIT, seed: int = 0) -> OpenClip:
    torch.manual_seed(seed)
    return open_clip.model.CLIP(**clip_config(vision)).eval()


def tiny_model(
    vision: dict = VIT, seed: int = 0, config: AppearanceConfig = HEADS
) -> AppearanceModel:
    return AppearanceModel(tiny_clip(vision, seed), config).eval()


def tiny_encoder(folder: Path, vision: dict = VIT, seed: int = 0) -> str:
    """The setting that names a tiny open_clip model, saved in a folder."""
    save_folder(folder, tiny_clip(vision, seed), clip_config(vision), PREPROCESS)
    return f"local-dir:{folder}"


def tiny_config(**changes) -> TrainConfig:
    """A run of a few small steps."""
    config = TrainConfig(
        side=32, steps=6, labels_per_batch=4, photos_per_label=2, warmup=2, save_every=2, threads=1
    )
    return config.with_changes(**changes)


def draw(kind: int, colour: str, view: int = 0, side: int = 40) -> Image.Image:
    """A garment on white, a little higher or lower in every view."""
    image = Image.new("RGB", (side, side), "white")
    boxes = ((9, 6, 31, 34), (12, 10, 28, 34), (5, 16, 35, 22))
    left, top, right, bottom = boxes[kind]
    ImageDraw.Draw(image).rectangle((left, top + view, right, bottom + view), COLOURS[colour])
    return image


def draw_shop(
    folder: Path, products: int = 26, photos: int = 2, attributes: bool = True, first: int = 0
) -> Path:
    """A catalogue in our CSV format, by default with types and colours."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "catalogue.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["id", "title", "photos", *(["category", "colour"] * attributes)])
        for n in range(first, first + products):
            kind, colour = n % 3, list(COLOURS)[n // 3 % 3]
            names = [f"{n}-{view}.png" for view in range(photos)]
            for view, name in enumerate(names):
                draw(kind, colour, view).save(folder / name)
            title = f"{WORDS[n % len(WORDS)]} thing"
            row = [f"p{n}", title, ";".join(names)]
            rows.writerow(row + [KINDS[kind], colour] * attributes)
    return folder
