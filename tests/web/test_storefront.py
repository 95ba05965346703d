import pytest

from tests.web.pages import cards, panel_cards, text_of


def test_the_grid_shows_every_product_with_its_price_and_photo(client):
    page = client.get("/")
    assert page.status_code == 200
    assert len(cards(page)) == 24
    assert "24 products" in text_of(page)
    assert "€25.90" in text_of(page)
    assert text_of(page).count("<img") == 23
    assert "No photo yet" in text_of(page)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("category=Tops", 8),
        ("category=Tops+%3E+T-shirts", 8),
        ("category=Top", 0),
        ("colour=red", 6),
        ("gender=female", 8),
        ("q=mustard+dress", 2),
        ("q=MUSTARD", 6),
        ("category=Dresses&colour=blue&q=no.+1", 1),
    ],
)
def test_filters_narrow_the_grid(client, query, count):
    assert len(cards(client.get(f"/?{query}"))) == count


def test_filters_are_kept_when_another_one_is_chosen(client):
    page = text_of(client.get("/?category=Dresses&q=no"))
    assert 'href="/?category=Dresses&colour=red&q=no"' in page
    assert 'href="/?category=Dresses"' in page  # the search can be taken off again


def test_pages_follow_each_other_without_overlap(client):
    pages = [client.get(f"/?per_page=10&page={number}") for number in (1, 2, 3)]
    listed = [card for page in pages for card in cards(page)]
    assert [len(cards(page)) for page in pages] == [10, 10, 4]
    assert len(set(listed)) == 24
    assert 'rel="next"' in text_of(pages[0]) and 'rel="prev"' not in text_of(pages[0])
    assert 'rel="next"' not in text_of(pages[2])


def test_nothing_found_offers_a_way_out(client):
    page = text_of(client.get("/?q=zebra"))
    assert "0 products" in page
    assert "See everything" in page


def test_titles_are_shown_as_text_and_never_run(client):
    raw = client.get("/").get_data(as_text=True)
    assert "<script>alert" not in raw
    assert "&lt;script&gt;alert" in raw


def test_a_product_page_shows_its_facts_and_photos(client):
    page = text_of(client.get("/products/t-shirt-blue-1"))
    assert "Blue T-Shirt no. 1" in page or "Blue T-shirt no. 1" in page
    for fact in ("Fern & Field", "€25.90", "In stock", "Unisex", "Sleeve", "Short"):
        assert fact in page
    assert "photo 2" in page
    assert 'href="https://shop.example/t-shirt-blue-1"' in page


def test_a_script_address_is_never_linked(client):
    assert "javascript:" not in text_of(client.get("/products/trousers-blue-1"))


def test_the_panel_shows_what_looks_alike_with_reasons(client):
    page = client.get("/products/t-shirt-blue-1")
    picks = panel_cards(page)
    assert picks[0] == "t-shirt-blue-2"
    assert "t-shirt-blue-1" not in picks
    assert "t-shirt-red-2" not in picks  # sold out
    assert 'class="reasons"' in text_of(page)


def test_the_panel_can_be_asked_to_compare_by_one_facet(client):
    page = text_of(client.get("/products/t-shirt-blue-1"))
    assert 'href="/products/t-shirt-blue-1?facets=colour:4#similar"' in page
    by_colour = panel_cards(
        client.get("/products/t-shirt-blue-1?facets=colour:1,shape:0,pattern:0")
    )
    assert {card.split("-")[-2] for card in by_colour[:3]} == {"blue"}


def test_a_product_without_photo_says_kindly_that_it_has_no_look_alikes(client):
    page = client.get("/products/dress-green-2")
    assert page.status_code == 200
    assert panel_cards(page) == []
    assert "No look-alikes: there is no photo" in text_of(page)


def test_a_shop_without_an_index_still_opens(bare_client):
    assert len(cards(bare_client.get("/"))) == 24
    page = bare_client.get("/products/t-shirt-blue-1")
    assert page.status_code == 200
    assert panel_cards(page) == []
    assert "No look-alikes yet: run `lookalike reindex`." in text_of(page)


def test_a_missing_index_is_logged_once_and_not_with_every_page(bare_client, caplog):
    for _ in range(3):
        bare_client.get("/products/t-shirt-blue-1")
    assert len([record for record in caplog.records if record.name.startswith("web")]) == 1


def test_an_unknown_facet_is_a_bad_request(client):
    page = client.get("/products/t-shirt-blue-1?facets=smell:2")
    assert page.status_code == 400
    assert "no facet" in text_of(page)


def test_every_page_can_be_skipped_through_by_keyboard(client):
    page = text_of(client.get("/"))
    assert 'class="skip" href="#main"' in page
    assert '<main id="main"' in page
    assert '<label class="unseen" for="q">' in page
