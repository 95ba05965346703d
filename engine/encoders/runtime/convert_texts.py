"""Converts an encoder's text tower and its tokenizer, beside the network of photos."""

from pathlib import Path

import numpy as np
from open_clip.tokenizer import SimpleTokenizer
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch import Tensor, nn

from catalog.files import write_whole
from engine.encoders.appearance import AppearanceModel
from engine.encoders.open_clip_encoder import ClipEncoder
from engine.encoders.runtime.export import LEAST_COSINE, export
from engine.encoders.runtime.store import file_digest
from engine.encoders.runtime.texts import INPUT, TEXT_FILE, TOKENS_FILE, TextRows, tokenize
from engine.encoders.tokens import tokenizer

START, END = "<start_of_text>", "<end_of_text>"
SAMPLES = (
    "red dress",
    "Men's Navy Blue T-Shirt, 100% cotton (pack of 2)",
    "",
    "Crêpe &amp; Söhne ÉTÉ – kimono 着物 👗 ain't",
    "very " * 100 + "long",
)


def convert_texts(encoder: ClipEncoder, folder: Path) -> dict[str, str]:
    """Write `TEXT_FILE` and `TOKENS_FILE`.

    Returns:
        The digest of each file; none where the encoder has no texts, or only torch computes them:
        because of its tokenizer, or because of its text tower.
    """
    model, config = encoder.text_model, encoder.text_config
    if model is None or config.get("hf_tokenizer_name") or config.get("tokenizer_kwargs"):
        return {}
    plain = tokenizer(config)
    assert isinstance(plain, SimpleTokenizer)
    other = tokenizer_of(plain)
    tokens = plain(list(SAMPLES))
    files = (folder / TEXT_FILE, folder / TOKENS_FILE)
    try:
        export(TokenRows(model), tokens[:2], files[0], INPUT)
        write_whole(files[1], other.to_str())
        rows = TextRows(folder, threads=1)
        for texts in (SAMPLES, SAMPLES[:1]):
            worst = float((rows.encode(texts) * encoder.encode_texts(texts)).sum(axis=1).min())
            if not worst > LEAST_COSINE:
                raise ValueError(f"cosine {worst:.6f}")
        if not np.array_equal(tokenize(other, SAMPLES), tokens.numpy()):
            raise ValueError("other tokens")
    except Exception:  # of torch's exporter and ONNX Runtime; photos are converted all the same
        for file in files:
            file.unlink(missing_ok=True)
        return {}
    return {file.name: file_digest(file) for file in files}


class TokenRows(nn.Module):
    """A model from tokens to rows."""

    def __init__(self, model: AppearanceModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor) -> Tensor:
        """Rows ``(N, D)`` of length 1 of tokens ``(N, context length)`` int64."""
        return self.model.text_rows(tokens)


def tokenizer_of(plain: SimpleTokenizer) -> Tokenizer:
    """The same tokenizer without torch, for the words of `engine.encoders.runtime.texts`."""
    merges = sorted(plain.bpe_ranks, key=plain.bpe_ranks.__getitem__)
    byte_pairs = models.BPE(dict(plain.encoder), merges, end_of_word_suffix="</w>")
    found = Tokenizer(byte_pairs)
    found.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    found.add_special_tokens([START, END])
    start, end = plain.sot_token_id, plain.eot_token_id
    found.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(START, start), (END, end)]
    )
    found.enable_truncation(plain.context_length)
    found.enable_padding(pad_id=0, pad_token="!", length=plain.context_length)
    return found
