"""Every photo from outside is decoded by confined processes, a few at a time."""

import io
import os
import re
import signal
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

import catalog
from catalog.errors import DecoderDied, PhotoError
from catalog.ingest.run import ingest
from catalog.photos import shared_pool as shared
from catalog.photos.check import PhotoChecker, check_photo
from catalog.photos.decode_pool import DecodePool
from catalog.photos.decode_worker import Request
from catalog.photos.shared_pool import PROCESSES, measure, shared_pool
from catalog.products.catalogue import Catalogue
from catalog.sources import open_source
from tests.databases import only_sqlite

LARGE = (7_900, 7_900)  # pixels of a PNG of 190 kB, which is 187 MB when it is decoded
DECODES = re.compile(r"(?<![.\w])(Image\.open|open_photo|decode_image|Image\.frombuffer)\(")
DECODERS = {
    "catalog/photos/photo_file.py",
    "catalog/photos/decode_worker.py",
    "engine/calibration/no_garments.py",  # pictures that come with a package, none from outside
    "engine/applications/verification/views.py",  # a JPEG that it has just written itself
}


def test_no_other_code_decodes():
    root = Path(catalog.__file__).parents[1]
    found = set()
    for package in ("catalog", "engine", "web"):
        for path in (root / package).rglob("*.py"):
            lines = [line for line in path.read_text().splitlines() if ">>>" not in line]
            if DECODES.search("\n".join(lines)):
                found.add(path.relative_to(root).as_posix())
    assert found == DECODERS


def peak_megabytes() -> float:
    """The most memory of this process since `forget_peak`."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("there is no VmHWM")


def forget_peak() -> float:
    Path("/proc/self/clear_refs").write_text("5")
    return peak_megabytes()


def test_large_photos_take_no_memory_of_the_process_that_checks_them(
    tmp_path, catalog_settings, make_photo
):
    names = [make_photo(tmp_path / f"{number}.png", size=LARGE).name for number in range(3)]
    before = forget_peak()
    with PhotoChecker(tmp_path.resolve(), catalog_settings, lambda: None) as checker:
        facts = checker.check(names, {})
    assert {(one.width, one.height) for one in facts.values()} == {LARGE}
    assert peak_megabytes() - before < 60
    pool = shared_pool(catalog_settings.max_photo_pixels)
    assert 1 <= len(pool._all) <= PROCESSES


def test_a_process_that_was_killed_costs_no_photo(tmp_path, catalog_settings, make_photo):
    make_photo(tmp_path / "a.jpg")
    check_photo(tmp_path, "a.jpg", catalog_settings)
    for process in shared_pool(catalog_settings.max_photo_pixels)._all:
        os.kill(process._process.pid, signal.SIGKILL)
        process._process.wait(60)
    assert check_photo(tmp_path, "a.jpg", catalog_settings).width == 32


class Killing(DecodePool):
    """A pool whose processes die of photos of more than one pixel."""

    def run(self, request, stream=None, patience=None):
        data = stream.read()
        if request.max_pixels > 1:
            raise DecoderDied("A process that decodes photos died.")
        return super().run(request, io.BytesIO(data), patience)


def test_a_photo_that_kills_its_process_twice_is_refused(monkeypatch):
    monkeypatch.setattr(shared, "_pools", {shared.memory_for(100): Killing(1, 60)})
    with pytest.raises(PhotoError, match=r"a\.jpg crashed the process") as caught:
        measure(b"data", 100, "a.jpg")
    assert caught.value.code == "truncated"


@only_sqlite
def test_where_nothing_can_be_decoded_no_photo_is_blamed(
    db, catalog_settings, tmp_path, make_photo, write_csv, monkeypatch
):
    """An ingest ends instead of taking the photos from all products."""
    make_photo(tmp_path / "a.jpg")
    feed = write_csv(tmp_path / "feed.csv", [{"id": "1", "photos": "a.jpg"}])
    ingest(db, open_source(feed), settings=catalog_settings)
    make_photo(tmp_path / "a.jpg", "blue", (40, 50))
    with monkeypatch.context() as patch:
        patch.setattr(shared, "_pools", {})
        patch.setattr(sys, "executable", "/bin/false")  # no process starts
        with pytest.raises(DecoderDied):
            ingest(db, open_source(feed), settings=catalog_settings)
    (photo,) = Catalogue(db).product("1").photos
    assert photo.width == 32
    ingest(db, open_source(feed), settings=catalog_settings)
    (photo,) = Catalogue(db).product("1").photos
    assert photo.width == 40


def test_a_fork_leaves_the_processes_to_the_parent(tmp_path, catalog_settings, make_photo):
    make_photo(tmp_path / "a.jpg")
    check_photo(tmp_path, "a.jpg", catalog_settings)
    before = {one._process.pid for one in shared_pool(catalog_settings.max_photo_pixels)._all}
    child = os.fork()
    if child == 0:
        os._exit(len(shared._pools))
    assert os.waitpid(child, 0)[1] == 0
    assert check_photo(tmp_path, "a.jpg", catalog_settings).width == 32
    assert {
        one._process.pid for one in shared_pool(catalog_settings.max_photo_pixels)._all
    } == before


def test_a_box_is_fitted_by_the_process(make_photo, tmp_path):
    data = make_photo(tmp_path / "a.png", size=(400, 100)).read_bytes()
    clear = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(clear, "PNG")
    with DecodePool(1, seconds=60) as pool:
        found = pool.run(Request(100_000, box=(80, 100)), io.BytesIO(data))
        assert (found.mode, found.width, found.height) == ("RGB", 80, 20)
        clear.seek(0)
        white = pool.run(Request(100_000, box=(80, 100)), clear)
        assert white.image().getpixel((5, 5)) == (255, 255, 255) and white.width == 10


def test_threads_share_the_processes(tmp_path, catalog_settings, make_photo):
    for number in range(12):
        make_photo(tmp_path / f"{number}.jpg", size=(30 + number, 40))
    widths = []

    def check(number):
        widths.append(check_photo(tmp_path, f"{number}.jpg", catalog_settings).width)

    threads = [threading.Thread(target=check, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(widths) == list(range(30, 42))
    assert len(shared_pool(catalog_settings.max_photo_pixels)._all) <= PROCESSES
