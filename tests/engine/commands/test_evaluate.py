import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from catalog.photos.preprocess import to_square
from engine.commands.evaluate import evaluate_command
from engine.encoders import loading
from engine.encoders.facets import FacetLayout
from engine.errors import EncoderUnavailable

COLOURS = {"red": (200, 30, 40), "blue": (40, 90, 190), "green": (40, 130, 60)}


class TwoFacets:
    """Shape is the garment's height, colour its mean colour."""

    name = "two-facets"
    fingerprint = "f"
    image_size = 24
    layout = FacetLayout.of({"shape": 2, "colour": 3})

    def encode_pixels(self, pixels):
        dark = (pixels.min(axis=3) < 200).mean(axis=(1, 2))[:, None]
        colour = pixels.mean(axis=(1, 2)) - pixels.mean(axis=(1, 2, 3))[:, None]
        return self.layout.compose(
            {"shape": np.concatenate([dark, 0.3 - dark], axis=1), "colour": colour}
        )

    def encode(self, images):
        return self.encode_pixels(np.stack([to_square(image, 24) for image in images]))


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A catalogue folder of 24 products with two photos each, and the fake encoder."""
    monkeypatch.setenv("LOOKALIKE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(loading, "load", lambda settings, name=None: TwoFacets())
    folder = tmp_path / "shop"
    folder.mkdir()
    lines = ["id,title,category,colour,photos"]
    for n in range(24):
        kind, colour = ("Shirts", "Belts")[n % 2], list(COLOURS)[n % 3]
        for view in range(2):
            image = Image.new("RGB", (40, 40), "white")
            image.paste(COLOURS[colour], (8, 8 + view, 30, 34 if n % 2 == 0 else 14))
            image.save(folder / f"{n}-{view}.png")
        lines.append(f"p{n},Brand{chr(97 + n)} item,{kind},{colour},{n}-0.png;{n}-1.png")
    (folder / "catalogue.csv").write_text("\n".join(lines))
    return folder


def run(*args):
    return CliRunner().invoke(evaluate_command, [str(arg) for arg in args])


def test_the_report_is_printed_as_tables(shop):
    result = run("--data", shop, "--split", "all")
    assert result.exit_code == 0, result.output
    for part in ("24 products, 48 photos", "two-facets", "colour histogram", "random order"):
        assert part in result.output
    assert "a product's other photos" in result.output


def test_json_holds_the_numbers(shop):
    result = run("--data", shop, "--split", "all", "--json", "--baseline", "two-facets")
    report = json.loads(result.stdout)
    names = [one["name"] for one in report["results"]]
    assert names == ["two-facets", "two-facets", "colour histogram", "random order"]
    both = {one["relation"]: one for one in report["results"][0]["relations"]}
    assert both["same type and colour"]["precision_at_10"]["value"] == 1.0
    assert both["same pattern"]["seeds"] == 0
    assert report["index_recall_at_10"] is None
    assert report["unreadable_photos"] == 0


def test_only_the_validation_side_is_used(shop):
    result = run("--data", shop, "--json")
    count = json.loads(result.stdout)["products"]
    assert 0 < count < 24
    said = run("--data", shop).output
    assert f"Judged: the {count} of 24 products that split v1 holds out." in said
    assert "Judged:" not in run("--data", shop, "--split", "all").output


def test_the_share_that_is_judged_is_printed_with_the_reason_and_the_cure(shop, tmp_path):
    result = run("--data", shop, "--views", "0", "--html", tmp_path / "report.html")
    judged = int(re.search(r"split v1 of 24 products: (\d+) products", result.stdout)[1])
    assert 2 <= judged < 24
    note = f"Note: {judged} of 24 products ({judged / 24:.0%}) are judged: those that split v1"
    assert note in result.stderr and "--split all judges all of them" in result.stderr
    assert f"{judged} of 24" in (tmp_path / "report.html").read_text()
    report = json.loads(run("--data", shop, "--views", "0", "--json").stdout)
    assert (report["products"], report["of_products"]) == (judged, 24)
    everything = run("--data", shop, "--views", "0", "--split", "all")
    assert "are judged" not in everything.stderr and "Validation side" not in everything.stdout


def test_a_photo_that_cannot_be_read_is_counted(shop):
    (shop / "3-0.png").write_bytes(b"")
    report = json.loads(run("--data", shop, "--split", "all", "--json").stdout)
    assert (report["photos"], report["unreadable_photos"]) == (47, 1)


def test_own_label_rules_are_used(shop, tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text("[[label]]\ncolumn = 'pattern'\nfields = ['colour']\n")
    report = json.loads(run("--data", shop, "--split", "all", "--json", "--labels", rules).stdout)
    assert report["results"][0]["relations"][2]["seeds"] == 24


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--data", "nowhere"], "no file or folder nowhere"),
        (["--labels", "none.toml"], "Cannot read the label rules none.toml"),
        ([], ""),  # no catalogue yet
    ],
)
def test_what_is_missing_is_said_on_one_line(shop, args, message):
    result = run(*args)
    assert result.exit_code == 1
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_too_few_products_are_no_evaluation(tmp_path, shop):
    (shop / "catalogue.csv").write_text("id,title,photos\np,One,0-0.png\n")
    result = run("--data", shop, "--split", "all")
    assert result.exit_code == 1
    assert "leaves 1 products with a photo, and two are needed" in result.stderr


def test_no_readable_photo_is_an_error(shop):
    for path in shop.glob("*.png"):
        path.write_bytes(b"")
    result = run("--data", shop, "--split", "all")
    assert result.exit_code == 1
    assert "None of the photos could be read" in result.stderr


def test_an_encoder_that_cannot_be_had_is_said(shop, monkeypatch):
    def refuse(settings, name=None):
        raise EncoderUnavailable(f"There is no {name}.")

    monkeypatch.setattr(loading, "load", refuse)
    result = run("--data", shop, "--encoder", "far/away", "--split", "all")
    assert result.exit_code == 1
    assert "There is no far/away." in result.stderr


@pytest.fixture
def people(tmp_path):
    """Six photos of people's own clothes: a folder source of another vocabulary."""
    folder = tmp_path / "people"
    folder.mkdir()
    lines = ["id,title,category,photos,sender_id"]
    for n in range(6):
        kind = ("Button Down Shirt", "Waistband", "Umbrella")[n % 3]
        image = Image.new("RGB", (40, 40), "white")
        image.paste(list(COLOURS.values())[n % 3], (8, 8, 30, (34, 14, 20)[n % 3]))
        image.save(folder / f"{n}.png")
        lines.append(f"q{n},Garment,{kind},{n}.png,{n // 2}")
    (folder / "catalogue.csv").write_text("\n".join(lines))
    return folder


def report_of(*args):
    result = run(*args, "--split", "all", "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_recoloured_views_are_judged_and_their_number_is_chosen(shop):
    assert report_of("--data", shop)["recoloured_view"]["rows"][0]["seeds"] == 48
    assert report_of("--data", shop, "--views", "5")["recoloured_view"]["rows"][0]["seeds"] == 5
    assert report_of("--data", shop, "--views", "0")["recoloured_view"] is None


def test_queries_of_another_set_are_judged_against_the_data(shop, people, tmp_path):
    found = report_of("--data", shop, "--queries", people)["two_sets"]
    assert "2 of 6 query photos" in found["note"]  # shirts; the other words have no counterpart
    rows = {(row["contender"], row["weights"]): row for row in found["rows"]}
    assert rows["two-facets", "shape"]["values"]["precision_at_10"]["value"] == 1
    types = tmp_path / "types.toml"
    types.write_text('[types]\nwaistbands = ["belts"]\n')
    more = report_of(
        "--data", shop, "--queries", people, "--types", types, "--facet", "shape=3", "--facet",
        "colour=1", "--baseline", "two-facets",
    )  # fmt: skip
    assert "4 of 6 query photos" in more["two_sets"]["note"]
    assert "shape 0.75, colour 0.25" in {row["weights"] for row in more["two_sets"]["rows"]}
    changed = {one["about"] for one in more["changes"]}
    assert {"queries from another set", "same type", "recoloured view"} <= changed
    assert {one["difference"]["value"] for one in more["changes"]} <= {0.0, None}


def test_compare_is_another_name_of_baseline(shop):
    assert report_of("--data", shop, "--compare", "two-facets")["changes"]
    assert report_of("--data", shop)["changes"] == []


def test_small_photos_are_reduced_first(shop, monkeypatch, tmp_path):
    sizes = set()

    class Watching(TwoFacets):
        def encode(self, images):
            sizes.update(image.size for image in images)
            return super().encode(images)

    monkeypatch.setattr(loading, "load", lambda settings, name=None: Watching())
    for n in range(24):
        Image.open(shop / f"{n}-0.png").resize((400, 300)).save(shop / f"{n}-0.png")
    assert report_of("--data", shop, "--views", "0")["small"] is False
    assert (400, 300) in sizes
    sizes.clear()
    page = tmp_path / "small.html"
    assert report_of("--data", shop, "--small", "--html", page)["small"] is True
    assert max(width for width, _ in sizes) <= 60 and max(height for _, height in sizes) <= 80
    assert "reduced to fit 60x80" in page.read_text()
    assert "reduced to fit 60x80" in run("--data", shop, "--split", "all", "--small").output


def test_photos_without_any_label_are_judged_by_their_views(shop):
    (shop / "catalogue.csv").write_text(
        "id,title,photos\n" + "\n".join(f"p{n},,{n}-0.png" for n in range(24))
    )
    result = run("--data", shop, "--split", "all")
    assert result.exit_code == 0, result.output
    assert re.search(r"Recoloured view +weights +seeds", result.output)
    assert "Not judged: same colour; no two products share a known label." in result.output


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--facet", "shape=1"], "--facet is about --queries"),
        (["--types", "t.toml"], "--types is about --queries"),
        (["--queries", "nowhere"], "no file or folder nowhere"),
        (["--queries", "PEOPLE", "--types", "none.toml"], "Cannot read the type words none.toml"),
        (["--queries", "PEOPLE", "--facet", "sleeve=1"], "no facet 'sleeve'; it has "),
        (["--queries", "PEOPLE", "--facet", "shape"], "is not NAME=WEIGHT"),
        (["--views", "-1"], "-1 is not in the range"),
    ],
)
def test_mistakes_with_the_new_options_are_explained(shop, people, args, message):
    given = [str(people) if arg == "PEOPLE" else arg for arg in args]
    result = run("--data", shop, "--split", "all", *given)
    assert result.exit_code in (1, 2)
    assert message in result.stderr


def test_queries_without_a_photo_are_explained(shop, people):
    (people / "catalogue.csv").write_text("id,title,photos\nq,One,missing.png\n")
    result = run("--data", shop, "--split", "all", "--queries", people)
    assert result.exit_code == 1
    assert "leaves 0 products with a photo, and one is needed" in result.stderr
    assert "--queries" in result.stderr


def test_contact_sheets_are_written_and_linked_from_the_page(shop, people, tmp_path):
    folder, page = tmp_path / "sheets of today", tmp_path / "pages" / "report.html"
    result = run(
        "--data", shop, "--queries", people, "--split", "all", "--views", "0", "--baseline",
        "two-facets", "--facet", "shape=1", "--sheets", folder, "--html", page,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    names = sorted(path.name for path in folder.iterdir())
    assert {"default-1.jpg", "shape-1.jpg", "wishlists.jpg", "queries-chosen.jpg"} <= set(names)
    assert f"{len(names)} contact sheets are in {folder}." in result.output
    links = re.findall(r'href="(\.\./sheets%20of%20today/[^"]+)"', page.read_text())
    assert sorted(link.rsplit("/", 1)[1] for link in links) == names


def test_a_folder_for_sheets_that_is_a_file_is_refused(shop, tmp_path):
    (tmp_path / "file").write_text("")
    result = run("--data", shop, "--split", "all", "--sheets", tmp_path / "file")
    assert result.exit_code == 2 and "is a file" in result.stderr


def test_applications_stand_beside_what_they_are_compared_with(shop, tmp_path):
    """Products of one photo are judged by changed ones, and words by those of the judged alone."""
    args = ("--data", shop, "--split", "all", "--views", "0", "--applications")
    report = json.loads(run(*args, "--json", "--html", tmp_path / "report.html").stdout)
    rows = {(one["about"], one["contender"]) for one in report["text_search"]["rows"]}
    assert rows == {("title", "all voices"), ("title", "words alone")}
    found = report["text_search"]["rows"][0]["values"]["recall_at_10"]
    assert found["value"] > 0.9
    page = (tmp_path / "report.html").read_text()
    assert "Search in words" in page and "words alone" in page
    plain = json.loads(run(*args[:-1], "--json").stdout)
    assert plain["text_search"] is None
