"""Embedding by Ray: the rows of the local embedder, whatever happens to its workers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from catalog.settings import CatalogSettings
from engine.embedding.embedders import choose
from engine.embedding.embedders.choose import open_embedder
from engine.embedding.embedders.local import LocalEmbedder
from engine.errors import SettingsError
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder
from tests.waiting import LONG

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def found(tmp_path_factory, request) -> dict:
    """What `tests.engine.embedding.run_ray` found; one start of Ray serves all tests."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'lookalike[ray]'")
    soak = request.config.getoption("--soak")
    folder = tmp_path_factory.mktemp("ray")
    (folder / "photos").mkdir()
    for n in range(600 if soak else 60):
        colour = (n * 7 % 256, n // 36 * 10, 120)
        Image.new("RGB", (20 + n % 50, 30), colour).save(folder / "photos" / f"{n:03}.png")
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.engine.embedding.run_ray",
            str(folder),
            "10" if soak else "1",
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LONG,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads((folder / "found.json").read_text())


def test_rows_are_those_of_the_local_embedder_bit_for_bit(found):
    assert found["same"] and found["rows"] == found["photos"] - 2


def test_photos_that_cannot_be_read_are_reported_with_the_same_reasons(found):
    assert found["failures"] == found["expected_failures"]
    assert [name for name, _ in found["failures"]] == ["003.png", "gone.png"]


def test_a_killed_worker_costs_its_block_at_most(found):
    assert found["killed"] >= 1
    assert 0 <= found["encoded"] - found["rows"] <= 10 * found["killed"]


def test_errors_of_workers_are_those_of_the_engine(found):
    assert found["errors"]["other"].startswith("EncoderError: ")
    assert "Install the same version of Lookalike" in found["errors"]["other"]
    assert "EncoderError: The encoder 'fake' returned unusable" in found["errors"]["broken"]


def test_the_setting_chooses_the_embedder(tmp_path, monkeypatch):
    caps = CatalogSettings(home=tmp_path)
    local = open_embedder(FakeEncoder(), EngineSettings(home=tmp_path), caps)
    assert isinstance(local, LocalEmbedder)
    monkeypatch.setattr(choose, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"pip install 'lookalike\[ray\]'"):
        open_embedder(FakeEncoder(), EngineSettings(home=tmp_path, embedder="ray"), caps)
