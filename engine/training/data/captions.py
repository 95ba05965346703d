"""Captions of products, the text side of the contrastive loss."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from catalog.records import ProductRecord
from engine.encoders.tokens import tokenizer
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
        EncoderUnavailable: the model's tokenizer is not available.
    """
    tokenize = tokenizer(text_config)
    return tokenize([caption(record, table, row) for row, record in enumerate(records)])
