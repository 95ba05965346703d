"""The desk: for staff only, its forms, and what they change on the shop's pages."""

import csv
import io
import re

import pytest

from catalog.desk.votes import Votes
from tests.waiting import LONG
from tests.web.logged import STAFF
from tests.web.page_text import panel_cards, text_of

PAGES = (
    "/desk",
    "/desk/rules",
    "/desk/compare",
    "/desk/duplicates",
    "/desk/proposals",
    "/desk/settings",
    "/desk/photos",
)
PIN = "rule_id=top&action=pin&product_id=dress-red-1&position=1"


@pytest.mark.parametrize("path", [*PAGES, "/desk/report.csv"])
def test_only_staff_may_open_the_desk(staff, path):
    closed = staff.visit(path)
    assert closed.status_code == 401 and "Basic" in closed.headers["WWW-Authenticate"]
    page = staff.get(path)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    "path", ["/desk/rules", "/desk/compare", "/desk/duplicates", "/desk/settings"]
)
def test_strangers_change_nothing(staff, logged, path):
    client = logged.test_client()
    assert client.post(path, data={"rule_id": "x"}).status_code in (400, 401)
    # Staff whose browser was led here from another site have no token.
    answer = client.post(path, data={"name": "Stolen"}, headers=STAFF)
    assert answer.status_code == 400
    assert staff.shop.own.name == "Lookalike"


def test_the_first_page_says_what_the_index_holds(staff):
    page = text_of(staff.get("/desk"))
    assert "Products in the index" in page and re.search(r"<dd>2[34]<small>", page)
    assert "Published" in page and "recall@10" in page


def test_a_rule_is_previewed_then_in_force_then_removed(staff):
    page = text_of(staff.get(f"/desk/rules?{PIN}&on=t-shirt-blue-1"))
    assert "would change" in page and "Put in force" in page
    assert panel_cards(staff.visit("/products/t-shirt-blue-1"))[0] != "dress-red-1"
    page = text_of(
        staff.post(
            "/desk/rules", rule_id="top", action="pin", product_id="dress-red-1", position="1"
        )
    )
    assert "The rule top is in force." in page
    assert panel_cards(staff.visit("/products/t-shirt-blue-1"))[0] == "dress-red-1"
    page = text_of(staff.post("/desk/rules", remove="top"))
    assert "The rule top is removed." in page
    assert panel_cards(staff.visit("/products/t-shirt-blue-1"))[0] != "dress-red-1"


def test_a_preview_marks_what_changes(staff):
    page = staff.get(f"/desk/rules?{PIN}&on=t-shirt-blue-1").get_data(as_text=True)
    before, after = page.split('id="after"')
    assert 'class="changed"' not in before
    assert re.search(r'class="changed">\s*<a href="/products/dress-red-1"', after)
    assert staff.shop.rules.all() == ()


def test_a_rule_that_cannot_be_put_in_force_is_there_to_be_corrected(staff):
    fields = {"rule_id": "top", "action": "pin", "product_id": "dress-red-1", "position": "1"}
    staff.post("/desk/rules", **fields)
    page = text_of(staff.post("/desk/rules", **{**fields, "position": "2"}))
    assert "There is a rule 'top' already." in page and "The rule top is in force." not in page
    assert "tick “Replace a rule of this name”" in page and "--replace" not in page
    assert 'name="product_id" type="text" value="dress-red-1"' in page
    assert "Replace a rule of this name" in page
    page = text_of(staff.post("/desk/rules", **{**fields, "position": "2"}, replace="1"))
    assert "The rule top is in force." in page
    assert [rule.position for rule in staff.shop.rules.all()] == [2]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("action=pin&product_id=nope&position=1", "product 'nope' is not in the catalogue"),
        ("action=off&page=prodct", "'prodct' is none of the pages product, wishlist"),
        ("action=off&seed=nope&on=t-shirt-blue-1", "product 'nope' is not in the catalogue"),
    ],
)
def test_a_preview_says_what_a_rule_names_that_is_unknown(staff, query, says):
    page = text_of(staff.get(f"/desk/rules?rule_id=x&{query}"))
    assert re.search(rf'class="note note-problem">[^<]*{says}', page) and "would change" in page


def test_a_rule_of_reduced_products_is_made_in_the_form(staff):
    query = "rule_id=x&action=exclude&where.on_sale=true&on=t-shirt-blue-1"
    page = text_of(staff.get(f"/desk/rules?{query}"))
    assert '<select name="where.on_sale">' in page and "would change" in page
    assert '<option value="true" selected>' in page
    fields = {"rule_id": "x", "action": "exclude", "where.on_sale": "true"}
    page = text_of(staff.post("/desk/rules", **fields))
    assert staff.shop.rules.all()[0].where.on_sale is True and "<td>reduced </td>" in page


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("rule_id=x&action=pin", "needs"),
        ("rule_id=x&action=dance&product_id=1", "action"),
        (f"{PIN}&on=nowhere", "nowhere"),
        ("rule_id=x&action=boost&where.price_from=cheap&amount=0.1", "price_from"),
    ],
)
def test_a_bad_rule_says_what_is_wrong(staff, query, says):
    page = text_of(staff.get(f"/desk/rules?{query}"))
    assert re.search(rf'role="alert">[^<]*{says}', page)


def test_a_vote_is_kept_for_the_side_that_was_chosen(staff):
    query = "a_facets=colour:1,shape:0,pattern:0&b_facets=&go=1&seed=t-shirt-blue-1"
    left_was_a = set()
    for _ in range(12):
        page = staff.get(f"/desk/compare?{query}").get_data(as_text=True)
        ballot = re.search(r'name="ballot" value="([^"]+)"', page)[1]
        left = re.search(r'id="left".*?id="right"', page, re.S)[0]
        cards = re.findall(r'href="/products/([^"]+)"', left)
        by_colour = all("blue" in card for card in cards[:2]) and cards[2:3] != []
        before = {tally.side_a: tally.a for tally in Votes(staff.shop.catalogue.db).tallies()}
        answer = staff.post("/desk/compare", ballot=ballot, choice="left")
        assert "Your vote is kept." in text_of(answer)
        tally = Votes(staff.shop.catalogue.db).tallies()[0]
        won_a = tally.a > before.get(tally.side_a, 0)
        left_was_a.add((won_a, tuple(cards)))
        assert by_colour in (True, False)
    # The same cards on the left always stood for the same side.
    assert len({cards for _, cards in left_was_a}) == len(left_was_a) == 2


def test_a_ballot_that_is_sent_again_counts_once(staff):
    page = staff.get("/desk/compare?a_facets=colour:1&go=1&seed=t-shirt-blue-1")
    ballot = re.search(r'name="ballot" value="([^"]+)"', page.get_data(as_text=True))[1]
    assert "Your vote is kept." in text_of(
        staff.post("/desk/compare", ballot=ballot, choice="left")
    )
    for choice in ("left", "right"):
        again = text_of(staff.post("/desk/compare", ballot=ballot, choice=choice))
        assert "A vote of this ballot is kept already." in again
    (tally,) = Votes(staff.shop.catalogue.db).tallies()
    assert (tally.decided, tally.ties) == (1, 0)


def test_a_ballot_cannot_be_invented(staff):
    answer = staff.post("/desk/compare", ballot="WyJhIl0.x", choice="left")
    assert answer.status_code == 400
    assert Votes(staff.shop.catalogue.db).tallies() == ()


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("go=1", "Both sides are the same"),
        ("a_facets=colour:much&go=1", "The weight of facet 'colour' must be 0 or more"),
        ("a_facets=colour&go=1", "must look like colour:2,shape:1"),
        ("a_facets=colour:1&go=1&seed=nowhere", "nowhere"),
        ("seed=nowhere", "nowhere"),
        ("a_facets=smell:1&go=1&seed=t-shirt-blue-1", "smell"),
        ("a_home=elsewhere&go=1", "LOOKALIKE_OTHER_HOMES"),
        ("a_diversity=7&go=1", "from 0 to 1"),
        ("a_diversity=0_1&go=1", "from 0 to 1"),
    ],
)
def test_a_bad_comparison_says_what_is_wrong(staff, query, says):
    page = text_of(staff.get(f"/desk/compare?{query}"))
    assert re.search(rf'role="alert">[^<]*{re.escape(says)}', page)


def test_settings_are_in_force_at_once(staff):
    assert "Lookalike" in text_of(staff.visit("/"))
    page = staff.post(
        "/desk/settings", name="Nordlicht", currency="sek", locale="de-DE", slider="colour",
        show_match="true",
    )  # fmt: skip
    assert "The settings are in force." in text_of(page)
    grid = text_of(staff.visit("/"))
    assert ">Nordlicht</a>" in grid and "<title>Everything · Nordlicht</title>" in grid
    assert "25,90\xa0€" in grid
    product = text_of(staff.visit("/products/t-shirt-blue-1"))
    assert 'name="mix.colour"' in product and 'name="mix.shape"' not in product
    assert staff.shop.own.show_match and staff.shop.own.currency == "SEK"
    staff.post("/desk/settings", name="")  # no slider is ticked
    product = text_of(staff.visit("/products/t-shirt-blue-1"))
    assert 'class="sliders"' not in product and "Lookalike" in product


def test_a_bad_setting_is_refused_beside_its_field(staff):
    answer = staff.post("/desk/settings", name="Ours", currency="EURO", slider="colour")
    assert answer.status_code == 400
    assert 'id="currency-error"' in text_of(answer) and 'value="Ours"' in text_of(answer)
    assert staff.shop.own.name == "Lookalike"


def test_the_numbers_are_a_csv_file(staff, monkeypatch):
    monkeypatch.setattr("web.app.context.LOG_PATIENCE", LONG)  # for the log, on a busy machine
    staff.visit("/products/t-shirt-blue-1")
    answer = staff.get("/desk/report.csv?days=7")
    assert answer.mimetype == "text/csv" and "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert {row["part"] for row in rows} >= {"total"}
    assert next(row for row in rows if row["name"] == "fallbacks")["panels"] == "1"
