"""Captions of products, the text side of the contrastive loss."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from open_clip.tokenizer import HFTokenizer, SimpleTokenizer
from torch import Tensor

from catalog.records import ProductRecord
from engine.errors import TrainingError
from engine.labels.labels import LabelTable

CAPTION_COLUMNS = ("colour", "pattern", "type", "gender")


def caption(record: ProductRecord, table: LabelTable, row: int) -> str:
    """Returns title and label words, such as "Lee Men Check Shirt, yellow check shirts"."""
    words = [word for column in CAPTION_COLUMNS if (word := table.text(column, row))]
    return f"{record.title}, {' '.join(words)}" if words else record.title


def caption_tokens(
    text_config: Mapping[str, Any], records: Sequence[ProductRecord], table: LabelTable
) -> Tensor:
    """Returns the tokens of every product's caption, ``(M, context_length)`` int64.

    Args:
        text_config: open_clip's ``text_cfg`` of the model, which names its tokenizer.
        records: M products.
        table: their labels.

    Raises:
        TrainingError: the model's tokenizer is not available.
    """
    tokenize = tokenizer(text_config)
    return tokenize([caption(record, table, row) for row, record in enumerate(records)])


def tokenizer(text_config: Mapping[str, Any]) -> Callable[[list[str]], Tensor]:
    """Returns the tokenizer of a text tower: open_clip's own unless the config names another.

    Raises:
        TrainingError: the named tokenizer is not available.
    """
    length, name = text_config.get("context_length", 77), text_config.get("hf_tokenizer_name")
    options = text_config.get("tokenizer_kwargs") or {}
    try:
        tokenize: Callable[[list[str]], Tensor] = (
            HFTokenizer(name, context_length=length, **options)
            if name
            else SimpleTokenizer(context_length=length, **options)
        )
        return tokenize
    except Exception as error:  # a missing package or an unreachable hub, each with its own type
        raise TrainingError(
            f"The text tower's tokenizer {name!r} is not available: {error} "
            "Install the package transformers, or leave titles out with --text-weight 0."
        ) from error
