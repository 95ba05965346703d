"""A whole run of `train_heads`, its files, and what it refuses."""

import csv
import tomllib
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.encoders.checkpoint import load_appearance, save_appearance
from engine.encoders.open_clip_encoder import load_encoder
from engine.encoders.towers import PREPROCESS
from engine.errors import NotEnoughData, RequestError, TrainingError
from engine.training.data.photo_bank import open_bank
from engine.training.heads.features import frozen_features
from engine.training.heads.run import RUN_FILE, train_heads
from tests.engine.training.heads.made import SMALL
from tests.engine.training.tiny import (
    COLOURS,
    CONV,
    KINDS,
    WORDS,
    clip_config,
    draw,
    draw_shop,
    tiny_encoder,
    tiny_model,
)

STEPS = {f"{name}_steps": 4 for name in ("identity", "design", "words", "colour", "text")}


def draw_designs(folder, designs: int = 18):
    """Products of three types, each design in three colours, named as shops name them."""
    folder.mkdir()
    with (folder / "catalogue.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["id", "title", "photos", "category", "colour"])
        for n in range(designs):
            kind = n % 3
            name = f"{WORDS[n]} {WORDS[-1 - n // 2]} plain long"
            for colour in COLOURS:
                draw(kind, colour, n // 3).save(folder / f"{n}-{colour}.png")
                title = f"{name} {colour} {KINDS[kind]}"
                rows.writerow([f"{n}-{colour}", title, f"{n}-{colour}.png", KINDS[kind], colour])
    return folder


@pytest.fixture
def shop(tmp_path):
    return draw_designs(tmp_path / "shop")


@pytest.fixture
def encoder(tmp_path):
    save_appearance(tmp_path / "start", tiny_model(CONV), clip_config(CONV), PREPROCESS)
    return f"local-dir:{tmp_path / 'start'}"


def config(encoder, **changes):
    return replace(SMALL, encoder=encoder, **{**STEPS, **changes})


def test_a_run_keeps_the_tower_and_writes_a_model_that_loads(tmp_path, shop, encoder):
    stages = []
    out = tmp_path / "out"
    result = train_heads(
        [shop],
        out,
        config(encoder),
        models_dir=tmp_path,
        on_progress=lambda stage, done, total: stages.append(stage),
    )
    assert result.photos > 30
    assert result.left_out == ("shape.street",)
    assert {"Decoding photos", "Computing features", "Training texts"} <= set(stages)
    before, after = (
        load_encoder(name, models_dir=tmp_path) for name in (encoder, f"local-dir:{out}")
    )
    assert after.layout.names == before.layout.names
    assert dict(after.layout.weights) == pytest.approx(SMALL.weights)
    assert dict(after.layout.photo_weights) == pytest.approx(SMALL.photo_weights)
    photos = [draw(0, "red"), draw(1, "blue")]
    rows = [encoder.encode(photos) for encoder in (before, after)]
    patterns = [
        encoder.layout.block(r, "pattern") for encoder, r in zip((before, after), rows, strict=True)
    ]
    cosines = [p / np.linalg.norm(p, axis=1, keepdims=True) for p in patterns]
    assert np.allclose(*cosines, atol=1e-4)
    texts = after.encode_texts(["red shirt", "blue skirts for women"])
    assert texts.shape == (2, after.layout.dim)
    assert np.allclose(np.linalg.norm(texts, axis=1), 1, atol=1e-5)
    assert tomllib.loads((out / RUN_FILE).read_text())["result"]["photos"] == result.photos


def test_rows_of_cached_features_are_those_of_the_saved_encoder(tmp_path, shop, encoder):
    out = tmp_path / "out"
    train_heads([shop], out, config(encoder, text_steps=0), models_dir=tmp_path)
    name = f"local-dir:{out}"
    model, saved = load_appearance(name, tmp_path), load_encoder(name, models_dir=tmp_path)
    bank = open_bank([shop], saved.image_size, tmp_path / "bank")
    features = frozen_features(model, bank, tmp_path / "bank", torch.device("cpu"))
    rows = saved.layout.compose(features.blocks(model.facets, np.arange(len(bank))))
    assert np.allclose(rows, saved.encode_pixels(bank.pixels.copy()), atol=2e-3)
    with pytest.raises(RequestError, match="no rows for texts"):
        saved.encode_texts(["red shirt"])


def test_a_second_run_takes_the_features_of_the_first_and_gives_the_same_model(
    tmp_path, shop, encoder
):
    out = tmp_path / "out"
    files = []
    for _ in range(2):
        train_heads([shop], out, config(encoder), models_dir=tmp_path)
        files.append((out / "facet_heads.safetensors").read_bytes())
    assert files[0] == files[1]
    assert len(list((out / "photos").glob("features-*-features.npy"))) == 1


def test_a_mixed_model_may_be_the_start_of_another_run(tmp_path, shop, encoder):
    train_heads([shop], tmp_path / "a", config(encoder), models_dir=tmp_path)
    again = config(f"local-dir:{tmp_path / 'a'}")
    train_heads([shop], tmp_path / "b", again, models_dir=tmp_path)
    model = load_encoder(f"local-dir:{tmp_path / 'b'}", models_dir=tmp_path)
    assert model.encode([draw(0, "red")]).shape == (1, model.layout.dim)


def test_street_photos_take_part_by_the_types_that_they_may_mean(tmp_path, shop, encoder):
    street = draw_shop(tmp_path / "street", products=12)
    out = tmp_path / "out"
    result = train_heads([shop], out, config(encoder), street=[street], models_dir=tmp_path)
    without = train_heads([shop], tmp_path / "w", config(encoder), models_dir=tmp_path)
    assert result.photos > without.photos
    assert result.evaluated == without.evaluated


def test_a_killed_run_continues_with_the_features_it_has(tmp_path, shop, encoder, monkeypatch):
    from engine.training.heads import features

    monkeypatch.setattr(features, "CHUNK", 8)
    monkeypatch.setattr(features, "SAVE_EVERY", 1)
    out = tmp_path / "out"

    def kill(stage, done, total):
        if stage == "Computing features" and done >= 24:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_heads([shop], out, config(encoder), models_dir=tmp_path, on_progress=kill)
    done = []
    train_heads(
        [shop],
        out,
        config(encoder),
        models_dir=tmp_path,
        on_progress=lambda stage, n, total: done.append(n) if "features" in stage else None,
    )
    assert done[0] > 24
    train_heads([shop], tmp_path / "whole", config(encoder), models_dir=tmp_path)
    files = [path / "facet_heads.safetensors" for path in (out, tmp_path / "whole")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_an_encoder_without_heads_is_refused_with_the_next_step(tmp_path, shop):
    bare = tiny_encoder(tmp_path / "bare", CONV)
    with pytest.raises(TrainingError, match="lookalike train --encoder"):
        train_heads([shop], tmp_path / "out", config(bare), models_dir=tmp_path)


def test_products_that_share_no_design_are_refused(tmp_path, encoder):
    shop = draw_shop(tmp_path / "single", photos=1)
    with pytest.raises(NotEnoughData, match="No design has two photos"):
        train_heads([shop], tmp_path / "out", config(encoder), models_dir=tmp_path)


def test_features_are_the_same_in_any_chunks():
    model = tiny_model(CONV)
    photos = torch.randn(3, 3, 32, 32)
    whole, single = model(photos)[0], [model(photos[at : at + 1])[0] for at in range(3)]
    for name, block in whole.items():
        assert torch.allclose(block, torch.cat([one[name] for one in single]), atol=1e-5)


def test_the_head_of_labels_may_have_a_share_of_a_plain_start_only(tmp_path, shop, encoder):
    shares = {"labels": 0.5, "identity": 0.5}
    first = config(encoder, shape_shares=shares, text_steps=0)
    train_heads([shop], tmp_path / "a", first, models_dir=tmp_path)
    model = load_appearance(f"local-dir:{tmp_path / 'a'}", tmp_path)
    start = load_appearance(encoder, tmp_path)
    parts = model.facets.heads["shape"].parts
    assert set(parts) == {"labels", "identity"}
    kept, expected = parts["labels"].state_dict(), start.facets.heads["shape"].state_dict()
    assert all(torch.equal(value, expected[key]) for key, value in kept.items())
    without = config(encoder, text_steps=0)
    train_heads([shop], tmp_path / "b", without, models_dir=tmp_path)
    again = config(f"local-dir:{tmp_path / 'b'}", shape_shares=shares)
    with pytest.raises(TrainingError, match="no part 'labels'"):
        train_heads([shop], tmp_path / "c", again, models_dir=tmp_path)


def test_a_part_without_steps_has_no_share(tmp_path, shop, encoder):
    none = config(encoder, design_steps=0, words_steps=0, colour_steps=0, text_steps=0)
    result = train_heads([shop], tmp_path / "a", none, models_dir=tmp_path)
    model = load_appearance(f"local-dir:{tmp_path / 'a'}", tmp_path)
    assert set(result.left_out) == {"shape.design", "shape.street", "shape.words", "colour"}
    assert dict(model.config.mixtures["shape"].shares) == {"identity": 1.0}
    assert "colour" not in model.config.mixtures
    nothing = replace(none, identity_steps=0)
    with pytest.raises(TrainingError, match="No part of the shape head"):
        train_heads([shop], tmp_path / "b", nothing, models_dir=tmp_path)
