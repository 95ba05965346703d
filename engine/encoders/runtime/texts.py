"""Rows of texts without torch: a converted text tower, and its tokenizer.

The tokenizer is open_clip's own, which cannot be imported without torch, written as a file of the
package tokenizers when the encoder is converted.
"""

import html
from collections.abc import Sequence
from pathlib import Path

import ftfy
import numpy as np
import onnxruntime
import regex
from tokenizers import Tokenizer

from engine.arrays import Float32, Int64

INPUT = "tokens"
TEXT_FILE, TOKENS_FILE = "texts.onnx", "tokens.json"  # in a converted encoder's folder
# The package regex splits texts, as in open_clip: others know other versions of Unicode.
WORDS = regex.compile(
    r"<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+",
    regex.IGNORECASE,
)
CHUNK = 64  # texts that are computed at a time


class TextRows:
    """Embeds texts; threads may share it.

    Args:
        folder: of a converted encoder that has texts.
        threads: that compute.

    Raises:
        OSError, ValueError, RuntimeError: the folder is damaged.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        self._tokenizer = Tokenizer.from_str((folder / TOKENS_FILE).read_text())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(
            str(folder / TEXT_FILE), options, providers=["CPUExecutionProvider"]
        )

    def encode(self, texts: Sequence[str]) -> Float32:
        """Rows ``(N, D)`` float32 of length 1."""
        tokens = tokenize(self._tokenizer, texts)
        rows = [np.zeros((0, self._session.get_outputs()[0].shape[1]), dtype=np.float32)]
        for at in range(0, len(tokens), CHUNK):
            rows += self._session.run(None, {INPUT: tokens[at : at + CHUNK]})
        return np.concatenate(rows)


def tokenize(tokenizer: Tokenizer, texts: Sequence[str]) -> Int64:
    """Tokens ``(N, context length)`` of texts, as open_clip's tokenizer gives them."""
    words = [WORDS.findall(clean(text)) for text in texts]
    found = [one.ids for one in tokenizer.encode_batch(words, is_pretokenized=True)]
    length = (tokenizer.padding or {})["length"]
    return np.array(found, dtype=np.int64).reshape(len(texts), length)


def clean(text: str) -> str:
    """A text without what encodings and HTML did to it, in lower case, with single spaces."""
    return " ".join(html.unescape(html.unescape(ftfy.fix_text(text))).split()).lower()
