"""Outputs of the frozen stages: equal to the whole tower's, cached once, resumable."""

import logging
import threading

import numpy as np
import pytest
import torch

from engine.encoders.facet_heads import AppearanceConfig
from engine.errors import TrainingError
from engine.training.data.cached_views import (
    CHUNK,
    CachedViews,
    SplitModel,
    StageOutput,
    cache_views,
)
from engine.training.data.photo_bank import PhotoBank, open_bank
from engine.training.reports.results import Callbacks
from engine.training.run import run_training
from tests.engine.training.tiny import (
    CONV,
    HEADS,
    VIT,
    draw_shop,
    tiny_config,
    tiny_encoder,
    tiny_model,
)
from tests.waiting import LONG, wait_until

CPU = torch.device("cpu")


def images(count: int = 3) -> torch.Tensor:
    return torch.randn(count, 3, 32, 32, generator=torch.Generator().manual_seed(4))


@pytest.mark.parametrize("stages", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("taps", [(0, 1, 2), (1, 3), (2,)])
def test_both_halves_together_are_the_model(stages, taps):
    heads = AppearanceConfig(HEADS.dims, HEADS.weights, taps, attention_maps=2, hidden=16)
    model = tiny_model(CONV, config=heads)
    split_model = SplitModel(model, stages)
    blocks, embedding = split_model.forward(split_model.run_frozen(images()))
    expected, expected_embedding = model(images())
    torch.testing.assert_close(embedding, expected_embedding)
    for name in expected:
        torch.testing.assert_close(blocks[name], expected[name])


def test_a_split_model_takes_photos_too():
    model = tiny_model(CONV)
    torch.testing.assert_close(SplitModel(model, 2).forward(images())[1], model(images())[1])


def test_a_slice_of_the_output_is_that_of_its_photos():
    split_model = SplitModel(tiny_model(CONV), 2)
    output = split_model.run_frozen(images(5))
    assert len(output) == 5
    part = split_model.forward(output[1:3])[1]
    torch.testing.assert_close(part, split_model.forward(output)[1][1:3], atol=1e-6, rtol=1e-5)


def test_other_towers_and_other_stages_are_refused():
    with pytest.raises(TrainingError, match="EfficientNet family"):
        SplitModel(tiny_model(VIT), 1)
    for stages in (0, 6):
        with pytest.raises(TrainingError, match=f"1 to 5 frozen stages, not {stages}"):
            SplitModel(tiny_model(CONV), stages)


def test_views_are_drawn_evenly_and_mirrored_half_the_time():
    maps = np.arange(2 * 3 * 1 * 2 * 2, dtype=np.float16).reshape(2, 3, 1, 2, 2)
    cached = CachedViews((maps, maps))
    generator = torch.Generator().manual_seed(0)
    rows, views, mirrored = cached.sample(np.full(4000, 1), generator, mirror=True)
    assert abs(views.mean() - 0.5) < 0.05 and abs(mirrored.mean() - 0.5) < 0.05
    output = cached.take(rows[:4], np.array([0, 1, 0, 1]), np.array([False, False, True, True]))
    expected = torch.from_numpy(maps[[0, 1, 0, 1], 1]).float()
    torch.testing.assert_close(output.last[:2], expected[:2])
    torch.testing.assert_close(output.last[2:], expected[2:].flip(-1))
    assert not cached.sample(np.zeros(50, dtype=int), generator, mirror=False)[2].any()


@pytest.fixture
def bank(tmp_path) -> PhotoBank:
    shop = draw_shop(tmp_path / "shop", products=CHUNK)  # two photos each: two chunks a view
    return open_bank([shop], 40, tmp_path / "photos")


def test_caching_views_resumes_where_it_was_killed(bank, tmp_path, monkeypatch):
    monkeypatch.setattr("engine.training.data.cached_views.SAVE_EVERY", 1)
    model, config = tiny_model(CONV), tiny_config(frozen_stages=2, kept_views=2)

    class Killed(Exception):
        pass

    def kill(done: int, total: int) -> None:
        assert total == 2 * len(bank)
        if done >= 3 * CHUNK:
            raise Killed

    whole = cache_views(model, bank, config, tmp_path / "a", CPU)
    with pytest.raises(Killed):
        cache_views(model, bank, config, tmp_path / "b", CPU, kill)
    progress: list[int] = []
    again = cache_views(
        model, bank, config, tmp_path / "b", CPU, lambda done, total: progress.append(done)
    )
    assert progress == [4 * CHUNK]
    for mine, theirs in zip(whole.arrays, again.arrays, strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert mine.any(axis=(2, 3, 4)).all()  # none is missing
    # Two views of a photo differ, and so do those of other frozen weights.
    assert not np.array_equal(whole.arrays[0][0], whole.arrays[0][1])
    cache_views(tiny_model(CONV, seed=1), bank, config, tmp_path / "b", CPU)
    assert len(list((tmp_path / "b").glob("views-*.json"))) == 2


def test_two_runs_that_cache_the_same_views_wait_for_one_another(bank, tmp_path, caplog):
    config = tiny_config(frozen_stages=2, kept_views=2)
    others: list[CachedViews] = []
    progress: list[int] = []

    def run_other() -> None:
        model = tiny_model(CONV)
        others.append(
            cache_views(model, bank, config, tmp_path, CPU, lambda done, _: progress.append(done))
        )

    other = threading.Thread(target=run_other)

    def begin_another(done: int, total: int) -> None:
        if not other.ident:
            other.start()
            wait_until(lambda: "Waiting for process" in caplog.text, "the other one does not wait")

    with caplog.at_level(logging.WARNING):
        mine = cache_views(tiny_model(CONV), bank, config, tmp_path, CPU, begin_another)
        other.join(LONG)
    assert "which caches the same views" in caplog.text and progress == []
    for one, same in zip(mine.arrays, others[0].arrays, strict=True):
        np.testing.assert_array_equal(one, same)


def test_a_run_with_cached_views_learns_and_leaves_the_frozen_stages_alone(tmp_path):
    shop = draw_shop(tmp_path / "shop")
    encoder = tiny_encoder(tmp_path / "start", CONV)
    config = tiny_config(
        encoder=encoder, steps=4, frozen_stages=2, kept_views=2, contrastive_steps=2, shares=(1.0,)
    )
    progress: list[int] = []

    def run(out: str):
        callbacks = Callbacks(on_cached=lambda done, total: progress.append(done))
        return run_training(
            [shop], tmp_path / out, config, models_dir=tmp_path, callbacks=callbacks
        )

    one, two = run("one"), run("two")
    assert progress[-1] == 2 * len(one.prepared.bank)
    np.testing.assert_array_equal(one.after.photos, two.after.photos)
    assert isinstance(one.prepared.data.cached_views.take(*sampled_views(one)), StageOutput)


def test_another_size_in_the_contrastive_stage_is_refused(tmp_path):
    shop = draw_shop(tmp_path / "shop")
    encoder = tiny_encoder(tmp_path / "start", CONV)
    config = tiny_config(encoder=encoder, frozen_stages=2, kept_views=2, contrastive_side=16)
    with pytest.raises(TrainingError, match="--contrastive-side"):
        run_training([shop], tmp_path / "out", config, models_dir=tmp_path)


def sampled_views(result):
    cached = result.prepared.data.cached_views
    return cached.sample(np.arange(3), torch.Generator().manual_seed(0), True)
