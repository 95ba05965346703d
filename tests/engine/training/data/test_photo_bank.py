import errno
import logging
import multiprocessing
import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from catalog.errors import SourceError
from catalog.photos.preprocess import to_square
from engine.errors import NotEnoughData, StorageError
from engine.training.data import photo_bank
from engine.training.data.photo_bank import PhotoBank, open_bank
from tests.engine.training.tiny import draw, draw_shop
from tests.waiting import LONG, wait_until


def test_photos_are_decoded_once_in_the_order_of_their_products(tmp_path, monkeypatch):
    shop = draw_shop(tmp_path / "shop", products=4, photos=2)
    progress = []
    cache = tmp_path / "cache"
    bank = open_bank(
        [shop], 24, cache, on_progress=lambda done, total: progress.append((done, total))
    )
    assert len(bank) == 8 and progress == [(8, 8)]
    assert bank.product.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert [record.title for record in bank.records][:2] == ["amber thing", "birch thing"]
    np.testing.assert_array_equal(bank.pixels[3], to_square(draw(1, "red", 1), 24))
    assert bank.of_products(np.array([False, True, False, True])).tolist() == [2, 3, 6, 7]

    monkeypatch.setattr(photo_bank, "decode_squares", None)  # nothing may be decoded again
    again = open_bank([shop], 24, cache)
    np.testing.assert_array_equal(again.pixels, bank.pixels)


def test_another_side_or_a_changed_photo_is_decoded_anew(tmp_path):
    shop = draw_shop(tmp_path / "shop", products=2, photos=1)
    open_bank([shop], 24, tmp_path / "cache")
    assert open_bank([shop], 16, tmp_path / "cache").pixels.shape == (2, 16, 16, 3)
    Image.new("RGB", (50, 50), "black").save(shop / "0-0.png")
    assert open_bank([shop], 24, tmp_path / "cache").pixels[0].max() == 0


def test_broken_photos_are_skipped_with_a_reason_and_the_others_stay_aligned(tmp_path):
    shop = draw_shop(tmp_path / "shop", products=5, photos=2)
    (shop / "0-0.png").write_bytes(b"no photo")
    (shop / "2-0.png").unlink()
    (shop / "3-0.png").write_bytes(b"")
    (shop / "3-1.png").write_bytes(b"")
    for _ in range(2):  # decoded, then from the cache
        bank = open_bank([shop], 24, tmp_path / "cache")
        assert [record.title.split()[0] for record in bank.records] == [
            "amber",
            "birch",
            "cedar",
            "ember",
        ]
        assert bank.product.tolist() == [0, 1, 1, 2, 3, 3]
        np.testing.assert_array_equal(bank.pixels[0], to_square(draw(0, "red", 1), 24))
        np.testing.assert_array_equal(bank.pixels[3], to_square(draw(2, "red", 1), 24))
        np.testing.assert_array_equal(bank.pixels[5], to_square(draw(1, "blue", 1), 24))
        assert len(bank.skipped) == 4
        assert sum("2-0.png" in line for line in bank.skipped) == 1


def test_worker_processes_decode_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("catalog.photos.decode_squares.MIN_FOR_WORKERS", 1)
    shop = draw_shop(tmp_path / "shop", products=3)
    two = open_bank([shop], 24, tmp_path / "two", workers=2)
    one = open_bank([shop], 24, tmp_path / "one", workers=1)
    np.testing.assert_array_equal(two.pixels, one.pixels)


def test_two_sources_may_use_the_same_ids(tmp_path):
    first = draw_shop(tmp_path / "first", products=2, photos=1)
    second = draw_shop(tmp_path / "second", products=3, photos=1)
    bank = open_bank([first, second], 24, tmp_path / "cache")
    assert len({record.product_id for record in bank.records}) == 5
    assert bank.source.tolist() == [0, 0, 1, 1, 1]


def test_a_photo_outside_its_source_is_not_read(tmp_path):
    shop = draw_shop(tmp_path / "shop", products=2, photos=1)
    draw(0, "red").save(tmp_path / "secret.png")
    text = (shop / "catalogue.csv").read_text()
    (shop / "catalogue.csv").write_text(text.replace("0-0.png", "../secret.png"))
    bank = open_bank([shop], 24, tmp_path / "cache")
    assert len(bank) == 1 and len(bank.skipped) == 1


def test_a_plain_folder_of_photos_is_a_source(tmp_path):
    for n in range(3):
        draw(n, "red").save(tmp_path / f"photo {n}.png")
    bank = open_bank([tmp_path], 24, tmp_path / ".cache")
    assert len(bank) == len(bank.records) == 3


def test_unreadable_data_is_reported(tmp_path):
    with pytest.raises(SourceError, match="nowhere"):
        open_bank([tmp_path / "nowhere"], 24, tmp_path / "cache")
    shop = draw_shop(tmp_path / "shop", products=2, photos=1)
    for photo in shop.glob("*.png"):
        photo.write_bytes(b"no photo")
    with pytest.raises(NotEnoughData, match=r"no readable photo in .*shop.*Give --data"):
        open_bank([shop], 24, tmp_path / "cache")


def test_two_runs_over_the_same_photos_decode_them_once_and_wait_for_one_another(tmp_path, caplog):
    """Both used to write one file at once: whoever had it mapped was killed by SIGBUS."""
    shop = draw_shop(tmp_path / "shop", products=4, photos=2)
    cache = tmp_path / "cache"
    others: list[PhotoBank] = []
    other = threading.Thread(target=lambda: others.append(open_bank([shop], 24, cache)))
    decoded = 0

    def begin_another(done: int, total: int) -> None:
        nonlocal decoded
        decoded += 1
        other.start()
        wait_until(lambda: "Waiting for process" in caplog.text, "the other one does not wait")

    with caplog.at_level(logging.WARNING):
        mine = open_bank([shop], 24, cache, on_progress=begin_another)
        other.join(LONG)
    assert decoded == 1 and f"process {os.getpid()}, which decodes the same photos" in caplog.text
    np.testing.assert_array_equal(mine.pixels, others[0].pixels)


def test_a_run_that_was_killed_while_decoding_starts_over(tmp_path):
    shop = draw_shop(tmp_path / "shop", products=4, photos=2)
    cache = tmp_path / "cache"

    killed = multiprocessing.get_context("forkserver").Process(target=_die, args=(shop, cache))
    killed.start()
    killed.join(LONG)
    assert killed.exitcode == -signal.SIGKILL
    assert list(cache.glob("*.npy")) and not list(cache.glob("*.json"))
    assert len(open_bank([shop], 24, cache)) == 8


def test_a_full_disk_is_reported_before_anything_is_decoded(tmp_path, monkeypatch):
    shop = draw_shop(tmp_path / "shop", products=2, photos=1)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", full)
        with pytest.raises(StorageError, match=r"decoded photos cannot.*No space left"):
            open_bank([shop], 24, tmp_path / "cache")
        assert not list((tmp_path / "cache").glob("*.npy"))
    assert len(open_bank([shop], 24, tmp_path / "cache")) == 2


def _die(shop: Path, cache: Path) -> None:
    open_bank([shop], 24, cache, on_progress=lambda *_: os.kill(os.getpid(), signal.SIGKILL))
