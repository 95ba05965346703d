"""What is listed twice, decided on the desk; and what that changes in panels."""

import pytest

from catalog.desk.decisions import Decisions
from catalog.desk.found_pairs import FoundPair, FoundPairs
from tests.web.page_text import panel_cards, text_of

PAGE = "/desk/duplicates"


@pytest.fixture
def pair(staff):
    """Two products that a search found, of which the first answers the second."""
    first = "t-shirt-blue-1"
    second = panel_cards(staff.visit(f"/products/{first}"))[0]
    found = FoundPair(*sorted((first, second)), 0.99, 3.0, "one photo, changed")
    FoundPairs(staff.shop.catalogue.db).replace("product", [found])
    return found.first, found.second


def choose(staff, pair, choice, kind="product"):
    return text_of(staff.post(PAGE, kind=kind, first=pair[0], second=pair[1], choice=choice))


def test_a_merged_pair_answers_one_another_no_more_until_it_is_undone(staff, pair):
    page = text_of(staff.get(PAGE))
    assert "1 to decide" in page and "one photo, changed" in page
    assert "are one product: merged." in choose(staff, pair, "same")
    for one, other in (pair, pair[::-1]):
        assert other not in panel_cards(staff.visit(f"/products/{one}"))
    page = text_of(staff.get(PAGE))
    assert "0 to decide" in page and "one product" in page
    assert "undone" in choose(staff, pair, "undo")
    assert pair[1] in panel_cards(staff.visit(f"/products/{pair[0]}"))


def test_a_pair_told_apart_is_kept_and_stays_in_the_panel(staff, pair):
    assert "are two products." in choose(staff, pair, "different")
    assert "0 to decide" in text_of(staff.get(PAGE))
    assert pair[1] in panel_cards(staff.visit(f"/products/{pair[0]}"))
    [kept] = Decisions(staff.shop.catalogue.db).all("product")
    assert (kept.first, kept.second, kept.same) == (*pair, False)


def test_a_photo_is_judged(staff):
    db = staff.shop.catalogue.db
    product = staff.shop.catalogue.product("t-shirt-blue-1")
    photo, other = (one.content_hash for one in product.photos)
    found = FoundPair(product.product_id, photo, 0.2, None, "photo 1 looks like dress-red-1")
    gone = FoundPair(product.product_id, "0" * 64, 0.1, None, "a photo that is gone")
    FoundPairs(db).replace("photo", [found, gone])
    page = staff.get(f"{PAGE}?kind=photo").get_data(as_text=True)
    assert photo in page and "looks like dress-red-1" in page
    assert other in page  # beside it, whichever of the two is the product's first
    assert "a photo that is gone" not in page
    assert "wrong product" in choose(staff, (product.product_id, photo), "different", "photo")
    assert Decisions(db).pairs("photo") == {(product.product_id, photo)}


def test_bad_forms_are_refused(staff, pair):
    assert staff.get(f"{PAGE}?kind=shoes").status_code == 400
    assert staff.post(PAGE, kind="shoes", first="a", second="b", choice="same").status_code == 400
    assert staff.post(PAGE, kind="product", first="a", second="b", choice="x").status_code == 400
    assert "nowhere" in choose(staff, ("nowhere", pair[0]), "same")
    assert "one product already" in choose(staff, (pair[0], pair[0]), "same")
    assert Decisions(staff.shop.catalogue.db).all("product") == ()


def test_nothing_found_says_how_to_search(staff):
    assert "lookalike duplicates" in text_of(staff.get(PAGE))
    assert "lookalike duplicates --photos" in text_of(staff.get(f"{PAGE}?kind=photo"))


def test_a_decision_leads_back_to_its_page(staff, pair, monkeypatch):
    monkeypatch.setattr("web.desk.duplicates.PER_PAGE", 1)
    other = FoundPair("dress-red-1", "dress-red-2", 0.98, 4.0, "one photo")
    third = FoundPair("trousers-red-1", "trousers-red-2", 0.97, 4.0, "one photo, mirrored")
    FoundPairs(staff.shop.catalogue.db).replace(
        "product", [FoundPair(*pair, 0.99, 3, ""), other, third]
    )
    page = text_of(staff.get(f"{PAGE}?page=2"))
    assert '<input type="hidden" name="page" value="2">' in page
    assert 'href="/desk/duplicates?page=3&kind=product"' in page
    fields = {"first": other.first, "second": other.second, "choice": "different"}
    page = text_of(staff.post(PAGE, kind="product", page="2", **fields))
    assert "2 of 2" in page and "one photo, mirrored" in page
    assert staff.post(PAGE, kind="product", page="x", **fields).status_code == 400


def test_pages_that_are_empty_do_not_say_that_nothing_waits(staff, pair):
    page = text_of(staff.get(f"{PAGE}?page=2"))
    assert "1 to decide" in page and "not so many pages" in page
    gone = FoundPair("gone", "gone-too", 0.99, 3.0, "one photo")
    FoundPairs(staff.shop.catalogue.db).replace("product", [gone])
    page = text_of(staff.get(PAGE))
    assert "no longer in the catalogue" in page and "Nothing waits" not in page


@pytest.mark.parametrize("name", ["a\x00b", "x" * 501])
@pytest.mark.parametrize("choice", ["same", "undo"])
def test_ids_that_cannot_be_are_refused(staff, name, choice):
    for kind in ("product", "photo"):
        answer = staff.post(PAGE, kind=kind, first=name, second="dress-red-1", choice=choice)
        assert answer.status_code == 400, answer.data
