"""Thumbnails that are not in the cache yet: who draws them, in which order, and who waits."""

import threading
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from catalog.records import Photo
from catalog.settings import CatalogSettings
from tests.web.connections.listening import THREADS, TIMEOUT, listening
from web.app.errors import Busy
from web.app.responses import drawing
from web.app.responses.drawing import Drawing

PHOTO = Photo("1", 0, Path("hat.jpg"), "0" * 64, 8, 8)


class Held(Drawing):
    """Draws nothing until it is told to."""

    def __init__(self, folder):
        super().__init__(CatalogSettings(home=folder), seconds=10)
        self.go_on, self.begun = threading.Event(), threading.Semaphore(0)
        self.drawn = []

    def shrink(self, photo, width):
        self.begun.release()
        assert self.go_on.wait(TIMEOUT)
        self.drawn.append(width)
        return b"%d" % width

    def hold(self, folder):
        """Keep all its threads busy."""
        held = [self.start(PHOTO, number, folder / f"h{number}") for number in range(THREADS)]
        for _ in held:
            assert self.begun.acquire(timeout=TIMEOUT)
        return held


def test_larger_thumbnails_are_drawn_before_smaller_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(drawing, "THREADS", 1)  # so that they are drawn in a row
    held = Held(tmp_path)
    first = held.start(PHOTO, 160, tmp_path / "first")
    assert held.begun.acquire(timeout=TIMEOUT)
    widths = [320, 160, 960, 480, 960]
    rest = [held.start(PHOTO, width, tmp_path / f"{n}") for n, width in enumerate(widths)]
    held.go_on.set()
    for work in (first, *rest):
        work.result(TIMEOUT)
    assert held.drawn == [160, 960, 960, 480, 320, 160]
    assert (tmp_path / "2").read_bytes() == b"960"


def test_many_large_thumbnails_do_not_keep_small_ones_waiting(tmp_path, monkeypatch):
    monkeypatch.setattr(drawing, "THREADS", 1)
    held = Held(tmp_path)
    works = [held.start(PHOTO, 320, tmp_path / "first")]
    assert held.begun.acquire(timeout=TIMEOUT)
    works += [held.start(PHOTO, 160, tmp_path / "small")]
    works += [held.start(PHOTO, 960, tmp_path / f"large {n}") for n in range(200)]
    held.go_on.set()
    for work in works:
        work.result(TIMEOUT)
    assert held.drawn.index(160) - held.drawn.index(960) < 50


def test_whoever_asks_for_the_same_thumbnail_meanwhile_shares_the_work(tmp_path):
    held = Held(tmp_path)
    works = [held.start(PHOTO, 320, tmp_path / "same") for _ in range(5)]
    held.go_on.set()
    assert [work.result(TIMEOUT) for work in works] == [b"320"] * 5
    assert held.drawn == [320]
    assert held.start(PHOTO, 320, tmp_path / "same").result(TIMEOUT) == b"320"
    assert held.drawn == [320, 320]  # nothing of it is kept in memory


def test_a_thumbnail_whose_turn_comes_too_late_is_not_drawn(tmp_path, monkeypatch):
    held = Held(tmp_path)
    held.hold(tmp_path)
    monkeypatch.setattr(drawing, "WAIT", -1.0)
    late = held.start(PHOTO, 320, tmp_path / "late")
    held.go_on.set()
    with pytest.raises(Busy, match="Try again in a few seconds"):
        late.result(TIMEOUT)
    assert 320 not in held.drawn


def test_thumbnails_that_wait_keep_no_thread_of_the_server(app, client, monkeypatch):
    """Four threads that waited for pictures would answer nothing else."""
    monkeypatch.setattr(drawing, "WAIT", 300.0)
    item = client.get("/api/v1/products/t-shirt-blue-2").get_json()
    content_hash = item["photos"][0]["content_hash"]
    shop = app.extensions["lookalike"]
    folder = shop.settings.thumbs_dir / content_hash[:2]
    paths = [f"/media/{content_hash}/{width}.jpg" for width in (160, 320, 480, 960)]
    for path in folder.glob("*.jpg"):
        path.unlink()
    with listening(app) as server, ThreadPoolExecutor(len(paths)) as clients:
        with shop.thumbnails.decoder._places:  # nothing is decoded meanwhile
            asked = [clients.submit(server.ask, path) for path in paths]
            while len(shop.thumbnails._work) < len(paths):
                assert server.ask("/healthz")[0] == 200
            assert server.ask("/healthz")[0] == 200
            assert not any(one.done() for one in asked)
        answers = [one.result(TIMEOUT) for one in asked]
    assert [status for status, _, _ in answers] == [200] * len(paths)
    sizes = [Image.open(BytesIO(body)).size for _, _, body in answers]
    assert sizes == [(160, 200), (240, 300), (240, 300), (240, 300)]
    assert sorted(path for path, _ in server.logged if path in paths) == sorted(paths)
