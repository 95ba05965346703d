"""Rows with the same digest parse to the same product; the digest covers all that decides that."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime

from catalog.records import ProductRecord, Rejection
from catalog.sources import open_source
from catalog.sources.google.feed import open_google
from catalog.sources.rows import row_digests
from catalog.sources.rows.row_digests import (
    SEPARATOR,
    RowDigests,
    UnparsedRow,
    entries_of,
    parse_all,
)

ROWS = [
    {"id": "1", "a": "x", "b": "y"},
    {"id": "1", "a": "xy", "b": ""},
    {"id": "1", "a": "", "b": "xy"},
    {"id": "1", "b": "x", "a": "y"},  # another order of columns: another table
    {"id": "1", "a": "x", "c": "y"},
    {"id": "1", "a": "x"},
    {"id": "1", "a": "x", "b": 1},
    {"id": "1", "a": "x", "b": "1"},
    {"id": "1", "a": "x", "b": True},
    {"id": "1", "a": "x", "b": 1.0},
    {"id": "1", "a": "x", "b": None},
    {"id": "1", "a": "x", "b": ["1"]},
    {"id": "1", "a": "x", "b": "\ud800"},
]


def test_different_rows_have_different_digests():
    digests = RowDigests("here")
    for one, other in itertools.combinations(ROWS, 2):
        assert digests.of(one) != digests.of(other), (one, other)
    assert digests.of(dict(ROWS[0])) == digests.of(ROWS[0]) == RowDigests("here").of(ROWS[0])


def test_a_row_that_could_be_taken_for_another_has_no_digest():
    row = {"id": f"1{SEPARATOR}x", "a": "y"}
    assert RowDigests().of(row) is None
    assert RowDigests().of({"id": SEPARATOR}) is None


def test_the_context_is_part_of_every_digest(monkeypatch):
    digests = {RowDigests(*context).of(ROWS[0]) for context in ((), ("a",), ("a", "b"), ("ab",))}
    assert len(digests) == 4
    monkeypatch.setattr(row_digests, "_code_digest", lambda: "the next version")
    assert RowDigests().of(ROWS[0]) not in digests


def digests_of(source):
    return [e.row_digest if isinstance(e, UnparsedRow) else None for e in entries_of(source)]


def test_words_are_part_of_the_digest(home, tmp_path, monkeypatch):
    (tmp_path / "f.csv").write_text("id,title,colour\n1,a,teal\n")
    before = digests_of(open_source(tmp_path / "f.csv"))
    assert digests_of(open_source(tmp_path / "f.csv")) == before != [None]
    (tmp_path / "w.toml").write_text('[colours]\ngreen = ["teal"]\n')
    monkeypatch.setenv("LOOKALIKE_WORDS", str(tmp_path / "w.toml"))
    assert digests_of(open_source(tmp_path / "f.csv")) != before


def test_given_columns_are_part_of_the_digest(home, tmp_path):
    (tmp_path / "f.csv").write_text("id,title,name\n1,a,b\n")
    digests = {
        digests_of(open_source(tmp_path / "f.csv", columns=columns))[0]
        for columns in (None, {"title": "name"}, {"brand": "name"})
    }
    assert len(digests) == 3 and None not in digests


def test_parsed_entries_are_the_records(home, tmp_path):
    text = "id,title,price\n1,One,2\n,none,1\n3,Three,oops\n4,Four\n5,Fi\x1fve,1\n"
    (tmp_path / "f.csv").write_text(text)
    entries = list(entries_of(open_source(tmp_path / "f.csv")))
    assert [type(e) for e in entries] == [
        UnparsedRow,
        Rejection,
        UnparsedRow,
        Rejection,
        ProductRecord,
    ]
    assert list(parse_all(iter(entries))) == list(open_source(tmp_path / "f.csv").records())


def test_a_row_with_the_dates_of_a_sale_is_always_parsed(tmp_path):
    header = "id\ttitle\tlink\timage_link\tprice\tsale_price\tsale_price_effective_date\n"
    dates = "2026-11-27T00:00+0100/2026-11-30T23:59+0100"
    rows = f"1\ta\tx\t\t5 EUR\t4 EUR\t{dates}\n2\tb\tx\t\t5 EUR\t4 EUR\t\n"
    (tmp_path / "f.tsv").write_text(header + rows)
    feed = open_google(tmp_path / "f.tsv", "google-tsv", name="f")
    assert [isinstance(entry, UnparsedRow) for entry in feed.entries()] == [False, True]
    sales = [
        [record.sale_price is not None for record in replace(feed, at=at).records()]
        for at in (datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 28, tzinfo=UTC))
    ]
    assert sales == [[False, True], [True, True]]
