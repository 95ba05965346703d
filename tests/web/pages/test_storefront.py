import re

import pytest

from tests.web.page_text import cards, panel_cards, text_of


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


def test_nothing_found_offers_everything(client):
    page = text_of(client.get("/?q=zebra"))
    assert "0 products" in page
    assert "See everything" in page


def test_titles_are_shown_as_text_and_never_run(client):
    raw = client.get("/").get_data(as_text=True)
    assert "<3" not in raw
    assert "Dress &lt;3 &#34;you&#34; &amp; co" in raw


def test_a_product_page_shows_its_facts_and_photos(client):
    page = text_of(client.get("/products/t-shirt-blue-1"))
    assert "Blue T-Shirt no. 1" in page or "Blue T-shirt no. 1" in page
    for fact in ("Fern & Field", "€25.90", "In stock", "Unisex", "Sleeve", "Short"):
        assert fact in page
    assert "photo 2" in page
    assert 'href="https://shop.example/t-shirt-blue-1"' in page


def test_a_script_address_is_never_linked(client):
    assert "javascript:" not in text_of(client.get("/products/trousers-blue-1"))


def test_the_panel_shows_similar_items_with_reasons(client):
    page = client.get("/products/t-shirt-blue-1")
    items = panel_cards(page)
    assert items[0] == "t-shirt-blue-2"
    assert "t-shirt-blue-1" not in items
    assert "t-shirt-red-2" not in items  # sold out
    assert 'class="reasons"' in text_of(page)


def test_more_like_a_result_in_one_facet_is_a_link_away(client):
    page = text_of(client.get("/products/t-shirt-blue-1"))
    assert 'href="/products/t-shirt-blue-2?mix.colour=4&from=t-shirt-blue-1#similar"' in page
    address = "/products/t-shirt-blue-1?mix.shape=0&mix.pattern=0"
    by_colour = panel_cards(client.get(address))
    assert {card.split("-")[-2] for card in by_colour[:2]} == {"blue"}


def test_sliders_are_positioned_by_the_url(client):
    page = text_of(client.get("/products/t-shirt-blue-1?mix.colour=4&variety=1&on_sale=true"))
    assert re.search(r'name="mix\.colour"[^>]* value="4"', page)
    assert re.search(r'name="mix\.shape"[^>]* value="2"', page)
    assert re.search(r'name="variety"[^>]* value="1"', page)
    assert re.search(r'name="on_sale"[^>]* checked', page)


def test_the_panel_alone_is_what_the_page_shows(client):
    query = "?mix.colour=4&colour=blue"
    page = client.get(f"/products/t-shirt-blue-1{query}")
    part = client.get(f"/panel/t-shirt-blue-1{query}")
    cards = re.findall(r'class="card-link" href="/products/([^"?]+)"', text_of(part))
    assert cards == panel_cards(page) != []
    assert "<html" not in text_of(part)


def test_the_panel_can_be_narrowed(client):
    only = panel_cards(client.get("/products/t-shirt-blue-1?on_sale=true"))
    assert only == ["t-shirt-green-1"]
    cheap = panel_cards(client.get("/products/t-shirt-blue-1?price_from=26&price_to=20"))
    assert "t-shirt-green-1" not in cheap  # €19.90 now
    assert cheap and all(card.endswith("-1") for card in cheap)


def test_a_filter_that_nothing_fits_is_relaxed_and_says_so(client):
    page = client.get("/products/t-shirt-blue-1?price_from=900")
    assert panel_cards(page)
    assert "Nothing is close enough: shown without the price filter." in text_of(page)


def test_a_reduced_product_shows_both_prices(client):
    page = text_of(client.get("/products/t-shirt-green-1"))
    assert re.search(r"<ins>.*€19\.90</ins>\s*<del>.*€25\.90</del>", page)
    assert "<del>" not in text_of(client.get("/products/dress-red-1"))


def test_what_was_folded_into_a_card_is_counted(client):
    page = text_of(client.get("/products/trousers-blue-1"))
    assert re.search(r'href="/products/trousers-\w+-1#variants">2 more colours<', page)


def test_a_product_page_links_its_variants(client):
    page = text_of(client.get("/products/trousers-red-1"))
    part = page[page.index('id="variants"') : page.index("<dl")]
    links = re.findall(r'href="/products/([^"]+)"( aria-current="page")?', part)
    assert links == [
        ("trousers-red-1", ' aria-current="page"'), ("trousers-green-1", ""),
        ("trousers-mustard-1", ""),
    ]  # fmt: skip
    assert 'id="variants"' not in text_of(client.get("/products/t-shirt-blue-1"))


def test_the_page_of_a_sold_out_product_leads_with_similar_items(client):
    page = text_of(client.get("/products/t-shirt-red-2"))
    assert page.index('class="gone"') < page.index('id="similar"') < page.index('id="product"')
    assert "Similar items that you can buy" in page
    assert page.count("<h1") == 1
    assert page.count('id="similar"') == 1
    empty = text_of(client.get("/products/t-shirt-red-2?price_to=0.01&colour=mustard"))
    assert empty.index('id="similar"') < empty.index('id="product"')  # while its filters are set
    usual = text_of(client.get("/products/t-shirt-blue-1"))
    assert usual.index('id="product"') < usual.index('id="similar"')
    assert 'class="gone"' not in usual and usual.count("<h1") == 1


def test_a_sold_out_product_without_similar_items_is_a_page_as_any_other(bare_client):
    page = text_of(bare_client.get("/products/t-shirt-red-2"))
    assert 'class="gone"' not in page
    assert page.index('id="product"') < page.index('id="similar"')


def test_cards_of_a_panel_carry_what_events_need(client):
    page = client.get("/products/t-shirt-blue-1")
    ids = panel_cards(page)
    for kind in ("article", "li"):  # the cards, and their places in the panel
        found = re.findall(
            rf'<{kind} [^>]*data-product="([^"]+)" data-position="(\d+)"', text_of(page)
        )
        assert found == [(product, str(place)) for place, product in enumerate(ids, start=1)]
    assert len(re.findall(r'data-query="\w{32}"', text_of(page))) == 1


def test_a_product_without_photo_says_that_it_has_no_similar_items(client):
    page = client.get("/products/dress-green-2")
    assert page.status_code == 200
    assert panel_cards(page) == []
    assert "No similar items: this product has no photo" in text_of(page)


def test_a_shop_without_an_index_still_opens(bare_client):
    assert len(cards(bare_client.get("/"))) == 24
    page = bare_client.get("/products/t-shirt-blue-1")
    assert page.status_code == 200
    assert panel_cards(page) == []
    assert "No similar items yet: run `lookalike reindex`." in text_of(page)


def test_a_missing_index_is_logged_once_and_not_with_every_page(bare_client, caplog):
    for _ in range(3):
        bare_client.get("/products/t-shirt-blue-1")
    assert len([record for record in caplog.records if record.name.startswith("web")]) == 1


def test_an_unknown_facet_is_a_bad_request(client):
    page = client.get("/products/t-shirt-blue-1?mix.smell=4")
    assert page.status_code == 400
    assert "no facet" in text_of(page)


def test_every_page_can_be_skipped_through_by_keyboard(client):
    page = text_of(client.get("/"))
    assert 'class="skip" href="#main"' in page
    assert '<main id="main"' in page
    assert '<label class="unseen" for="q">' in page


def test_the_grid_is_narrowed_by_price_brand_and_sale_with_counts(client):
    page = text_of(client.get("/"))
    assert 'href="/?on_sale=true"' in page and 'name="price_from"' in page
    reduced = int(re.search(r'On sale<span class="n">(\d+)', page)[1])
    assert len(cards(client.get("/?on_sale=true"))) == reduced > 0
    for field in ("brand", "colour", "gender"):
        listed = re.findall(rf'href="/\?{field}=([^"&]+)"[^>]*>.*?<span class="n">(\d+)', page)
        for value, count in listed:
            assert len(cards(client.get(f"/?{field}={value}"))) == int(count), (field, value)
    assert "colour=" in page
    cheap = client.get("/?price_to=20")
    assert 0 < len(cards(cheap)) < 24 and 'aria-label="Remove the filter Price to 20"' in (
        text_of(cheap)
    )


def test_several_values_of_a_filter_and_one_taken_off(client):
    page = client.get("/?colour=red&colour=blue")
    assert len(cards(page)) == 12
    assert 'href="/?colour=blue" aria-label="Remove the filter Red"' in text_of(page)


def test_the_grid_is_sorted(client):
    prices = [
        float(price)
        for price in re.findall(
            r'card-price">(?:<ins><span class="unseen">Now </span>)?€([\d.]+)',
            text_of(client.get("/?sort=price")),
        )
    ]
    assert prices == sorted(prices) and len(prices) > 20


def test_a_misspelt_search_is_corrected_and_says_so(client):
    page = client.get("/?q=mustrad")
    assert len(cards(page)) == 6
    assert "“mustard”" in text_of(page)


def test_an_empty_search_suggests(client):
    page = text_of(client.get("/?q=zebra"))
    assert "Nothing here matches “zebra”" in page and 'class="suggested"' in page
    page = text_of(client.get("/?q=mustard&gender=male&category=Dresses&price_to=0.5"))
    assert "Search all products: 6 found" in page and 'href="/?q=mustard"' in page
    page = text_of(client.get("/?gender=male&category=Dresses&price_to=0.5"))
    assert "No products match these filters" in page and "words" not in page
    assert "Take a filter away, or look at:" in page


@pytest.mark.parametrize("query", ["gender=nobody", "price_to=cheap", "age_group=old"])
def test_an_impossible_filter_is_refused_and_says_why(client, query):
    assert client.get(f"/?{query}").status_code == 400
