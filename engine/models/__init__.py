"""The encoders that ship with the package, one open_clip folder each, and how to find them."""

from pathlib import Path

FOLDER = Path(__file__).parent
SHIPPED = "fashion-lite1"
IMAGENET = "imagenet-lite0"
# The starts with no training on clothes, whose weights come from packages of their own.
IMAGENETS = (IMAGENET, "imagenet-lite1")


def shipped() -> dict[str, Path]:
    """Name -> open_clip folder of every shipped model."""
    return {
        config.parent.name: config.parent
        for config in sorted(FOLDER.glob("*/open_clip_config.json"))
    }


def default_name() -> str:
    """The encoder used when no setting names one."""
    return SHIPPED if SHIPPED in shipped() else IMAGENET
