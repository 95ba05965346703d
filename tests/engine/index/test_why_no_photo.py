"""A catalogue without photos says why, and which command helps; `status` names the same one."""

from types import SimpleNamespace

import pytest

from engine.errors import GenerationError
from engine.index.reindex import list_photos
from engine.operations.status import _first_step

NONE = {
    "products": 0,
    "photos": 0,
    "photos_waiting": 0,
    "photos_missing": 0,
    "photos_refused": 0,
    "photos_rejected": 0,
}


@pytest.mark.parametrize(
    ("counts", "words", "step"),
    [
        ({}, "Run `lookalike ingest SOURCE` first", "lookalike ingest SOURCE"),
        (
            {"photos_waiting": 40},
            "40 wait to be downloaded: run `lookalike fetch`",
            "lookalike fetch",
        ),
        (
            {"photos_missing": 40},
            "40 could not be downloaded: .*--failures",
            "lookalike fetch --again",
        ),
        (
            {"photos_missing": 40, "photos_refused": 40},
            "all 40 are not public addresses: add .* LOOKALIKE_FETCH_HOSTS",
            "add your own hosts to LOOKALIKE_FETCH_HOSTS, then lookalike fetch",
        ),
        (
            {"photos_missing": 40, "photos_refused": 39},
            "40 could not be downloaded: .*--failures",
            "lookalike fetch --again",
        ),
        ({"photos_rejected": 3}, "All 3 were rejected.*rejects file", "lookalike ingest SOURCE"),
        ({"other": 1}, "None of its 40 products has a photo.*--columns photos=COLUMN", None),
    ],
)
def test_the_reason_and_the_command(counts, words, step, monkeypatch):
    monkeypatch.setattr("engine.index.reindex.photo_hashes", lambda _: iter(()))
    counts = NONE | {"products": 40 if counts else 0} | counts
    catalogue = SimpleNamespace(watermark=lambda: "", db=None, counts=lambda: counts)
    with pytest.raises(GenerationError, match=words):
        list_photos(catalogue)
    if step is not None:
        assert _first_step(counts) == step
