"""Texts of a converted encoder: the same tokens and rows as by torch, and without it."""

import dataclasses
import random

import numpy as np
import pytest
from open_clip.tokenizer import SimpleTokenizer

from engine.encoders import loading
from engine.encoders.checkpoint import save_appearance
from engine.encoders.encoder import encodes_texts
from engine.encoders.open_clip_encoder import load_encoder
from engine.encoders.runtime import convert_texts as converting
from engine.encoders.runtime.convert_texts import SAMPLES, convert_texts, tokenizer_of
from engine.encoders.runtime.onnx_encoder import OnnxEncoder
from engine.encoders.runtime.store import MODEL_FILE
from engine.encoders.runtime.texts import TEXT_FILE, TOKENS_FILE, tokenize
from engine.encoders.towers import PREPROCESS
from engine.settings import EngineSettings
from tests.engine.encoders.runtime.test_runtime import encode_without_torch, trained
from tests.engine.training.tiny import CONV, HEADS, clip_config, tiny_model

TEXTS = ["red dress", "Men's blue shirt", ""]
ODD = (
    "don't I'LL we've",
    "<start_of_text> hi <END_OF_TEXT>!",
    "ﬁne ǅ İstanbul ſ's",
    "a\u200bb  c\u00a0d\n",
    "12345 ½ ² ٣ ___ --- ...",
    "&amp;lt;b&amp;gt; Ã©tÃ©",
    "日本語テスト 👩\u200d👩",
)


@pytest.fixture(scope="module")
def used(tmp_path_factory) -> EngineSettings:
    """The settings of a home whose encoder, with texts, is converted."""
    folder, home = tmp_path_factory.mktemp("texts") / "model", tmp_path_factory.mktemp("home")
    model = tiny_model(CONV, config=dataclasses.replace(HEADS, text=True))
    save_appearance(folder, model, clip_config(CONV), PREPROCESS)
    name = f"local-dir:{folder}"
    settings = EngineSettings(home=home, encoder=name, runtime="auto", device="cpu", threads=1)
    loading.load(settings)
    return settings


def test_both_runtimes_give_texts_the_same_rows(used):
    fast, slow = loading.load(used), loading.load(used.model_copy(update={"runtime": "torch"}))
    assert isinstance(fast, OnnxEncoder) and encodes_texts(fast) is fast
    for texts in ([*TEXTS, *SAMPLES, *ODD] * 7, TEXTS[:1]):
        rows = fast.encode_texts(texts)
        assert rows.dtype == np.float32
        np.testing.assert_allclose(rows, slow.encode_texts(texts), atol=1e-5)
    assert fast.encode_texts([]).shape == (0, fast.layout.dim)


def test_both_tokenizers_give_the_same_tokens():
    draw = random.Random(0)
    ranges = [(32, 127), (160, 0x2FFF), (0x3000, 0xD7FF), (0x10000, 0x1FFFF)]
    strange = [
        "".join(chr(draw.randrange(*draw.choice(ranges))) for _ in range(draw.randrange(30)))
        for _ in range(300)
    ]
    plain = SimpleTokenizer(context_length=24)
    texts = [*SAMPLES, *ODD, *strange]
    np.testing.assert_array_equal(tokenize(tokenizer_of(plain), texts), plain(texts).numpy())


def test_a_process_embeds_texts_without_torch(used):
    encode_without_torch(used, "encode_texts(['red dress'])")


@pytest.mark.parametrize("file", [TEXT_FILE, TOKENS_FILE])
def test_texts_are_embedded_by_torch_where_a_file_is_damaged_or_missing(used, file):
    right = loading.load(used).encode_texts(TEXTS)
    (path,) = used.models_dir.rglob(file)
    whole = path.read_bytes()
    folder = path.parent
    for harmed in (whole[:-9] + b"123456789", None):
        path.unlink() if harmed is None else path.write_bytes(harmed)
        torch_ones = []

        def by_torch(torch_ones=torch_ones):
            torch_ones.append(1)
            return load_encoder(used.encoder, models_dir=used.models_dir, device="cpu")

        rows = OnnxEncoder("tiny", folder, 1, by_torch).encode_texts(TEXTS)
        assert torch_ones == [1]
        np.testing.assert_allclose(rows, right, atol=1e-5)
    path.write_bytes(whole)


def test_an_encoder_without_texts_or_with_another_tokenizer_is_converted_without_them(
    used, tmp_path, monkeypatch
):
    without = load_encoder(trained(tmp_path / "model"), models_dir=tmp_path, device="cpu")
    assert convert_texts(without, tmp_path) == {}
    with_texts = load_encoder(used.encoder, models_dir=tmp_path, device="cpu")
    plain = dict(with_texts.text_config)
    with_texts.text_config = plain | {"hf_tokenizer_name": "somebody/else"}
    assert convert_texts(with_texts, tmp_path) == {}
    with_texts.text_config = plain
    monkeypatch.setattr(converting, "tokenize", lambda _, texts: np.zeros((len(texts), 24)))
    assert convert_texts(with_texts, tmp_path) == {}
    assert not (tmp_path / TEXT_FILE).exists() and not (tmp_path / TOKENS_FILE).exists()
    assert list(used.models_dir.rglob(MODEL_FILE))
