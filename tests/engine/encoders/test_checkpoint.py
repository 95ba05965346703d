import json
import stat

import open_clip
import pytest
import torch
from safetensors.torch import load_file

from engine.encoders.appearance import AppearanceModel
from engine.encoders.checkpoint import FACETS_FILE, HEADS_FILE, load_appearance, save_appearance
from engine.encoders.towers import CONFIG_FILE, PREPROCESS, WEIGHTS_FILE, load_folder
from engine.errors import CheckpointError
from tests.engine.training.tiny import CONV, VIT, clip_config, tiny_encoder, tiny_model


@pytest.fixture(params=[VIT, CONV], ids=["vit", "conv"])
def saved(request, tmp_path):
    """A model and the folder that it was saved to."""
    model = tiny_model(request.param)
    save_appearance(tmp_path / "model", model, clip_config(request.param), PREPROCESS)
    return model, tmp_path / "model"


def photos() -> torch.Tensor:
    return torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def test_what_was_saved_is_loaded(saved, tmp_path):
    model, folder = saved
    loaded = load_appearance(f"local-dir:{folder}", tmp_path)
    assert isinstance(loaded, AppearanceModel) and not loaded.training
    assert loaded.config == model.config
    assert torch.equal(loaded.rows(photos()), model.rows(photos()))


def test_any_open_clip_programme_reads_the_folder(saved):
    model, folder = saved
    clip, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    clip.eval()
    assert torch.equal(clip.encode_image(photos()), model.clip.encode_image(photos()))
    assert preprocess.transforms


def test_half_weights_are_half_the_size_and_close(saved, tmp_path):
    model, folder = saved
    whole = (folder / WEIGHTS_FILE).stat().st_size
    vision = VIT if not hasattr(model.clip.visual, "trunk") else CONV
    save_appearance(folder, model, clip_config(vision), PREPROCESS, torch.float16)
    assert (folder / WEIGHTS_FILE).stat().st_size < 0.55 * whole
    half = load_appearance(f"local-dir:{folder}", tmp_path)
    assert next(half.parameters()).dtype == torch.float32
    rows, close = model.rows(photos()), half.rows(photos())
    assert (rows * close).sum(dim=1).min().item() > 0.9999
    assert not torch.equal(rows, close)


def test_a_folder_without_heads_is_a_bare_model(tmp_path):
    loaded = load_appearance(tiny_encoder(tmp_path / "bare"), tmp_path)
    assert not isinstance(loaded, AppearanceModel)


@pytest.mark.parametrize("harm", ["truncated", "missing", "of others", "facets"])
def test_broken_heads_are_refused(saved, tmp_path, harm):
    _, folder = saved
    heads, facets = folder / HEADS_FILE, folder / FACETS_FILE
    if harm == "truncated":
        heads.write_bytes(heads.read_bytes()[:100])
    elif harm == "missing":
        heads.unlink()
    elif harm == "of others":
        values = json.loads(facets.read_text())
        facets.write_text(json.dumps(values | {"hidden": 32}))
    else:
        facets.write_text("[]")
    with pytest.raises(CheckpointError, match="same training; copy both again"):
        load_appearance(f"local-dir:{folder}", tmp_path)


def test_a_save_that_fails_leaves_no_model_to_be_read(saved, monkeypatch):
    """Not even a mixture of an older model and a newer one."""
    model, folder = saved

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr("engine.encoders.towers.save_file", full)
    with pytest.raises(OSError, match="disk full"):
        save_appearance(folder, model, clip_config(), PREPROCESS)
    assert not (folder / CONFIG_FILE).exists()
    with pytest.raises(Exception, match="is not an open_clip model folder"):
        load_folder(folder)


def test_files_are_plain_tensors_that_others_may_read(saved):
    model, folder = saved
    assert set(load_file(folder / HEADS_FILE)) == set(model.facets.state_dict())
    for name in (HEADS_FILE, FACETS_FILE, WEIGHTS_FILE, CONFIG_FILE):
        assert stat.S_IMODE((folder / name).stat().st_mode) & 0o044 == 0o044
