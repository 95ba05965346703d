"""A script without an ``if __name__ == "__main__":`` guard may embed with worker processes."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.engine.shop import draw_photo

ROOT = Path(__file__).parents[3]
SCRIPT = """
from pathlib import Path

from catalog.photos.decode_squares import MIN_FOR_WORKERS, PhotoFile
from catalog.settings import CatalogSettings
from engine.embedding.caches.sqlite import SqliteCache
from engine.embedding.embed import fill_cache
from engine.embedding.embedders.local import LocalEmbedder, square_limits
from tests.engine.fake_encoder import SIDE, FakeEncoder

print("started")
folder = Path({folder!r})
photo = folder / "photo.jpg"
photos = [PhotoFile(photo, "")] * MIN_FOR_WORKERS
with SqliteCache(folder / "cache.db") as cache:
    limits = square_limits(SIDE, CatalogSettings(home=folder))
    assert fill_cache(photos, LocalEmbedder(FakeEncoder(), limits, workers=2), cache) == []
"""


def test_it_runs_once_and_embeds(tmp_path):
    draw_photo(np.random.default_rng(0), (200, 30, 30)).save(tmp_path / "photo.jpg")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(folder=str(tmp_path)))
    # A script's own folder is on its path, the tests' is not.
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, env=environment
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "started\n", "")
