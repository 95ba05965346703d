import builtins
import io
import logging
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from engine.encoders import loading
from engine.encoders.checkpoint import save_appearance
from engine.encoders.encoder import Encoder
from engine.encoders.open_clip_encoder import ClipEncoder, load_encoder
from engine.encoders.runtime import store
from engine.encoders.runtime.convert import convert, main, sample_photos
from engine.encoders.runtime.onnx_encoder import CHUNK, OnnxEncoder, usable_cores
from engine.encoders.runtime.store import MODEL_FILE, REFUSED_FILE, source_digest
from engine.encoders.towers import PREPROCESS
from engine.errors import CheckpointError, DeviceUnavailable, EncoderUnavailable
from engine.settings import EngineSettings
from tests.engine.training.tiny import CONV, RESNET, VIT, clip_config, draw, tiny_clip, tiny_model

CPU = torch.device("cpu")


def no_texts():
    raise AssertionError("no texts are asked for")


def photos(count: int, side: int = 32) -> np.ndarray:
    few = sample_photos(side)
    return np.concatenate([np.roll(few, n, axis=1) for n in range(-(-count // 4))])[:count]


def trained(folder: Path, seed: int = 0) -> str:
    save_appearance(folder, tiny_model(CONV, seed), clip_config(CONV), PREPROCESS)
    return f"local-dir:{folder}"


@pytest.fixture(scope="module")
def name(tmp_path_factory) -> str:
    return trained(tmp_path_factory.mktemp("trained") / "model")


@pytest.fixture(scope="module")
def used(name, tmp_path_factory) -> EngineSettings:
    """The settings of a home whose encoder is converted."""
    home = tmp_path_factory.mktemp("home")
    settings = EngineSettings(home=home, encoder=name, runtime="auto", device="cpu", threads=1)
    loading.load(settings)
    return settings


@pytest.mark.parametrize(
    "model",
    [
        lambda: tiny_model(CONV),
        lambda: tiny_model(VIT),
        lambda: tiny_clip(VIT),
        lambda: tiny_clip(CONV),
        lambda: tiny_clip(RESNET),
    ],
    ids=["convolutions", "ViT", "bare ViT", "bare convolutions", "bare ResNet"],
)
def test_both_runtimes_give_the_same_rows(tmp_path, model):
    slow = ClipEncoder("tiny", model(), CPU)
    convert(slow, tmp_path)
    fast = OnnxEncoder("tiny", tmp_path, 3, no_texts)
    assert isinstance(fast, Encoder)
    assert (fast.name, fast.fingerprint, fast.layout) == (slow.name, slow.fingerprint, slow.layout)
    assert fast.layout.photo_weights == slow.layout.photo_weights
    assert fast.image_size == slow.image_size
    for count in (1, 3, CHUNK, CHUNK + 1, 5 * CHUNK + 2):
        pixels = photos(count, slow.image_size)
        rows = fast.encode_pixels(pixels)
        assert rows.dtype == np.float32 and rows.shape == (count, slow.layout.dim)
        assert float((rows * slow.encode_pixels(pixels)).sum(axis=1).min()) > 0.9999
    images = [draw(0, "red"), draw(1, "blue").resize((60, 30)), draw(2, "green").convert("L")]
    np.testing.assert_allclose(fast.encode(images), slow.encode(images), atol=1e-4)
    assert fast.encode([]).shape == (0, slow.layout.dim)
    with pytest.raises(ValueError, match="expected uint8 pixels of shape"):
        fast.encode_pixels(pixels[:, 1:])


def encode_without_torch(settings: EngineSettings, call: str) -> None:
    """Encode something with the encoder of some settings in a process that may not import torch."""
    code = (
        "import sys; from PIL import Image\n"
        "from engine.encoders.loading import load; from engine.settings import EngineSettings\n"
        f"rows = load(EngineSettings()).{call}\n"
        "assert rows.shape == (1, 18), rows.shape\n"
        "heavy = {'torch', 'torchvision', 'open_clip', 'timm', 'onnx'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    given = {"HOME": settings.home, "ENCODER": settings.encoder, "RUNTIME": "auto", "DEVICE": "cpu"}
    environment = {f"LOOKALIKE_{key}": str(value) for key, value in given.items()}
    root = Path(__file__).parents[4]
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, cwd=root, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()


def test_a_process_loads_and_encodes_without_torch(used):
    encode_without_torch(used, "encode([Image.new('RGB', (30, 40), 'red')])")


def test_an_encoder_is_converted_once_and_again_when_its_weights_change(
    used, tmp_path, monkeypatch
):
    home = EngineSettings(home=tmp_path / "home", runtime="auto", device="cpu", threads=1)
    shutil.copytree(used.models_dir, home.models_dir)
    mine = trained(tmp_path / "mine")  # the weights that were converted already, in another folder
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("converted again"))
        first, same = loading.load(home, mine), loading.load(used)
    assert isinstance(first, OnnxEncoder) and isinstance(same, OnnxEncoder)
    assert first.fingerprint == same.fingerprint
    digest = source_digest(mine, home.models_dir)
    trained(tmp_path / "mine", seed=1)
    assert source_digest(mine, home.models_dir) != digest
    again = loading.load(home, mine)
    assert isinstance(again, OnnxEncoder) and again.fingerprint != first.fingerprint
    assert not list(home.models_dir.rglob("*.tmp"))


def test_a_log_beside_the_weights_is_no_new_encoder(tmp_path):
    mine = trained(tmp_path / "mine")
    before = source_digest(mine, tmp_path)
    (tmp_path / "mine" / "steps.csv").write_text("step\n1\n")
    (tmp_path / "mine" / "calibration.json").write_text("{}")
    assert source_digest(mine, tmp_path) == before


def run_here(command: list[str], **_: object) -> subprocess.CompletedProcess:
    """Convert in this process, which has torch already."""
    printed = io.StringIO()
    with redirect_stdout(printed), pytest.raises(SystemExit) as stop:
        main(*command[-3:])
    return subprocess.CompletedProcess(command, stop.value.code, printed.getvalue(), "")


def test_a_model_that_torch_cannot_load_fails_as_by_torch(tmp_path, monkeypatch):
    home = EngineSettings(home=tmp_path, runtime="auto", device="cpu")
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "run", run_here)
        with pytest.raises(EncoderUnavailable, match="nowhere is not an open_clip model folder"):
            loading.load(home, f"local-dir:{tmp_path / 'nowhere'}")
    trained(tmp_path / "broken")
    (tmp_path / "broken" / "facets.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"facet heads in .*broken cannot be loaded"):
        loading.load(home, f"local-dir:{tmp_path / 'broken'}")
    assert [path for path in home.models_dir.rglob("*") if path.is_dir()] == [
        home.models_dir / "onnx"
    ]


def test_what_cannot_be_converted_is_computed_by_torch_with_one_line(
    name, tmp_path, monkeypatch, caplog
):
    home = EngineSettings(home=tmp_path, encoder=name, runtime="auto", device="cpu", threads=1)
    monkeypatch.setattr(store, "START", "raise SystemExit('aten::new is not supported')")
    with caplog.at_level(logging.WARNING):
        encoder = loading.load(home)
    assert isinstance(encoder, ClipEncoder)
    (record,) = caplog.records
    assert "cannot: aten::new is not supported" in record.message
    assert "LOOKALIKE_RUNTIME=torch" in record.message
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("tried again"))
    assert isinstance(loading.load(home), ClipEncoder)
    (refused,) = home.models_dir.rglob(REFUSED_FILE)
    assert refused.parent.parent == home.models_dir / "onnx"


def test_other_rows_are_refused(tmp_path):
    encoder = ClipEncoder("tiny", tiny_model(CONV), CPU)
    other = ClipEncoder("tiny", tiny_model(CONV, seed=1), CPU)
    encoder.network = other.network
    encoder.encode_pixels = ClipEncoder("tiny", tiny_model(CONV), CPU).encode_pixels
    with pytest.raises(ValueError, match=r"rows differ from torch's: cosine"):
        convert(encoder, tmp_path)


def test_a_missing_package_a_damaged_file_and_a_full_disk_leave_torch(
    used, name, monkeypatch, caplog
):
    real = builtins.__import__

    def absent(module, *rest):
        if module == "engine.encoders.runtime.onnx_encoder":
            raise ModuleNotFoundError("No module named 'onnxruntime'")
        return real(module, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "__import__", absent)
        assert isinstance(loading.load(used), ClipEncoder)
    assert "pip install onnxruntime onnx" in caplog.messages[-1]

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store, "waiting_lock", full)
        assert isinstance(loading.load(used), ClipEncoder)
    assert "No space left on device" in caplog.messages[-1]

    (model,) = used.models_dir.rglob(MODEL_FILE)
    whole = model.read_bytes()
    model.write_bytes(whole[:1000])
    assert isinstance(loading.load(used), ClipEncoder)
    assert f"{model.parent} is damaged; delete it" in caplog.messages[-1]
    model.write_bytes(whole)
    assert isinstance(loading.load(used), OnnxEncoder)


def test_a_converted_encoder_that_was_changed_on_disk_computes_nothing(used, caplog):
    """A weight that a disk or a program changed would give wrong rows, published unnoticed."""
    assert isinstance(loading.load(used), OnnxEncoder)
    (model,) = used.models_dir.rglob(MODEL_FILE)
    whole = model.read_bytes()
    loaded = onnx.load(model)
    weights = max(loaded.graph.initializer, key=lambda one: len(one.raw_data))
    weights.raw_data = bytes(len(weights.raw_data))
    onnx.save(loaded, model)
    assert isinstance(loading.load(used), ClipEncoder)
    assert f"{model.parent} is damaged; delete it (the digest of" in caplog.messages[-1]
    model.write_bytes(whole)
    assert isinstance(loading.load(used), OnnxEncoder)


def test_torch_computes_where_it_is_asked_to_and_on_gpus(used, monkeypatch, tmp_path):
    assert isinstance(loading.load(used.model_copy(update={"runtime": "torch"})), ClipEncoder)
    automatic = used.model_copy(update={"device": "auto"})
    monkeypatch.setattr(loading, "GPU_FILES", ())
    assert isinstance(loading.load(automatic), OnnxEncoder)
    (tmp_path / "gpu").touch()
    monkeypatch.setattr(loading, "GPU_FILES", (str(tmp_path / "gpu"),))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert isinstance(loading.load(automatic), OnnxEncoder)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    for device in ("cuda", "cuda:3", "toaster"):
        with pytest.raises(DeviceUnavailable):
            loading.load(used.model_copy(update={"device": device}))


def test_cores_are_counted_on_any_system(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {2, 5, 7})
    assert usable_cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert usable_cores() == 6


def test_the_torch_encoder_computes_in_chunks(name, tmp_path):
    encoder = load_encoder(name, models_dir=tmp_path, device="cpu", threads=1)
    sizes = []
    encoder.network.register_forward_pre_hook(lambda _, given: sizes.append(len(given[0])))
    pixels = photos(20)
    rows = encoder.encode_pixels(pixels)
    assert sizes == [8, 8, 4]
    alone = np.concatenate([encoder.encode_pixels(pixels[n : n + 1]) for n in range(20)])
    np.testing.assert_allclose(rows, alone, atol=1e-5)
