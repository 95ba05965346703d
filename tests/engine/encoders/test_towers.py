import json
import os
import stat
import subprocess
import sys
import textwrap
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import open_clip
import pytest
import timm
import torch
from PIL import Image

from engine.encoders import towers
from engine.encoders.towers import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    imagenet_folder,
    imagenet_weights,
    load_clip,
    load_folder,
    model_config,
    timm_name,
)
from engine.errors import CheckpointError, EncoderUnavailable
from engine.models import IMAGENETS
from tests.engine.training.tiny import CONV, VIT, clip_config, tiny_clip, tiny_encoder
from tests.waiting import LONG


@pytest.mark.parametrize("vision", [VIT, CONV], ids=["vit", "conv"])
def test_a_saved_folder_is_the_same_model(tmp_path, vision):
    name = tiny_encoder(tmp_path / "tiny", vision)
    loaded, original = load_clip(name, tmp_path), tiny_clip(vision)
    assert not loaded.training
    for key, value in original.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value), key
    assert model_config(name, tmp_path) == clip_config(vision)
    assert loaded.visual.preprocess_cfg["resize_mode"] == "longest"


@pytest.mark.parametrize("start", IMAGENETS)
def test_an_imagenet_start_is_timms_network_with_the_packaged_weights(tmp_path, start):
    clip = load_clip(start, tmp_path)
    assert clip.visual.image_size in (224, (224, 224))
    trunk = clip.visual.trunk.state_dict()
    weights = imagenet_weights(start)
    assert torch.equal(trunk["conv_stem.weight"], weights["conv_stem.weight"])
    reference = timm.create_model(timm_name(start), num_classes=0)
    reference.load_state_dict({k: v for k, v in weights.items() if not k.startswith("classifier")})
    photo = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(
            clip.encode_image(photo), reference.eval()(photo), atol=1e-4, rtol=1e-4
        )
    before = (imagenet_folder(start, tmp_path) / WEIGHTS_FILE).stat().st_mtime_ns
    imagenet_folder(start, tmp_path)
    assert (imagenet_folder(start, tmp_path) / WEIGHTS_FILE).stat().st_mtime_ns == before


def test_weights_that_do_not_fit_timm_are_refused(monkeypatch):
    other = timm.create_model("test_resnet")
    monkeypatch.setattr(timm, "create_model", lambda name: other)
    with pytest.raises(CheckpointError, match=r"install timm"):
        imagenet_weights("imagenet-lite0")


def test_the_saved_files_can_be_read_by_other_users(tmp_path):
    tiny_encoder(tmp_path / "tiny")
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        assert stat.S_IMODE((tmp_path / "tiny" / name).stat().st_mode) & 0o044 == 0o044


def test_an_unknown_name_lists_what_there_is(tmp_path):
    with pytest.raises(EncoderUnavailable, match=r"There is no encoder 'nonsense'.*imagenet-lite0"):
        load_clip("nonsense", tmp_path)
    with pytest.raises(EncoderUnavailable, match="NAME/PRETRAINED"):
        load_clip("nonsense/laion2b_e16", tmp_path)


@pytest.mark.parametrize("name", ["ViT-B-32", "ViT-B-32/"])
def test_an_architecture_without_weights_lists_its_tags(tmp_path, name):
    """It is refused, as its weights would be random."""
    with pytest.raises(EncoderUnavailable, match="Write ViT-B-32/TAG with one") as caught:
        load_clip(name, tmp_path)
    for tag in open_clip.list_pretrained_tags_by_model("ViT-B-32"):
        assert tag in str(caught.value)
    with pytest.raises(EncoderUnavailable, match=r"without pretrained weights.*local-dir:PATH"):
        load_clip("ViT-M-32", tmp_path)


def test_a_folder_that_is_no_model_says_what_is_missing(tmp_path):
    with pytest.raises(
        EncoderUnavailable, match=r"has no open_clip_config.json.*LOOKALIKE_ENCODER"
    ):
        load_clip(f"local-dir:{tmp_path}", tmp_path)


@pytest.mark.parametrize("harm", ["truncated", "missing", "other architecture", "config"])
def test_broken_folders_are_refused(tmp_path, harm):
    folder = tmp_path / "tiny"
    tiny_encoder(folder)
    weights = folder / WEIGHTS_FILE
    if harm == "truncated":
        weights.write_bytes(weights.read_bytes()[:-1000])
    elif harm == "missing":
        weights.unlink()
    elif harm == "config":
        (folder / CONFIG_FILE).write_text("{")
    else:
        wider = {"model_cfg": clip_config({**VIT, "width": 64}), "preprocess_cfg": {}}
        (folder / CONFIG_FILE).write_text(json.dumps(wider))
    with pytest.raises(CheckpointError, match=r"tiny cannot be loaded: .*copy both again") as error:
        load_folder(folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["hf-hub:shop/model", "ViT-B-32/openai"])
def test_an_unreachable_hub_names_the_choices_that_need_no_network(tmp_path, monkeypatch, name):
    def unreachable(*_, **__):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(open_clip, "create_model", unreachable)
    with pytest.raises(EncoderUnavailable) as error:
        load_clip(name, tmp_path)
    for part in (name, "no route to host", "LOOKALIKE_ENCODER=default", "imagenet-lite0"):
        assert part in str(error.value)
    assert "local-dir:PATH" in str(error.value)


def test_a_named_model_is_asked_for_with_its_weights(tmp_path, monkeypatch):
    calls = {}

    def create(name, **options):
        calls.update(options, name=name)
        return tiny_clip()

    monkeypatch.setattr(open_clip, "create_model", create)
    load_clip("ViT-B-16/laion2b_s34b_b88k", tmp_path)
    assert calls["name"] == "ViT-B-16" and calls["pretrained"] == "laion2b_s34b_b88k"
    assert calls["require_pretrained"]
    assert model_config("ViT-B-16/laion2b_s34b_b88k", tmp_path)["vision_cfg"]["patch_size"] == 16


@contextmanager
def hub(folder):
    """A hub on this machine that offers the files of a folder as shop/model."""

    class Files(BaseHTTPRequestHandler):
        def do_GET(self):
            prefix = "/shop/model/resolve/main/"
            path = folder / self.path.removeprefix(prefix).partition("?")[0]
            if not self.path.startswith(prefix) or not path.is_file():
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = path.read_bytes()
            self.send_response(200)
            self.send_header("ETag", f'"{len(body)}-{path.stat().st_mtime_ns}"')
            self.send_header("X-Repo-Commit", "0" * 40)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_model_is_fetched_from_a_hub_and_is_the_one_that_was_put_there(tmp_path):
    tiny_encoder(tmp_path / "tiny")
    Image.new("RGB", (20, 30), "red").save(tmp_path / "photo.png")
    programme = """
        import sys
        from pathlib import Path
        import torch
        from PIL import Image
        from engine.encoders.open_clip_encoder import load_encoder
        from engine.encoders.towers import load_clip, model_config

        tmp = Path(sys.argv[1])
        photo = [Image.open(tmp / "photo.png")]
        there = load_encoder("hf-hub:shop/model", models_dir=tmp, device="cpu", threads=1)
        here = load_encoder(f"local-dir:{tmp / 'tiny'}", models_dir=tmp, device="cpu", threads=1)
        assert (there.encode(photo) == here.encode(photo)).all()
        assert there.fingerprint == here.fingerprint
        assert model_config("hf-hub:shop/model", tmp)["embed_dim"] == 32
        try:
            load_clip("hf-hub:shop/other", tmp)
        except Exception as error:
            print(type(error).__name__, error)
    """
    with hub(tmp_path / "tiny") as address:
        environment = os.environ | {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "hf")}
        environment |= {
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            "PYTHONPATH": str(Path.cwd()),
        }
        environment.pop("HF_HUB_OFFLINE", None)
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(programme), str(tmp_path)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=LONG,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("EncoderUnavailable The encoder 'hf-hub:shop/other'")
    assert towers.OFFLINE_CHOICES in done.stdout
