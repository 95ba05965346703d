"""The encoders that ship with the package, one open_clip folder each."""

from pathlib import Path

FOLDER = Path(__file__).parent
SHIPPED = "fashion-lite1"
IMAGENET = "imagenet-lite0"
# Models without training on clothes; their weights come from packages of their own.
IMAGENETS = (IMAGENET, "imagenet-lite1")


def shipped() -> dict[str, Path]:
    """Name -> open_clip folder of every shipped model."""
    return {
        config.parent.name: config.parent
        for config in sorted(FOLDER.glob("*/open_clip_config.json"))
    }


def default_name() -> str:
    """The encoder that is used when no setting names one."""
    return SHIPPED if SHIPPED in shipped() else IMAGENET


def resolved(name: str) -> str:
    """The encoder that a setting names, where ``default`` stands for `default_name`."""
    return default_name() if name == "default" else name
