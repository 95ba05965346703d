from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from catalog.errors import DecoderDied
from catalog.photos.decode_pool import DecodePool
from catalog.photos.decode_squares import MIN_FOR_WORKERS, PhotoFile, SquareLimits
from engine.embedding.caches.sqlite import SqliteCache
from engine.embedding.embed import EmbedProgress, distinct, fill_cache
from engine.embedding.embedders.local import LocalEmbedder
from engine.errors import DecodeError, EncoderError
from tests.engine.fake_encoder import SIDE, FakeEncoder
from tests.engine.shop import content_hash

LIMITS = SquareLimits(side=SIDE, max_pixels=10_000, max_bytes=100_000)


def embedder(encoder: FakeEncoder | None = None, **options: int) -> LocalEmbedder:
    return LocalEmbedder(encoder or FakeEncoder(), LIMITS, **options)


def draw(folder: Path, count: int) -> list[PhotoFile]:
    photos = []
    for number in range(count):
        path = folder / f"{number}.png"
        Image.new("RGB", (20 + number, 30), (number * 3 % 256, 80, 120)).save(path)
        photos.append(PhotoFile(path, content_hash(path)))
    return photos


def test_each_unusable_photo_says_why_and_stops_no_other(tmp_path: Path):
    good, gone, changed, cut, huge = draw(tmp_path, 5)
    gone.path.unlink()
    Image.new("RGB", (9, 9)).save(changed.path)
    cut.path.write_bytes(cut.path.read_bytes()[:60])
    cut = PhotoFile(cut.path, content_hash(cut.path))
    Image.new("RGB", (200, 200)).save(huge.path)
    huge = PhotoFile(huge.path, content_hash(huge.path))
    with SqliteCache(tmp_path / "v.db") as cache:
        failures = fill_cache([gone, changed, cut, huge, good], embedder(), cache)
        assert cache.get(FakeEncoder().fingerprint, [good.content_hash], 39).keys() == {
            good.content_hash
        }
        assert cache.count(FakeEncoder().fingerprint) == 1
    assert [Path(f.path) for f in failures] == [gone.path, changed.path, cut.path, huge.path]
    for failure, part in zip(failures, ["not there", "changed", "cut off", "pixels"], strict=True):
        assert part in failure.reason


def test_a_batch_is_cached_before_the_next_is_computed(tmp_path: Path):
    photos = draw(tmp_path, 10)

    class Stopping(FakeEncoder):
        def encode_pixels(self, pixels):
            if self.photos_encoded >= 8:
                raise KeyboardInterrupt
            return super().encode_pixels(pixels)

    seen: list[EmbedProgress] = []
    with SqliteCache(tmp_path / "v.db") as cache:
        with pytest.raises(KeyboardInterrupt):
            fill_cache(photos, embedder(Stopping(), batch_size=4), cache, seen.append)
        kept = cache.get(FakeEncoder().fingerprint, [p.content_hash for p in photos], 39)
    assert kept.keys() == {p.content_hash for p in photos[:8]}
    assert [now.done for now in seen] == [0, 4, 8]
    assert {now.total for now in seen} == {10}


@pytest.mark.parametrize(
    "spoil", [lambda r: r * 2, lambda r: r * np.nan, lambda r: r[:-1], lambda r: r[:, 1:]]
)
def test_rows_of_a_broken_encoder_are_not_kept(tmp_path: Path, spoil):
    class Broken(FakeEncoder):
        def encode_pixels(self, pixels):
            return spoil(super().encode_pixels(pixels)).astype(np.float32)

    with SqliteCache(tmp_path / "v.db") as cache:
        with pytest.raises(EncoderError, match="fake"):
            fill_cache(draw(tmp_path, 3), embedder(Broken()), cache)
        assert cache.count(FakeEncoder().fingerprint) == 0


def test_a_content_is_embedded_once():
    a, b, again = PhotoFile(Path("a"), "1"), PhotoFile(Path("b"), "2"), PhotoFile(Path("c"), "1")
    assert distinct([a, b, again]) == [a, b]


def test_a_decoder_that_dies_ends_the_embedding_with_what_to_do(tmp_path: Path, monkeypatch):
    def dies(*_):
        raise DecoderDied("A process that decodes photos died.")

    monkeypatch.setattr(DecodePool, "run", dies)
    photos = draw(tmp_path, MIN_FOR_WORKERS)
    with (
        SqliteCache(tmp_path / "v.db") as cache,
        pytest.raises(DecodeError, match="with fewer --workers"),
    ):
        fill_cache(photos, embedder(workers=1), cache)
