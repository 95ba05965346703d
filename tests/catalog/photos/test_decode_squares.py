"""Photo files become squares, in order, by processes or without; each bad one has a reason."""

import os
import signal
from pathlib import Path

import pytest
from PIL import Image

from catalog.errors import DecoderDied
from catalog.photos.decode_pool import DecodePool
from catalog.photos.decode_squares import (
    MIN_FOR_WORKERS,
    PhotoFile,
    SquareLimits,
    decode_squares,
)
from catalog.photos.preprocess import to_square

SIDE = 32
LIMITS = SquareLimits(side=SIDE, max_pixels=10_000, max_bytes=100_000)


def draw(folder: Path, count: int) -> list[PhotoFile]:
    photos = []
    for number in range(count):
        path = folder / f"{number}.png"
        Image.new("RGB", (20 + number, 30), (number * 3 % 256, 80, 120)).save(path)
        photos.append(PhotoFile(path))
    return photos


@pytest.mark.parametrize("count", [0, 1, MIN_FOR_WORKERS - 1, MIN_FOR_WORKERS + 21])
def test_squares_come_in_order_whether_by_workers_or_not(tmp_path: Path, count: int):
    photos = draw(tmp_path, count)
    decoded = list(decode_squares(photos, LIMITS, processes=2))
    assert [item.photo for item in decoded] == photos
    for item in decoded:
        with Image.open(item.photo.path) as image:
            assert (item.pixels == to_square(image, SIDE)).all()


@pytest.mark.parametrize("least", [1, MIN_FOR_WORKERS])
def test_bad_photos_have_a_reason_and_stop_no_other(tmp_path: Path, monkeypatch, least: int):
    monkeypatch.setattr("catalog.photos.decode_squares.MIN_FOR_WORKERS", least)
    good, gone, changed, cut, huge, long, empty = draw(tmp_path, 7)
    gone.path.unlink()
    changed = PhotoFile(changed.path, "0" * 64)
    cut.path.write_bytes(cut.path.read_bytes()[:60])
    Image.new("RGB", (200, 200)).save(huge.path)
    long.path.write_bytes(bytes(LIMITS.max_bytes + 1))
    empty.path.write_bytes(b"")
    found = list(decode_squares([gone, changed, cut, huge, long, empty, good], LIMITS, 1))
    reasons = [item.reason for item in found]
    expected = [
        "not there",
        "changed",
        "cut off",
        "40,000|200 x 200",
        "100,001 bytes",
        "no bytes",
        "",
    ]
    for reason, part in zip(reasons, expected, strict=True):
        assert any(word in reason for word in part.split("|")), reasons
    assert [item.pixels is None for item in found] == [True] * 6 + [False]


def test_a_process_that_dies_is_no_photos_fault(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("catalog.photos.decode_squares.MIN_FOR_WORKERS", 1)
    photos = draw(tmp_path, 40)
    taken = DecodePool._take

    def killed(pool, kind):
        process = taken(pool, kind)
        os.kill(process._process.pid, signal.SIGKILL)
        process._process.wait()
        return process

    found = decode_squares(photos, LIMITS, processes=1)
    assert next(found).pixels is not None
    monkeypatch.setattr(DecodePool, "_take", killed)
    with pytest.raises(DecoderDied):
        list(found)


def test_the_processes_end_with_whoever_stops_early(tmp_path: Path, monkeypatch):
    pools = []
    made = DecodePool.__init__

    def noted(pool, *args):
        made(pool, *args)
        pools.append(pool)

    monkeypatch.setattr(DecodePool, "__init__", noted)
    found = decode_squares(draw(tmp_path, 60), LIMITS, processes=1)
    next(found)
    ((process, *_),) = [list(pool._all) for pool in pools]
    assert process._process.poll() is None
    found.close()
    assert process._process.poll() is not None
