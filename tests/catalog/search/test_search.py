"""Search on SQLite's FTS5 and PostgreSQL: word forms, synonyms, spelling, and what is live."""

import pytest
from sqlalchemy import event, text

from catalog.database.database import Database
from catalog.filters.filter import Filter
from catalog.products import catalogue as catalogue_module
from catalog.products.catalogue import Catalogue
from catalog.records import SearchNote
from catalog.search import expressions
from catalog.search.documents import more_document, words_of
from catalog.search.query import MAX_WORDS
from catalog.settings import CatalogSettings
from tests.catalog.database.test_database import move
from tests.catalog.search.conftest import PRODUCTS


def ids(page) -> list[str]:
    return [product.product_id for product in page.products]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gray shirt", {"shirt", "shirt2"}),  # no T-shirts, no sweatshirts
        ("grey shirts", {"shirt", "shirt2"}),
        ("t shirt", {"tee", "tee2"}),
        ("T-Shirts for men", {"tee", "tee2"}),
        ("tees", {"tee", "tee2"}),
        ("sweatshirt", {"sweat"}),
        ("womens heels", {"heels"}),
        ("women's high heel", {"heels"}),
        ("ladies shirt", {"shirt2"}),
        ("trainers", {"sneaker", "run"}),
        ("mens trainers", {"sneaker", "run"}),  # one is for everybody
        ("girls dress", {"kid"}),
        ("down jacket", {"down"}),
        ("robe d’etoile", {"étoile"}),
        ("ÉTOILE", {"étoile"}),
        ("赤い", {"jp"}),  # no blanks between words
        ("ドレス", {"jp"}),
        ("canv", {"sneaker"}),  # the beginning of a word
        ("heels", {"heels"}),
        ("watch", {"watch"}),
    ],
)
def test_what_shoppers_write_is_found(catalogue, text, expected):
    page = catalogue.browse(text=text)
    assert set(ids(page)) == expected
    assert (page.total, page.note) == (len(expected), None)


@pytest.mark.parametrize(
    ("text", "corrected", "first"),
    [
        ("wathc", "watch", "watch"),
        ("snekers", "sneakers", "sneaker"),
        ("gray shrit", "gray shirt", "shirt2"),
        ("striepd dres", "striped dres", "kid"),
    ],
)
def test_spelling_mistakes_are_corrected_and_told(catalogue, text, corrected, first):
    page = catalogue.browse(text=text)
    assert ids(page)[0] == first
    assert page.note is not None and page.note.corrected == corrected


def test_words_of_the_title_count_more(catalogue):
    assert ids(catalogue.browse(text="grey shirt"))[0] == "shirt2"  # the other only has the colour


def test_a_word_that_nothing_has_is_ignored_and_told(catalogue):
    page = catalogue.browse(text="xyzzyplugh watch")
    assert ids(page) == ["watch"]
    assert page.note == SearchNote(None, ("xyzzyplugh",))
    assert catalogue.browse(text="xyzzyplugh").total == 0


def test_where_no_product_has_all_words_those_with_most_are_shown(catalogue):
    page = catalogue.browse(text="patent heels men")
    assert ids(page)[0] == "heels"
    assert page.note == SearchNote(some=True)


def test_a_filter_narrows_a_search_and_changes_no_word(catalogue):
    page = catalogue.browse(text="grey shirt", where=Filter(brand=("Tick",)))
    assert (page.total, page.note) == (0, None)
    assert ids(catalogue.browse(text="grey shirt", where=Filter(brand=("Sud",)))) == ["shirt2"]


def test_an_id_is_found_first(catalogue):
    assert ids(catalogue.browse(text="watch"))[0] == "watch"
    assert ids(catalogue.browse(text="tee2")) == ["tee2"]
    assert ids(catalogue.browse(text="étoile")) == ["étoile"]


def test_pages_of_a_search_have_no_overlap(catalogue):
    pages = [ids(catalogue.browse(text="nord", page=page, per_page=2)) for page in (1, 2, 3)]
    whole = ids(catalogue.browse(text="nord"))
    assert [one for page in pages for one in page] == whole and len(whole) == 5


def test_the_index_follows_the_catalogue(catalogue, put):
    changed = [("watch", "Wall clock", *PRODUCTS[8][2:]), *PRODUCTS[9:]]
    put(changed, sync=True)
    assert ids(catalogue.browse(text="clock")) == ["watch"]
    assert ids(catalogue.browse(text="analogue")) == []
    put(PRODUCTS)
    assert ids(catalogue.browse(text="analogue")) == ["watch"]
    assert ids(catalogue.browse(text="clock")) == []


def test_rows_that_are_deleted_leave_the_index(catalogue, db):
    with db.write() as connection, connection.begin():
        connection.execute(text("DELETE FROM photos"))
        connection.execute(text("DELETE FROM products WHERE product_id = 'watch'"))
        connection.execute(text("UPDATE catalogue_state SET version = version + 1"))
    assert ids(catalogue.browse(text="analogue")) == []


def test_products_from_before_the_index_are_found_after_the_migration(
    catalogue, db, catalog_settings
):
    move(db, "0008")
    Database.migrate(catalog_settings)
    assert ids(Catalogue(db).browse(text="womens heels")) == ["heels"]
    assert ids(Catalogue(db).browse(text="gray shirt"))[0] == "shirt2"


@pytest.mark.parametrize(
    "asked",
    ['"', "'", "a OR b", "NEAR(a b)", "search_text:grey", "-grey", "^grey", "*", "& | !", "<->",
     "grey:*", "\\", "(" * 200, "\ud800", "a" * 200, "x y " * 50, "🧥", "ß",
     "\N{COMBINING ACUTE ACCENT}"],
)  # fmt: skip
def test_no_text_is_syntax(catalogue, asked):
    catalogue.browse(text=asked)


def test_the_number_of_statements_has_a_limit(catalogue, db):
    catalogue.browse(text="warm up the words zzzzzz")
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    catalogue.browse(text=" ".join(f"unknown{letter}word" for letter in "abcdefghijklmnopqrst"))
    selects = [one for one in statements if one.lstrip().startswith("SELECT")]
    assert len(selects) <= 8 + 3 * MAX_WORDS


def test_where_nothing_is_a_shirt_t_shirts_are_found(db, put):
    put([one for one in PRODUCTS if one[0] in ("tee", "tee2", "heels")])
    catalogue = Catalogue(db)
    assert set(ids(catalogue.browse(text="shirt"))) == {"tee", "tee2"}
    assert set(ids(catalogue.browse(text="shirts"))) == {"tee", "tee2"}


def test_unknown_words_search_no_whole_table(catalogue, db):
    catalogue.browse(text="warm up the words zzzzzz")
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert catalogue.browse(text="qqqqqq wwwwww").total == 0
    assert not [one for one in statements if "LIKE" in one]


def test_a_search_counts_no_more_matches_than_it_ranks(catalogue, monkeypatch):
    for module in (expressions, catalogue_module):
        monkeypatch.setattr(module, "MAX_RANKED", 3)
    page, second = (catalogue.browse(text="nord", page=at, per_page=2) for at in (1, 2))
    assert (page.total, page.exact, len(page.products), len(second.products)) == (3, False, 2, 1)
    page = catalogue.browse(text="watch")
    assert (page.total, page.exact) == (1, True)
    page = catalogue.browse()
    assert (page.total, page.exact) == (len(PRODUCTS), True)


def test_no_query_reads_all_matches_of_common_words(catalogue, db):
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    catalogue.browse(text="nord shirts")
    catalogue.choices(Filter(), "nord shirts")
    of_index = [one for one in statements if "product_search" in one]
    assert len(of_index) > 8
    assert not [one for one in of_index if "LIMIT" not in one and "EXISTS" not in one]


def test_a_shop_s_own_synonyms(db, put, tmp_path):
    put(PRODUCTS)
    words = tmp_path / "words.toml"
    words.write_text('[search]\nkicks = ["sneakers", "sports shoes"]\n')
    with Database.open(CatalogSettings(words=words)) as own:
        assert set(ids(Catalogue(own).browse(text="kicks"))) == {"sneaker", "run"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Women's T-Shirts!", ["womens", "tshirts"]),
        ("Étoile 100% Cotton", ["etoile", "100", "cotton"]),
        ("flip-flops", ["flipflops"]),
        ("t", ["t"]),
        ("", []),
    ],
)
def test_words(text, words):
    assert words_of(text) == words


def test_people_are_named_as_shoppers_name_them():
    assert more_document(None, None, None, "female", "kids") == "kids girls"
    assert more_document("Shoes > Heels", "red", None, "unisex", None) == (
        "shoes heels red unisex women men"
    )
