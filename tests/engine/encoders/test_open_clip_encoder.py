import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from catalog.photos.preprocess import to_square
from engine.encoders.appearance import normalisation
from engine.encoders.checkpoint import save_appearance
from engine.encoders.encoder import Encoder
from engine.encoders.facets import check_rows
from engine.encoders.loading import HALF, load
from engine.encoders.open_clip_encoder import ClipEncoder, load_encoder, pick_device, to_input
from engine.encoders.towers import PREPROCESS
from engine.errors import CheckpointError, DeviceUnavailable
from engine.settings import EngineSettings
from tests.engine.training.tiny import (
    CONV,
    HEADS,
    SWIN,
    VIT,
    clip_config,
    draw,
    tiny_clip,
    tiny_encoder,
    tiny_model,
)

CPU = torch.device("cpu")


def some_photos() -> list[Image.Image]:
    return [draw(0, "red"), draw(1, "blue").resize((60, 30)), draw(2, "green").convert("L")]


def loaded(name: str, tmp_path) -> ClipEncoder:
    return load_encoder(name, models_dir=tmp_path, device="cpu", threads=1)


@pytest.fixture
def trained(tmp_path) -> str:
    save_appearance(tmp_path / "trained", tiny_model(CONV), clip_config(CONV), PREPROCESS)
    return f"local-dir:{tmp_path / 'trained'}"


def test_a_tower_that_refuses_the_side_in_its_config_is_one_line(tmp_path):
    """open_clip builds a Swin for 224 pixels, whatever its config says."""
    name = tiny_encoder(tmp_path / "swin", SWIN | {"image_size": 96})
    with pytest.raises(CheckpointError, match=r"SwinTransformer does not take photos of 96 pix"):
        loaded(name, tmp_path)


def test_a_trained_folder_gives_the_rows_of_the_model_that_was_saved(trained, tmp_path):
    encoder = loaded(trained, tmp_path)
    assert isinstance(encoder, Encoder)
    assert encoder.name == trained and encoder.image_size == 32
    assert encoder.layout.names == ("shape", "colour", "pattern")
    assert dict(encoder.layout.weights) == dict(HEADS.weights)
    rows = encoder.encode(some_photos())
    np.testing.assert_array_equal(
        rows, ClipEncoder("same", tiny_model(CONV), CPU).encode(some_photos())
    )
    assert rows.shape == (3, 18) and rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    for name, weight in encoder.layout.weights.items():
        lengths = np.linalg.norm(encoder.layout.block(rows, name), axis=1)
        np.testing.assert_allclose(lengths, weight**0.5, atol=1e-5)


@pytest.mark.parametrize("vision", [VIT, CONV], ids=["vit", "conv"])
def test_a_bare_model_gives_its_image_embedding_as_the_one_facet(tmp_path, vision):
    encoder = loaded(tiny_encoder(tmp_path / "bare", vision), tmp_path)
    assert encoder.layout.names == ("appearance",)
    squares = np.stack([to_square(photo, 32) for photo in some_photos()])
    with torch.inference_mode():
        images = torch.from_numpy(squares).permute(0, 3, 1, 2).float() / 127.5 - 1
        slow = F.normalize(tiny_clip(vision).encode_image(images), dim=-1).numpy()
    np.testing.assert_allclose(encoder.encode(some_photos()), slow, atol=1e-5)
    np.testing.assert_array_equal(encoder.encode_pixels(squares), encoder.encode(some_photos()))


def test_no_photos_give_no_rows(trained, tmp_path):
    assert loaded(trained, tmp_path).encode([]).shape == (0, 18)


@pytest.mark.parametrize(
    "pixels", [np.zeros((2, 32, 32, 3), np.float32), np.zeros((2, 16, 16, 3), np.uint8)]
)
def test_pixels_of_another_kind_are_refused(trained, tmp_path, pixels):
    with pytest.raises(ValueError, match=r"expected uint8 pixels of shape \(N, 32, 32, 3\)"):
        loaded(trained, tmp_path).encode_pixels(pixels)


def test_the_fingerprint_names_the_rows():
    def fingerprint_of(model) -> str:
        return ClipEncoder("x", model, CPU).fingerprint

    one = tiny_model()
    assert (
        fingerprint_of(one) == fingerprint_of(tiny_model()) == fingerprint_of(one)
    )  # moving a model changes nothing
    assert fingerprint_of(one) != fingerprint_of(tiny_model(seed=1))
    assert fingerprint_of(one) != fingerprint_of(tiny_clip())
    weighed = dataclasses.replace(HEADS, weights={"shape": 0.2, "colour": 0.6, "pattern": 0.2})
    other = tiny_model(config=weighed)
    other.load_state_dict(one.state_dict())
    assert fingerprint_of(other) != fingerprint_of(one)
    with torch.no_grad():
        one.clip.transformer.resblocks[0].mlp.c_fc.weight.add_(1)  # texts embed no photo
    assert fingerprint_of(one) == fingerprint_of(tiny_model())
    with torch.no_grad():
        one.facets.heads["colour"].shades[0].bias[0].add_(1e-2)
    assert fingerprint_of(one) != fingerprint_of(tiny_model())


@pytest.mark.parametrize("make", [lambda: tiny_model(CONV), lambda: tiny_model(), tiny_clip])
def test_a_tower_in_bfloat16_gives_unit_rows_near_the_others_of_another_fingerprint(make):
    single, half = ClipEncoder("x", make(), CPU), ClipEncoder("x", make(), CPU, half=True)
    rows = half.encode(some_photos())
    check_rows(rows, half.layout.dim)
    usual = single.encode(some_photos())
    assert (rows * usual).sum(axis=1).min() > 0.999
    assert not np.array_equal(rows, usual)
    assert half.fingerprint != single.fingerprint


def test_the_precision_is_a_setting_and_torch_computes_it(trained, tmp_path):
    settings = EngineSettings(
        home=tmp_path, encoder=trained, runtime="auto", device="cpu", threads=1, precision=HALF
    )
    encoder = load(settings)
    expected = ClipEncoder("x", tiny_model(CONV), CPU, half=True)
    assert encoder.fingerprint == expected.fingerprint
    np.testing.assert_allclose(
        encoder.encode(some_photos()), expected.encode(some_photos()), atol=1e-6
    )


def test_photos_are_normalised_as_the_tower_wants_them():
    clip = tiny_clip()
    clip.visual.preprocess_cfg = {"mean": (0.1, 0.2, 0.3), "std": (0.4, 0.5, 0.6)}
    mean, std = normalisation(clip, "cpu")
    pixels = torch.tensor([[[[0, 128, 255]]]], dtype=torch.uint8)
    seen = to_input(pixels, mean, std).flatten().tolist()
    assert seen == pytest.approx([-0.1 / 0.4, (128 / 255 - 0.2) / 0.5, (1 - 0.3) / 0.6])


def test_a_gpu_that_is_not_there_is_said_to_be_missing(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert pick_device("auto") == CPU
    assert pick_device("cpu") == CPU
    with pytest.raises(DeviceUnavailable, match=r"'cuda'.*finds 0 CUDA.*--device cpu"):
        pick_device("cuda")
    with pytest.raises(DeviceUnavailable, match="is not a device"):
        pick_device("gpu please")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert pick_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(DeviceUnavailable, match="'cuda:2'"):
        pick_device("cuda:2")
