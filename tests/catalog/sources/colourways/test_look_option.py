"""The option that decides what variants look like: by name, by values, and by photos."""

import pytest

from catalog.sources import open_source
from catalog.sources.colourways.item import Item, Variant, records_of
from catalog.sources.colourways.look_option import look_option, slug_of


def variants(*options, photos=None):
    return [
        Variant(1, one, photos=(photos[at],) if photos else ()) for at, one in enumerate(options)
    ]


@pytest.mark.parametrize(
    "name",
    [
        "Color",
        "colour:",
        "Farbe",
        "Hauptfarbe",
        "Färg",
        "Farve",
        "Kolor",
        "Цвет",
        "カラー",
        "颜色",
        "Couleurs",
        "Select Colour",
        "COLOR/STYLE",
        "Frame Color",
        "color-display",
        "لون",
        "Väri",
        "Barva",
        "Χρώμα",
        "Color de producto",
        "Shade",
        "商品颜色",
        "Cor",
    ],
)
def test_names_for_colour(name):
    assert look_option(variants({"Size": "S", name: "X1"}, {"Size": "S", name: "X2"}), frozenset())


@pytest.mark.parametrize("name", ["Core", "Decor", "Size", "Material", "Title", "Scent"])
def test_other_names(name):
    assert look_option(variants({name: "X1"}, {name: "X2"}), frozenset()) is None


def test_a_link_to_the_colour_metafield_counts_most():
    options = variants({"Color": "A", "Finish": "Matt"})
    assert look_option(options, frozenset({"Finish"})) == "Finish"


def test_an_option_whose_values_are_colours():
    assert look_option(variants({"Wash": "Light blue"}, {"Wash": "Black/White"}), frozenset())
    assert (
        look_option(variants({"Wash": "Light blue"}, {"Wash": "Stone-free"}), frozenset()) is None
    )


def test_photos_that_differ_by_one_option_only():
    options = [{"Style": style, "Fit": fit} for style in "ab" for fit in "xy"]
    assert look_option(variants(*options, photos="1122"), frozenset()) == "Style"
    assert look_option(variants(*options, photos="1212"), frozenset()) == "Fit"
    assert look_option(variants(*options, photos="1234"), frozenset()) is None
    sizes = [{"Size": "S"}, {"Size": "M"}]
    assert look_option(variants(*sizes, photos="12"), frozenset()) is None


def test_a_look_that_is_no_colour_makes_a_group_without_colours():
    item = Item(1, "tee", "Tee", variants=variants({"Cut": "Boxy"}, {"Cut": "Slim"}, photos="ab"))
    boxy, slim = records_of(item)
    assert (boxy.product_id, slim.product_id, boxy.group_id) == ("tee~boxy", "tee~slim", "tee")
    assert (boxy.colour, boxy.attributes, slim.photos) == (None, {"cut": "Boxy"}, ("b",))


def test_colours_of_emoji_have_ids_of_their_own():
    assert slug_of("❤️") == "heavy-black-heart" and slug_of("💙") == "blue-heart"
    assert slug_of("Bleu Foncé!") == "bleu-fonce" and slug_of(None) == ""


def test_colours_that_make_the_same_id_are_told():
    (one,) = records_of(
        Item(1, "a", "A", variants=variants({"Color": "Black/White"}, {"Color": "Black White"}))
    )
    assert [note.code for note in one.notes] == ["same_id"]
    (one,) = records_of(Item(1, "a", "A", variants=variants({"Color": "Red"}, {"Color": "RED"})))
    assert not one.notes


def test_rows_of_a_product_need_not_stand_together(tmp_path):
    header = "Handle,Title,Option1 Name,Option1 Value,Option1 Linked To,Variant Price,Image Src\n"
    link = "product.metafields.shopify.color-pattern"
    rows = (
        f"a,Tee,Finish,red,{link},5,1.jpg\nb,Mug,Title,Default Title,,6,m.jpg\n"
        "a,,,x1,,4,2.jpg\nc,Hat,Title,Default Title,,7,\na,,,,,,3.jpg\n"
    )
    (tmp_path / "f.csv").write_text(header + rows)
    found = {entry.product_id: entry for entry in open_source(tmp_path / "f.csv").records()}
    assert sorted(found) == ["a~red", "a~x1", "b", "c"]
    assert found["a~red"].photos == ("1.jpg", "2.jpg", "3.jpg")
    assert found["a~x1"].colour == "x1"
