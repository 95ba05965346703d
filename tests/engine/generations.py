"""Generations of random rows, built as a reindex builds them but without photos."""

from pathlib import Path

import numpy as np

from engine import artifacts
from engine.artifacts import Generation
from engine.building import Inputs, build_generation
from engine.facets import FacetLayout
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder


def random_rows(layout: FacetLayout, count: int, seed: int = 0) -> np.ndarray:
    """Rows in clumps, as photos of products are."""
    random = np.random.default_rng(seed)
    clumps = random.normal(size=(max(1, count // 8), layout.dim))
    near = clumps[random.integers(len(clumps), size=count)]
    rows = near + 0.6 * random.normal(size=(count, layout.dim))
    return layout.compose({name: layout.block(rows, name) for name in layout.names})


def publish(home: Path, count: int = 50, seed: int = 0, **settings) -> Generation:
    """Publish a generation of products r0000, r0001, ... and open it."""
    wanted = EngineSettings(home=home, trees=5, **settings)
    encoder = FakeEncoder()
    rows = random_rows(encoder.layout, count, seed)
    ids = [f"r{row:04}" for row in range(count)]
    inputs = Inputs(ids, rows, encoder, count, 0, "mark", "0" * 64)
    with artifacts.building(wanted.index_dir) as folder:
        manifest, _ = build_generation(folder, inputs, wanted)
        artifacts.publish(folder, wanted.index_dir, manifest)
    return artifacts.open_live(wanted.index_dir)
