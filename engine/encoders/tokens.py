"""The tokenizer of a text tower."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from open_clip.tokenizer import HFTokenizer, SimpleTokenizer
from torch import Tensor

from engine.errors import EncoderUnavailable

# Takes N texts and returns their tokens, ``(N, context length)`` int64.
Tokenize: TypeAlias = Callable[[list[str]], Tensor]


def tokenizer(text_config: Mapping[str, Any]) -> Tokenize:
    """The tokenizer of a text tower: open_clip's own unless the config names another.

    Args:
        text_config: open_clip's ``text_cfg`` of the model.

    Raises:
        EncoderUnavailable: the named tokenizer is not available.
    """
    length, name = text_config.get("context_length", 77), text_config.get("hf_tokenizer_name")
    options = text_config.get("tokenizer_kwargs") or {}
    try:
        tokenize: Tokenize = (
            HFTokenizer(name, context_length=length, **options)
            if name
            else SimpleTokenizer(context_length=length, **options)
        )
        return tokenize
    except Exception as error:  # a missing package or an unreachable hub, each with its own type
        raise EncoderUnavailable(
            f"The text tower's tokenizer {name!r} is not available: {error} "
            "Install the package transformers, or do without texts (in training with "
            "--text-weight 0)."
        ) from error
