import csv
import json
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from catalog.errors import SourceError
from catalog.sample import catalogue, draw, draw_catalogue


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    assert draw_catalogue(folder, products=5, seed=5, workers=1) == 5
    return folder


def test_every_row_has_its_photos_and_facts(shop):
    found = rows(shop)
    assert len(found) == 5
    names = set()
    for row in found:
        assert tuple(row) == catalogue.COLUMNS
        photos = row["photos"].split(";")
        assert 2 <= len(photos) <= 4
        names.update(photos)
        for photo in photos:
            with Image.open(shop / photo) as image:
                assert (image.format, image.size) == ("JPEG", (480, 600))
        assert float(row["price"]) > 0
        assert row["currency"] == "EUR"
        assert " > " in row["category"]
        assert row["type"]
    assert names == {f"photos/{path.name}" for path in (shop / "photos").iterdir()}


def test_the_same_arguments_give_the_same_bytes_with_any_number_of_workers(
    shop, tmp_path, monkeypatch
):
    monkeypatch.setattr(draw, "_MAX_IN_PROCESS", 0)  # use processes even for a few photos
    draw_catalogue(tmp_path / "again", products=5, seed=5, workers=2)
    assert digest(tmp_path / "again") == digest(shop)


def test_a_complete_folder_is_not_changed(shop, monkeypatch):
    before = {path: path.stat().st_mtime_ns for path in shop.rglob("*")}
    monkeypatch.setattr(draw, "_draw_photos", None)
    assert draw_catalogue(shop, products=5, seed=5) == 5
    assert {path: path.stat().st_mtime_ns for path in shop.rglob("*")} == before


def test_an_interrupted_run_goes_on_where_it_stopped(shop, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def die(done: int, total: int) -> None:
        if done >= 5:
            raise Killed

    with pytest.raises(Killed):
        draw_catalogue(tmp_path, products=5, seed=5, workers=1, on_progress=die)
    assert not (tmp_path / "catalogue.csv").exists()
    drawn = {path.name for path in (tmp_path / "photos").iterdir()}
    (tmp_path / "photos" / ".LK000005-1.jpg.0123abcd.tmp").write_bytes(b"half a photo")
    taken = []
    real = draw.take_photo
    monkeypatch.setattr(
        draw,
        "take_photo",
        lambda p, n, s: taken.append(f"{p.product_id}-{n + 1}.jpg") or real(p, n, s),
    )
    draw_catalogue(tmp_path, products=5, seed=5, workers=1)
    assert drawn and not drawn & set(taken)
    assert digest(tmp_path) == digest(shop)


def test_a_smaller_shop_grows_and_a_larger_one_shrinks(shop, tmp_path):
    draw_catalogue(tmp_path, products=2, seed=5, workers=1)
    small = digest(tmp_path)
    draw_catalogue(tmp_path, products=5, seed=5, workers=1)
    assert digest(tmp_path) == digest(shop)
    draw_catalogue(tmp_path, products=2, seed=5, workers=1)
    assert digest(tmp_path) == small


def test_another_seed_draws_other_photos(shop, tmp_path):
    draw_catalogue(tmp_path, products=1, seed=5, workers=1)
    draw_catalogue(tmp_path, products=1, seed=6, workers=1)
    photo = "photos/LK000001-1.jpg"
    assert (tmp_path / photo).read_bytes() != (shop / photo).read_bytes()
    assert json.loads((tmp_path / "sample.json").read_text())["seed"] == 6


def test_progress_counts_up_to_all_photos(tmp_path):
    seen = []
    draw_catalogue(tmp_path, products=3, seed=5, workers=1, on_progress=lambda *x: seen.append(x))
    total = len(list((tmp_path / "photos").iterdir()))
    assert seen[0] == (0, total)
    assert seen[-1] == (total, total)


def test_rows_alone_are_written_without_photos(tmp_path):
    assert draw_catalogue(tmp_path, products=700, seed=5, photos=False) == 700
    found = rows(tmp_path)
    assert len(found) == 700
    assert {row["photos"] for row in found} == {""}
    assert not list((tmp_path / "photos").iterdir())


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(SourceError, match="not a sample catalogue"):
        draw_catalogue(tmp_path, products=1)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("wrong", [{"products": 0}, {"seed": -1}, {"workers": 0}])
def test_invalid_arguments_are_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match="at least 1"):
        draw_catalogue(tmp_path, **wrong)


UNGUARDED = """
from catalog.sample import draw, draw_catalogue

draw._MAX_IN_PROCESS = 0
draw_catalogue({folder!r}, products=3, workers=2)
"""


def test_a_script_without_a_guard_is_told_the_cure(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED.format(folder=str(tmp_path / "shop")))
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    [error] = [line for line in run.stderr.splitlines() if line.startswith("catalog.errors.")]
    assert f"SourceError: Worker processes import the script {script} again" in error
    lines = run.stderr.rstrip().splitlines()
    assert lines[-2:] == ['    if __name__ == "__main__":', "        draw_catalogue(...)"]
    assert "memory" not in run.stderr and "freeze_support" not in run.stderr


def test_a_guarded_script_draws_with_workers(tmp_path):
    script = tmp_path / "script.py"
    head, call = UNGUARDED.format(folder=str(tmp_path / "shop")).rsplit("draw_catalogue(", 1)
    script.write_text(f'{head}if __name__ == "__main__":\n    draw_catalogue({call}')
    subprocess.run([sys.executable, script], check=True)
    assert len(rows(tmp_path / "shop")) == 3


def test_a_worker_that_dies_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(draw, "_MAX_IN_PROCESS", 0)
    monkeypatch.setattr(draw, "ProcessPoolExecutor", dying_pool)
    with pytest.raises(SourceError, match=r"memory\. Run it again with fewer workers"):
        draw_catalogue(tmp_path / "shop", products=3, workers=2)


def dying_pool(*args, **kwargs):
    return ProcessPoolExecutor(*args, **kwargs, initializer=os._exit, initargs=(9,))
