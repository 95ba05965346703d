"""A stray quote costs one row at most, in TSV and in CSV; lines above the header are skipped."""

import pytest

from catalog.ingest.run import ingest
from catalog.records import Rejection
from catalog.sources import open_source
from catalog.sources.rows.delimited import cells_of_line, is_preamble


def titles(path, text):
    path.write_text(text)
    return [getattr(entry, "title", entry) for entry in open_source(path).records()]


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('1\t"90s jeans\tx', ["1", '"90s jeans', "x"]),
        ('1\t32" inseam\t"quoted ""tee"""', ["1", '32" inseam', 'quoted "tee"']),
        ('"a" and "b"\t""\t"', ['"a" and "b"', "", '"']),
        ("a\t\tb\t", ["a", "", "b", ""]),
    ],
)
def test_quotes_in_a_line_of_tsv(line, cells):
    assert cells_of_line(line + "\r\n", "\t") == cells


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('1,"a, b",c', ["1", "a, b", "c"]),
        ('1,"90s,c', ["1", '"90s', "c"]),
        (',"a"",b"', ["", 'a",b']),
        ("a,,", ["a", "", ""]),
    ],
)
def test_quotes_in_a_line_of_csv(line, cells):
    assert cells_of_line(line, ",") == cells


def test_no_row_of_tsv_swallows_another(tmp_path):
    text = 'id\ttitle\tx\n1\t"90s jeans\ta\n2\tJeans 32"\tb\n3\tThe "big" tee\t"c"\n'
    assert titles(tmp_path / "f.tsv", text) == ['"90s jeans', 'Jeans 32"', 'The "big" tee']


def test_a_quoted_cell_of_tsv_may_have_line_ends_in_it(tmp_path):
    text = 'id\ttitle\tx\n1\t"one\ntwo ""three""\nfour"\tb\n2\tc\td\n'
    assert titles(tmp_path / "f.tsv", text) == ['one two "three" four', "c"]


def test_a_line_of_tsv_that_is_cut_short_costs_itself_only(tmp_path):
    found = titles(tmp_path / "f.tsv", 'id\ttitle\tx\n1\t"one\n2\ttwo\t"x"\n3\tthree\ty\n')
    assert isinstance(found[0], Rejection) and found[0].code == "columns"
    assert found[1:] == ["two", "three"]


@pytest.mark.parametrize(
    "rows",
    [
        '1,"90s jeans,a\n2,"Shirt",b\n3,c,d\n',  # the quote of another cell would close it
        '1,"90s jeans,a\n2,Jeans 32",b\n3,c,d\n',  # and here even correctly
        '1,"90s jeans,a\n2,b,c\n3,c,d\n',  # or nothing does
        '1,a,b\n2,b,c\n3,"90s jeans,d\n',
    ],
)
def test_no_row_of_csv_swallows_another(tmp_path, rows):
    assert len(titles(tmp_path / "f.csv", f"id,title,x\n{rows}")) == 3
    assert [entry.product_id for entry in open_source(tmp_path / "f.csv").records()] == [*"123"]


def test_a_sync_does_not_retire_what_a_quote_hid(db, tmp_path, catalog_settings):
    path = tmp_path / "f.tsv"
    for title in ("jeans", '"90s jeans'):
        path.write_text(f"id\ttitle\n1\t{title}\n2\tShirt\n3\tTee\n")
        report = ingest(db, open_source(path), sync=True, settings=catalog_settings)
    assert (report.retired, report.rejected, report.unchanged) == (0, 0, 2)


def test_embedded_images_and_long_descriptions_cost_nothing(tmp_path):
    text = f"id,html,title\n1,<img src='data:image/png;base64,{'A' * 200_000}'>,a\n2,x,b\n"
    assert titles(tmp_path / "f.csv", text) == ["a", "b"]


@pytest.mark.parametrize(
    "above",
    ["sep=;\n", "\ufeff\ufeffsep=;\n", '# Required | An id;# A title\n"# More; text";x\n', "\n\n"],
)
def test_lines_above_the_header_are_skipped(tmp_path, above):
    for name in ("f.csv", "f.txt"):
        assert titles(tmp_path / name, f"{above}id;title;price\n1;Shirt, blue;12,99\n") == [
            "Shirt, blue"
        ]


def test_a_header_with_a_hash_is_no_comment():
    assert not is_preamble("#sku,title") and is_preamble("# Required | sku,# Title")
