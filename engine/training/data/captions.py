"""What a photo's product is called, as text for the contrastive stage."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from open_clip.tokenizer import HFTokenizer, SimpleTokenizer
from torch import Tensor

from catalog.records import ProductRecord
from engine.errors import TrainingError
from engine.labels.labels import LabelTable

# Said of photos whose product has no title of its own.
CAPTION_COLUMNS = ("colour", "pattern", "type", "gender")


def caption(record: ProductRecord, table: LabelTable, row: int) -> str:
    """A title and the words of its labels, such as "Lee Men Check Shirt, yellow check shirts"."""
    words = [word for column in CAPTION_COLUMNS if (word := table.text(column, row))]
    return f"{record.title}, {' '.join(words)}" if words else record.title


def caption_tokens(
    text_config: Mapping[str, Any], records: Sequence[ProductRecord], table: LabelTable
) -> Tensor:
    """Tokens ``(M, context_length)`` int64 of every product's caption.

    Args:
        text_config: open_clip's ``text_cfg`` of the model, which names its tokenizer.
        records: M products.
        table: their labels.

    Raises:
        TrainingError: the model wants a tokenizer that cannot be had here.
    """
    tokenize = tokenizer(text_config)
    return tokenize([caption(record, table, row) for row, record in enumerate(records)])


def tokenizer(text_config: Mapping[str, Any]) -> Callable[[list[str]], Tensor]:
    """The tokenizer that a text tower was trained with; open_clip's own unless it names another.

    Raises:
        TrainingError: it is another one, and it cannot be had here.
    """
    length, name = text_config.get("context_length", 77), text_config.get("hf_tokenizer_name")
    options = text_config.get("tokenizer_kwargs") or {}
    if not name:
        return SimpleTokenizer(context_length=length, **options)
    try:
        return HFTokenizer(name, context_length=length, **options)
    except Exception as error:  # a missing package or an unreachable hub, each with its own type
        raise TrainingError(
            f"The text tower's tokenizer {name!r} cannot be had: {error} "
            "Install the package transformers, or leave titles out with --text-weight 0."
        ) from error
