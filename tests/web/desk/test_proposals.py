"""Words that are proposed for products: listed, accepted, dismissed and undone on the desk."""

import json

import pytest

from catalog.desk.proposals import Proposal, Proposals
from tests.web.logged import STAFF
from tests.web.page_text import text_of

PUFFED = Proposal("dress-red-1", "sleeve", "puffed", 0.85, "10 of 12 neighbours")
CREW = Proposal(
    "t-shirt-blue-1",
    "neck",
    "crew",
    0.97,
    "12 of 12 neighbours",
    (("t-shirt-red-1", "crew"), ("t-shirt-red-2", "polo"), ("gone", "crew")),
)
GONE = Proposal("gone", "neck", "crew", 0.9, "11 of 12 neighbours")
PATH = "/desk/proposals"


@pytest.fixture
def proposed(staff):
    """Staff of a shop with three proposals, one of them for a product that is gone."""
    Proposals(staff.shop.catalogue.db).replace([PUFFED, CREW, GONE])
    return staff


def item(proposal):
    return json.dumps(proposal.key)


def attributes(staff, product_id):
    return staff.shop.catalogue.product(product_id).attributes


def test_without_proposals_the_page_says_how_to_get_some(staff):
    page = text_of(staff.get(PATH))
    assert "0 proposals" in page and "lookalike ingest SOURCE --fill" in page
    assert "Nothing yet." in page


def test_proposals_are_listed_the_surest_first_with_their_neighbours(proposed):
    page = text_of(proposed.get(PATH))
    assert "3 proposals" in page
    assert "neck: <strong>crew</strong>" in page
    assert page.index("12 of 12 neighbours") < page.index("10 of 12 neighbours")
    assert "11 of 12 neighbours" not in page
    assert page.count('class="small-title') == 2
    assert 'class="small-title other">polo' in page
    assert "not so many pages" in text_of(proposed.get(f"{PATH}?page=2"))
    assert "Puffed" not in text_of(proposed.visit("/products/dress-red-1"))
    narrowed = text_of(proposed.get(f"{PATH}?attribute=sleeve"))
    assert "1 proposal for sleeve" in narrowed and "12 of 12 neighbours" not in narrowed
    assert "None for colour." in text_of(proposed.get(f"{PATH}?attribute=colour"))


def test_an_accepted_word_is_on_the_product_s_page_until_it_is_undone(proposed):
    page = text_of(proposed.post(PATH, accept=item(PUFFED)))
    assert "Accepted (sleeve: puffed, dress-red-1)." in page
    assert "10 of 12 neighbours" not in page
    assert attributes(proposed, "dress-red-1")["sleeve"] == "puffed"
    assert "Puffed" in text_of(proposed.visit("/products/dress-red-1"))
    page = text_of(proposed.post(PATH, undo=item(PUFFED)))
    assert "1 decision undone" in page and "10 of 12 neighbours" in page
    assert "sleeve" not in attributes(proposed, "dress-red-1")


def test_a_dismissed_word_stays_away(proposed):
    page = text_of(proposed.post(PATH, dismiss=item(CREW)))
    assert "Dismissed (neck: crew, t-shirt-blue-1)." in page
    Proposals(proposed.shop.catalogue.db).replace([PUFFED, CREW])
    assert "12 of 12 neighbours" not in text_of(proposed.get(PATH))
    assert "neck" not in attributes(proposed, "t-shirt-blue-1")


def test_a_page_is_accepted_at_once_and_undone_together(proposed):
    both = [item(CREW), item(PUFFED)]
    page = text_of(proposed.post(PATH, all="accept", item=both, attribute="neck"))
    assert "2 words accepted." in page
    assert attributes(proposed, "t-shirt-blue-1")["neck"] == "crew"
    assert "Undo the last 2 together" in page
    again = text_of(proposed.post(PATH, all="dismiss", item=both))
    assert "0 words dismissed. 2 proposals had been replaced or decided before." in again
    page = text_of(proposed.post(PATH, all="undo", item=both))
    assert "2 decisions undone" in page
    assert "neck" not in attributes(proposed, "t-shirt-blue-1")


def test_a_page_that_is_none_is_refused(staff):
    assert staff.get(f"{PATH}?page=0").status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"accept": ""},
        {"accept": "[1, 2, 3]"},
        {"accept": '["a", "b"]'},
        {"accept": '["a", "b\\u0000", "c"]'},
        {"undo": '["a", "b\\ud800", "c"]'},
        {"accept": "[" * 1_000},
        {"accept": '["' + "x" * 3_000 + '", "b", "c"]'},
        {"all": "accept"},
        {"all": "everything", "item": '["a", "b", "c"]'},
        {"all": "accept", "item": ['["a", "b", "c"]'] * 201},
        {"accept": '["a", "b", "c"]', "page": "0"},
    ],
)
def test_what_is_no_proposal_is_refused(staff, fields):
    assert staff.post(PATH, **fields).status_code == 400


def test_deciding_needs_the_token_and_the_password(proposed, logged):
    form = {"accept": item(CREW)}
    client = logged.test_client()
    assert client.post(PATH, data=form, headers=STAFF).status_code == 400
    assert client.post(PATH, data=form).status_code in (400, 401)
    assert "neck" not in attributes(proposed, "t-shirt-blue-1")
