"""Generations of random rows, built as a reindex builds them but without photos."""

from pathlib import Path

import numpy as np

from engine.encoders.facets import FacetLayout
from engine.index import update
from engine.index.build import GenerationInputs, build_generation
from engine.index.delta import Delta, DeltaManifest, next_number
from engine.index.generation import Generation, building, open_live
from engine.index.generation import publish as publish_generation
from engine.index.merged import open_merged
from engine.index.stores.annoy import ANNOY
from engine.index.stores.store import VectorStore
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder


def random_rows(layout: FacetLayout, count: int, seed: int = 0) -> np.ndarray:
    """Rows in clumps, as photos of products are."""
    random = np.random.default_rng(seed)
    clumps = random.normal(size=(max(1, count // 8), layout.dim))
    near = clumps[random.integers(len(clumps), size=count)]
    rows = near + 0.6 * random.normal(size=(count, layout.dim))
    return layout.compose({name: layout.block(rows, name) for name in layout.names})


def publish(
    home: Path,
    count: int = 50,
    seed: int = 0,
    of: tuple[list[str], np.ndarray] | None = None,
    store: VectorStore = ANNOY,
    **settings,
) -> Generation:
    """Publish a generation of products r0000, r0001, ..., or ``of`` ids and rows; and open it."""
    wanted = EngineSettings(home=home, trees=5, **settings)
    encoder = FakeEncoder()
    ids = [f"r{row:04}" for row in range(count)]
    rows = random_rows(encoder.layout, count, seed)
    if of is not None:
        ids, rows = of
    inputs = GenerationInputs(ids, rows, encoder, len(ids), 0, "watermark", "0" * 64)
    with building(wanted.index_dir) as folder:
        manifest, _ = build_generation(folder, inputs, wanted, store)
        publish_generation(folder, wanted.index_dir, manifest, store)
    return open_live(wanted.index_dir, store)


def publish_delta(
    home: Path,
    ids: list[str],
    rows: np.ndarray,
    gone: list[str] | None = None,
    store: VectorStore = ANNOY,
    **facts,
) -> Generation:
    """Publish a delta of the live generation, and open both."""
    index = EngineSettings(home=home).index_dir
    base = open_live(index, store)
    manifest = DeltaManifest(
        generation=base.name,
        number=next_number(index, base.name),
        created="2026-11-23T10:15:00+00:00",
        fingerprint=base.manifest.fingerprint,
        dim=base.manifest.dim,
        count=len(ids),
        photos=len(ids),
        failed=0,
        close={},
        catalogue="watermark",
        files={},
    ).model_copy(update=facts)
    row_digests = ("00" * 16,) * len(ids)
    delta = Delta(manifest, tuple(ids), row_digests, rows, tuple(sorted(gone or [])))
    update.publish(index, base, delta, store)
    return open_merged(index, store=store)
