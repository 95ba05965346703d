"""The rejects file is created when needed, and its cells are escaped."""

import csv

from catalog.ingest.rejects import RejectsFile
from catalog.records import Rejection


def test_no_rejection_no_file(tmp_path):
    with RejectsFile(tmp_path / "rejects", "feed.csv") as rejects:
        pass
    assert rejects.path is None and list(tmp_path.iterdir()) == []


def test_two_files_of_one_second_have_different_names(tmp_path):
    with RejectsFile(tmp_path, "a/b c") as one, RejectsFile(tmp_path, "a/b c") as two:
        for rejects in (one, two):
            rejects.write(Rejection(1, None, "row", "value", "broken"))
    assert one.path != two.path and one.path.name.startswith("a_b_c-")


def test_cells_that_look_like_formulas(tmp_path):
    with RejectsFile(tmp_path, "x") as rejects:
        for start in ("=", "+", "-", "@", "\t", "\r"):
            rejects.write(Rejection(1, f"{start}id", "row", "value", f"{start}reason", "a.jpg"))
    with rejects.path.open(newline="") as stream:
        for row in csv.DictReader(stream):
            assert row["id"].startswith("'") and row["reason"].startswith("'")
            assert row["photo"] == "a.jpg"
