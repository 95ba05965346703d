"""The commands ``sample``, ``ingest`` and ``products``."""

import click
import pytest
from click.testing import CliRunner

from catalog.commands.catalogue import COMMANDS
from catalog.console import plain_errors


@pytest.fixture
def call(database_url):
    group = click.Group("lookalike", commands=COMMANDS)

    def call(*arguments):
        return CliRunner().invoke(group, [str(argument) for argument in arguments])

    return call


@pytest.fixture
def feed(tmp_path, write_csv, make_photo):
    make_photo(tmp_path / "shop/a.jpg")
    rows = [
        {"sku": "1", "titel": "Red top", "category": "Tops", "photos": "a.jpg"},
        {"sku": "2", "titel": "Blue top", "category": "Tops", "photos": "gone.jpg"},
    ]
    return write_csv(tmp_path / "shop/feed.csv", rows)


def test_ingest_twice_and_list(call, feed, home):
    first = call("ingest", feed, "--columns", "id=sku, title=titel")
    assert first.exit_code == 0, first.output
    assert "feed.csv: 2 inserted, 0 updated, 0 unchanged, 0 retired, 0 rejected" in first.output
    assert "Photos: 1 ready, 1 rejected" in first.output
    assert str(next((home / "rejects").iterdir())) in first.output
    assert "lookalike reindex" in first.output
    again = call("ingest", feed, "--columns", "id=sku", "--columns", "title=titel", "--sync")
    assert "2 unchanged" in again.output and "Nothing changed." in again.output
    listed = call("products", "-n", "1")
    assert listed.stdout == "1\tRed top\n" and "1 of 2" in listed.stderr
    assert call("products", "--text", "blue").stdout == "2\tBlue top\n"
    assert "No products match" in call("products", "--category", "Hats").stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ingest", "nowhere.csv"], "There is no file or folder nowhere.csv"),
        (["products"], "Create one with `lookalike ingest SOURCE`"),
    ],
)
def test_errors_are_one_line(new_database_url, arguments, message):
    result = CliRunner().invoke(click.Group("lookalike", commands=COMMANDS), arguments)
    assert result.exit_code == 1 and result.stdout == ""
    assert result.stderr.startswith("Error: ") and message in result.stderr
    assert result.stderr.count("\n") == 1


def test_wrong_settings_are_named(call, feed, monkeypatch):
    monkeypatch.setenv("LOOKALIKE_MAX_PHOTO_BYTES", "many")
    result = call("ingest", feed)
    assert result.exit_code == 1
    assert "LOOKALIKE_MAX_PHOTO_BYTES='many'" in result.stderr


def test_columns_that_are_not_pairs(call, feed):
    result = call("ingest", feed, "--columns", "id")
    assert result.exit_code == 2 and "FIELD=COLUMN" in result.output


def test_a_note_when_sync_retires_nothing(call, feed, write_csv):
    call("ingest", feed)
    feed.write_text("sku,titel\n")
    assert "Note: nothing was retired" in call("ingest", feed, "--sync").output


def test_sample_then_ingest(call, tmp_path):
    folder = tmp_path / "sample"
    drawn = call("sample", folder, "--products", "3", "--workers", "1")
    assert drawn.exit_code == 0, drawn.output
    assert f"lookalike ingest {folder}" in drawn.output
    result = call("ingest", folder)
    assert "sample: 3 inserted" in result.output and " 0 rejected" in result.output
    assert ", 0 rejected" in result.output.splitlines()[-2]


def test_errors_of_other_packages_can_be_named():
    @click.command()
    @plain_errors(KeyError)
    def broken():
        raise KeyError("such a key")

    result = CliRunner().invoke(broken)
    assert result.exit_code == 1 and "such a key" in result.stderr


def test_the_folder_of_a_missing_photo_is_named_and_nothing_to_show_is_no_success(
    call, tmp_path, write_csv
):
    path = write_csv(tmp_path / "f.csv", [{"id": "1", "photos": "001.jpg"}])
    done = call("ingest", path)
    assert done.exit_code == 1
    assert "No photo of this source can be used. Next: correct it" in done.output
    rejects = next(line for line in done.output.splitlines() if "with reasons" in line)
    text = (tmp_path / rejects.rpartition(": ")[2]).read_text()
    assert f"001.jpg is not there. It was looked for at {tmp_path / '001.jpg'}." in text


def test_rows_without_any_product_are_no_success(call, tmp_path, write_csv):
    done = call("ingest", write_csv(tmp_path / "f.csv", [{"id": "1", "price": "cheap"}]))
    assert done.exit_code == 1 and "No row of this source can be used." in done.output


def test_products_without_photos_are_told_how_to_name_the_column(call, tmp_path, write_csv):
    done = call("ingest", write_csv(tmp_path / "f.csv", [{"id": "1", "Bild": "x.jpg"}]))
    assert done.exit_code == 1
    assert "photos (it may be 'Bild')" in done.output
    assert "--columns photos=COLUMN" in done.output.splitlines()[-1]


def test_a_feed_of_unknown_words_says_so_at_the_top(call, tmp_path, write_csv):
    rows = [
        {"id": str(at), "availability": word} for at, word in enumerate(("in stock", "xx", "xx"))
    ]
    done = call("ingest", write_csv(tmp_path / "f.csv", rows))
    top = done.output.splitlines()[1]
    assert top.startswith("Note: most of these products are not on sale.") and "'xx' 2" in top
    assert "2 values were left out of products that were kept." in done.output
    few = write_csv(tmp_path / "g.csv", [*rows[:2], {"id": "3", "availability": "yes"}])
    assert "\nNote: Unknown words of availability count as out of stock: 'xx' 1." in (
        call("ingest", few).output
    )
