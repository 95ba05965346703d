import dataclasses
import json
import shutil

import numpy as np
import open_clip
import pytest
import torch

from catalog.errors import SourceError
from engine.encoders.checkpoint import load_appearance
from engine.encoders.facet_heads import AppearanceConfig
from engine.encoders.open_clip_encoder import load_encoder
from engine.encoders.towers import CONFIG_FILE, WEIGHTS_FILE
from engine.errors import (
    CheckpointError,
    DeviceUnavailable,
    Diverged,
    EngineError,
    NotEnoughData,
    TrainingError,
)
from engine.training.data.config import TrainConfig
from engine.training.data.photo_bank import open_bank
from engine.training.data.preparation import bank_side, validation_mask
from engine.training.loop.evaluation import EvaluationEmbeddings, EvaluationSet, embed_pixels
from engine.training.losses.triplet import MARGIN
from engine.training.reports.html import write_report
from engine.training.reports.results import Callbacks
from engine.training.run import epochs_to_steps, run_training
from tests.engine.training.tiny import draw, draw_shop, tiny_config


def training(sources, out, config, **options):
    options = {"models_dir": out.parent, "device": "cpu"} | options
    return run_training(sources, out, config, **options)


@pytest.fixture(scope="module")
def result(tiny_shop, encoders, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "model"
    config = tiny_config(encoder=encoders["conv"], steps=30, tower_lr=1e-3, heads_lr=3e-3, ema=0.8)
    config = config.with_changes(text_weight=0.0, warmup=4)
    return training([tiny_shop], out, config)


def named(evaluation, name):
    return next(one for one in evaluation.results if one.name == name)


def test_held_out_products_are_evaluated_before_and_after(result):
    evaluation_set = result.evaluation_set
    assert evaluation_set.held_out and 0 < len(evaluation_set.products) < 26
    assert len(evaluation_set.photos) == 2 * len(evaluation_set.products)
    assert (
        evaluation_set.owners.tolist()
        == np.repeat(np.arange(len(evaluation_set.products)), 2).tolist()
    )
    assert [one.name for one in result.evaluation.results] == [
        "trained",
        "initial",
        "colour histogram",
        "random order",
    ]
    assert result.evaluation.products == len(evaluation_set.products)
    trained = named(result.evaluation, "trained")
    assert trained.same_product.seeds == len(evaluation_set.photos)
    for rows in (result.before, result.after):
        np.testing.assert_allclose(np.linalg.norm(rows.products, axis=1), 1, atol=1e-5)
        assert len(rows.photos) == len(evaluation_set.photos)
    assert result.weights == dict(result.after.layout.weights)


def test_the_folder_is_an_encoder_with_the_evaluated_embeddings(result, tmp_path):
    name = f"local-dir:{result.folder}"
    loaded = load_appearance(name, tmp_path)
    blocks = embed_pixels(
        loaded,
        result.evaluation_set.bank,
        result.evaluation_set.photos,
        result.config.side,
        torch.device("cpu"),
    )
    rows = EvaluationEmbeddings.of(result.evaluation_set, blocks, loaded.config.layout())
    np.testing.assert_allclose(rows.photos, result.after.photos, atol=1e-6)
    encoder = load_encoder(name, models_dir=tmp_path, device="cpu", threads=1)
    assert encoder.image_size == 32
    assert dict(encoder.layout.weights) == result.weights
    assert encoder.encode([draw(0, "red")]).shape == (1, encoder.layout.dim)
    clip = open_clip.create_model(f"local-dir:{result.folder}").eval()
    photo = torch.zeros(1, 3, 32, 32)
    assert torch.equal(clip.encode_image(photo), loaded.clip.encode_image(photo))


def test_the_log_has_a_row_a_step(result):
    lines = (result.folder / "steps.csv").read_text().splitlines()
    assert len(lines) == 31 and lines[0].startswith("step,loss,")


def test_a_finished_run_is_evaluated_again_without_training(result, tiny_shop):
    steps = []
    again = training(
        [tiny_shop], result.folder, result.config, callbacks=Callbacks(on_step=steps.append)
    )
    assert steps == []
    np.testing.assert_array_equal(again.after.photos, result.after.photos)


def test_half_weights_rank_as_whole_ones(result, tiny_shop, tmp_path):
    out = shutil.copytree(result.folder, tmp_path / "half")
    half = training([tiny_shop], out, result.config, half_weights=True)
    whole = (result.folder / WEIGHTS_FILE).stat().st_size
    assert (out / WEIGHTS_FILE).stat().st_size < 0.6 * whole
    loaded = load_appearance(f"local-dir:{half.folder}", tmp_path)
    blocks = embed_pixels(
        loaded, half.evaluation_set.bank, half.evaluation_set.photos, 32, torch.device("cpu")
    )
    rows = EvaluationEmbeddings.of(half.evaluation_set, blocks, loaded.config.layout()).photos
    assert float((rows * result.after.photos).sum(axis=1).min()) > 0.999


def test_an_encoder_may_be_used_at_another_side_than_it_was_trained_at(
    tiny_shop, encoders, tmp_path
):
    config = tiny_config(encoder=encoders["conv"], steps=2, use_side=40)
    out = tmp_path / "out"
    trained = training([tiny_shop], out, config)
    encoder = load_encoder(f"local-dir:{out}", models_dir=tmp_path, device="cpu", threads=1)
    assert encoder.image_size == 40
    squares = trained.evaluation_set.bank.pixels[
        trained.evaluation_set.photos
    ]  # photos are stored at 40 pixels too
    assert squares.shape[1] == 40
    assert "32 × 32, in use 40 × 40" in write_report(trained).read_text()
    np.testing.assert_allclose(encoder.encode_pixels(squares), trained.after.photos, atol=1e-5)
    vit = training([tiny_shop], tmp_path / "vit", config.with_changes(encoder=encoders["vit"]))
    written = json.loads((vit.folder / CONFIG_FILE).read_text())
    assert written["model_cfg"]["vision_cfg"]["image_size"] == 32


def test_facet_weights_may_be_given(result, tiny_shop, tmp_path):
    out = shutil.copytree(result.folder, tmp_path / "weighed")
    weighed = training([tiny_shop], out, result.config, facets={"shape": 3, "colour": 1.5})
    given = {"shape": 3 / 4.6, "colour": 1.5 / 4.6, "pattern": 0.1 / 4.6}  # the start's 0.1
    assert weighed.weights == pytest.approx(given)
    assert load_appearance(f"local-dir:{out}", tmp_path).config.weights == weighed.weights
    weights = "shape 0.652, colour 0.326, pattern 0.0217"
    page = write_report(weighed).read_text()
    assert weights in page and "(given)" in page
    page = write_report(result).read_text()
    assert ", in use 32" not in page and "(given)" not in page
    # Seven products judge nothing: the start's weights stay.
    assert (
        dict(result.weights)
        == dict(load_appearance(f"local-dir:{result.folder}", tmp_path).config.weights)
        == AppearanceConfig().weights
    )
    assert "kept from the start: judged by fewer than 200 products (shape by " in page


@pytest.mark.parametrize(
    ("facets", "message"),
    [({"size": 1.0}, r"no facet 'size'"), ({"pattern": 0.0}, "must be above 0.*--facet")],
)
def test_invalid_weights_are_refused_before_anything_else(
    tiny_shop, encoders, tmp_path, facets, message
):
    config = tiny_config(encoder=encoders["conv"])
    with pytest.raises(EngineError, match=message):
        training([tiny_shop], tmp_path / "out", config, facets=facets)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_photos_without_attributes_teaches_which_are_one_product(encoders, tmp_path):
    shop = draw_shop(tmp_path / "shop", products=20, photos=2, attributes=False)
    config = tiny_config(encoder=encoders["conv"], steps=4)
    result = training([shop], tmp_path / "out", config)
    # The colour that a photo shows is a label too.
    assert {term.name for term in result.prepared.terms} == {"colour", "product"}
    assert named(result.evaluation, "initial").same_product.seeds == len(
        result.evaluation_set.photos
    )


def test_photos_in_a_plain_folder_train(encoders, tmp_path):
    (tmp_path / "photos").mkdir()
    for n in range(12):
        draw(n % 3, ("red", "blue")[n % 2], n % 5).save(tmp_path / "photos" / f"{chr(97 + n)}.png")
    config = tiny_config(encoder=encoders["vit"], steps=2)
    assert training([tmp_path / "photos"], tmp_path / "out", config).folder.is_dir()


def test_a_run_may_be_evaluated_on_another_source(encoders, tmp_path):
    shop = draw_shop(tmp_path / "shop", products=8)
    other = draw_shop(tmp_path / "other", products=5)
    config = tiny_config(encoder=encoders["conv"], steps=1)
    result = training([shop], tmp_path / "out", config, evaluate_on=[other])
    assert not result.evaluation_set.held_out
    assert len(result.evaluation_set.products) == result.evaluation.products == 5
    assert len(result.prepared.bank.records) == 8


@pytest.mark.parametrize(("first", "held_out"), [(1, 0), (0, 1)])
def test_a_shop_of_which_next_to_nothing_is_held_out_still_trains(
    encoders, tmp_path, first, held_out
):
    shop = draw_shop(tmp_path / "shop", products=3, first=first)
    config = tiny_config(encoder=encoders["conv"], steps=1)
    result = training([shop], tmp_path / "out", config)
    assert result.evaluation.products == held_out
    assert write_report(result).exists()
    assert sum(result.weights.values()) == pytest.approx(1)
    assert (result.folder / CONFIG_FILE).exists()


def test_training_from_a_trained_model_compares_with_its_facets(result, tiny_shop, tmp_path):
    config = tiny_config(encoder=f"local-dir:{result.folder}", steps=1, heads_lr=0.0, tower_lr=0.0)
    again = training([tiny_shop], tmp_path / "again", config)
    assert again.before.layout is not None
    np.testing.assert_allclose(again.before.photos, result.after.photos, atol=1e-6)


@pytest.mark.parametrize("setting", ["heads_lr", "tower_lr"])
def test_a_loss_that_is_not_finite_leaves_no_model(tiny_shop, encoders, tmp_path, setting):
    config = tiny_config(encoder=encoders["conv"], warmup=0, clip_norm=1e30, **{setting: 1e30})
    with pytest.raises(Diverged, match="--tower-lr"):
        training([tiny_shop], tmp_path / "out", config)
    assert not (tmp_path / "out" / CONFIG_FILE).exists()
    assert not list((tmp_path / "out").glob("*.safetensors"))


def test_a_failed_run_leaves_an_earlier_model_whole(tiny_shop, encoders, tmp_path):
    out = tmp_path / "out"
    config = tiny_config(encoder=encoders["conv"], steps=1)
    first = training([tiny_shop], out, config)
    (out / "state.pt").unlink()
    wild = config.with_changes(warmup=0, clip_norm=1e30, heads_lr=1e30, steps=4)
    with pytest.raises(Diverged):
        training([tiny_shop], out, wild)
    loaded = load_appearance(f"local-dir:{out}", tmp_path)
    blocks = embed_pixels(
        loaded, first.evaluation_set.bank, first.evaluation_set.photos, 32, torch.device("cpu")
    )
    rows = EvaluationEmbeddings.of(first.evaluation_set, blocks, loaded.config.layout())
    np.testing.assert_allclose(rows.photos, first.after.photos, atol=1e-6)


def test_a_run_of_no_steps_saves_the_start_with_its_report(tiny_shop, encoders, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "steps.csv").write_text("step,loss\n1,0.5\n")  # of an earlier run
    result = training([tiny_shop], out, tiny_config(encoder=encoders["conv"], steps=0))
    assert (out / CONFIG_FILE).exists() and not (out / "state.pt").exists()
    page = write_report(result).read_text()
    assert "<dd>none</dd>" in page and "<h2>Charts</h2>" not in page


def test_another_side_in_the_contrastive_stage_must_suit_the_tower(tiny_shop, encoders, tmp_path):
    config = tiny_config(encoder=encoders["vit"], contrastive_steps=1, contrastive_side=48)
    with pytest.raises(TrainingError, match=r"of 48 pixels: .* Leave --contrastive-side out"):
        training([tiny_shop], tmp_path / "out", config)
    assert not (tmp_path / "out").exists()


def test_data_without_a_triplet_is_refused(encoders, tmp_path):
    shop = draw_shop(tmp_path / "shop", products=1)
    with pytest.raises(NotEnoughData, match=r"1 products leave .*two products at least.*--data"):
        training([shop], tmp_path / "out", tiny_config(encoder=encoders["conv"]))
    with pytest.raises(SourceError, match="nowhere"):
        training([tmp_path / "nowhere"], tmp_path / "out", tiny_config(encoder=encoders["conv"]))


def test_one_type_and_colour_only_still_tells_products_apart(encoders, tmp_path):
    shop = draw_shop(tmp_path / "shop", products=8)
    text = (shop / "catalogue.csv").read_text()
    for word in ("Skirts", "Belts"):
        text = text.replace(word, "Shirts")
    for word in ("blue", "green"):
        text = text.replace(f",{word}", ",red")
    (shop / "catalogue.csv").write_text(text)
    result = training([shop], tmp_path / "out", tiny_config(encoder=encoders["conv"], steps=1))
    assert [term.name for term in result.prepared.terms] == ["product"]


def test_the_checkpoint_of_another_encoder_is_refused(tiny_shop, encoders, tmp_path):
    out = tmp_path / "out"
    training([tiny_shop], out, tiny_config(encoder=encoders["conv"], steps=1))
    before = json.loads((out / CONFIG_FILE).read_text())
    with pytest.raises(CheckpointError, match=r"other settings \(encoder\)"):
        training([tiny_shop], out, tiny_config(encoder=encoders["vit"], steps=1))
    assert json.loads((out / CONFIG_FILE).read_text()) == before


def test_a_missing_gpu_is_an_error(tiny_shop, encoders, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(DeviceUnavailable, match="--device"):
        training(
            [tiny_shop], tmp_path / "out", tiny_config(encoder=encoders["conv"]), device="cuda"
        )
    assert not (tmp_path / "out").exists()


def test_epochs_become_steps(tiny_shop, tmp_path):
    bank = open_bank([tiny_shop], 16, tmp_path)
    train = int((~validation_mask(bank, "v1")[bank.product]).sum())
    config = tiny_config(steps=99, contrastive_steps=5)  # 8 photos a batch
    assert epochs_to_steps(config, bank, None, None) == config
    changed = epochs_to_steps(config, bank, 2.0, 0.01)
    assert changed.steps == -(-2 * train // 8)
    assert changed.contrastive_steps == 1


def test_training_and_evaluation_hold_out_the_same_products(tmp_path):
    """Although training puts the source's name before the ids."""
    from engine.evaluation.data import from_sources

    (tmp_path / "numbers").mkdir()
    for n in range(40):
        draw(0, "red").save(tmp_path / "numbers" / f"{n}.png")  # a title without words
    bank = open_bank([tmp_path / "numbers"], 16, tmp_path / "cache")
    mine = {
        record.product_id.partition("/")[2]
        for record, kept in zip(bank.records, validation_mask(bank, "v1"), strict=True)
        if kept
    }
    theirs = {p.product_id for p in from_sources([tmp_path / "numbers"]).held_out("v1").products}
    assert mine == theirs != set()


def test_photos_are_kept_a_little_larger_than_their_views():
    assert [bank_side(side) for side in (32, 112, 224)] == [40, 128, 256]


def test_pooling_averages_each_products_photos(result):
    evaluation_set = result.evaluation_set
    rows = np.arange(len(evaluation_set.photos), dtype=np.float32)[:, None] * [1, 0] + [0, 1]
    pooled = evaluation_set.pool(rows, None)
    for n in range(len(evaluation_set.products)):
        slow = rows[evaluation_set.owners == n].sum(axis=0)
        np.testing.assert_allclose(pooled[n], slow / np.linalg.norm(slow), atol=1e-6)
    none = dataclasses.replace(
        evaluation_set, products=evaluation_set.products[:0], photos=evaluation_set.photos[:0]
    )
    assert isinstance(none, EvaluationSet) and none.pool(rows[:0], None).shape == (0, 2)


def test_the_defaults_margin_is_the_losss():
    assert TrainConfig().margin == MARGIN
