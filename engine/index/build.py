"""Builds the files of a generation, and measures the index's recall against exact search."""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from engine.arrays import Float32, UInt8
from engine.calibration.calibration import FILE as CALIBRATION
from engine.calibration.calibration import Calibration
from engine.encoders.encoder import Encoder
from engine.encoders.facets import FacetLayout, check_rows
from engine.index.generation import IDS, LONG_IDS
from engine.index.manifest import FileFacts, Manifest
from engine.index.row_digests import FILE as ROW_DIGESTS
from engine.index.row_digests import save_row_digests
from engine.index.stacked_rows import Matrix
from engine.index.stores.annoy import ANNOY, SEED
from engine.index.stores.recall import SAMPLE, sample_rows
from engine.index.stores.store import VectorStore
from engine.index.stores.tuning import tune
from engine.product_ids import ProductIds
from engine.settings import EngineSettings

CLOSE_SHARE = 0.01  # share of random pairs that are "close" in a facet
CLOSE_SAMPLE = 1_500  # products whose pairs are compared


@dataclass(frozen=True)
class GenerationInputs:
    """What a generation is built from.

    Attributes:
        ids: the N products, ascending.
        vectors: ``(N, D)`` unit rows; if they are mapped from the folder's own file, they are not
            written again.
        encoder: computed the rows.
        photos, failed: the number of embedded photos, and of those that could not be read.
        watermark: of the catalogue, before its photos were listed.
        photos_digest: SHA-256 of all products and their photos; see `PhotoListing`.
        calibration: of the encoder, if there is one.
        row_digests: ``(N, 16)``, see `engine.index.row_digests`; without them, no delta can follow.
    """

    ids: list[str]
    vectors: Float32
    encoder: Encoder
    photos: int
    failed: int
    watermark: str
    photos_digest: str
    calibration: Calibration | None = None
    row_digests: UInt8 | None = None


def build_generation(
    folder: Path, inputs: GenerationInputs, settings: EngineSettings, store: VectorStore = ANNOY
) -> tuple[Manifest, list[str]]:
    """Write the data files of a generation into a folder, and its rows to a store.

    Returns:
        Its manifest, which is not written yet, and notes for the report.

    Raises:
        GenerationError: the required recall cannot be reached.
    """
    layout = inputs.encoder.layout
    check_rows(inputs.vectors, layout.dim)
    names = [IDS]
    if not ProductIds.save(folder / IDS, inputs.ids):
        names = [LONG_IDS]
        text = json.dumps(inputs.ids, ensure_ascii=False)
        (folder / LONG_IDS).write_text(text, encoding="utf-8")
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    built = store.build(name, folder, inputs.vectors, layout, settings)
    names += built.files
    if inputs.calibration is not None:
        inputs.calibration.save(folder / CALIBRATION)
        names.append(CALIBRATION)
    if inputs.row_digests is not None:
        save_row_digests(folder / ROW_DIGESTS, inputs.row_digests)
        names.append(ROW_DIGESTS)
    measured, notes = tune(built, inputs.vectors, layout, settings)
    manifest = Manifest(
        name=name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        metric=store.metric,
        dim=layout.dim,
        count=len(inputs.ids),
        photos=inputs.photos,
        failed=inputs.failed,
        facets=dict(layout.slices),
        weights=dict(layout.weights),
        photo_weights=dict(layout.photo_weights),
        close=close_levels(inputs.vectors, layout),
        encoder=inputs.encoder.name,
        fingerprint=inputs.encoder.fingerprint,
        trees=settings.trees,
        trees_found=built.trees,
        search_k=measured.search_k,
        asked_search_k=settings.search_k,
        seed=SEED,
        recall_at_10=measured.recall,
        recall_sample=min(SAMPLE, len(inputs.ids)),
        catalogue=inputs.watermark,
        photos_digest=inputs.photos_digest,
        files={name: FileFacts.of(folder / name) for name in names},
        store=store.name,
        search_k_by_facet=measured.search_k_by_facet,
        recall_by_facet=measured.recall_by_facet,
        search_k_by_own=measured.search_k_by_own,
    )
    return manifest, notes


def close_levels(vectors: Matrix, layout: FacetLayout) -> dict[str, float]:
    """Facet -> the cosine that a share `CLOSE_SHARE` of random pairs exceeds.

    Cosines of different facets and encoders are not comparable; these thresholds give "close" the
    same meaning in each.
    """
    chosen = sample_rows(len(vectors), SEED, CLOSE_SAMPLE)
    if len(chosen) < 2:
        return dict.fromkeys(layout.names, 1.0)
    pairs = np.triu_indices(len(chosen), k=1)
    levels = {}
    for name in layout.names:
        block = layout.block(vectors[chosen], name)
        cosines = (block @ block.T)[pairs] / layout.weights[name]
        levels[name] = float(np.quantile(cosines, 1 - CLOSE_SHARE))
    return levels
