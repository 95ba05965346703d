"""Words that are proposed for products, listed on the desk and nowhere else."""

from catalog.desk.proposals import Proposal, Proposals
from tests.web.page_text import text_of


def test_proposals_are_listed_the_surest_first_and_marked(staff):
    db = staff.shop.catalogue.db
    assert "lookalike ingest SOURCE --fill" in text_of(staff.get("/desk/proposals"))
    Proposals(db).replace(
        [
            Proposal("dress-red-1", "sleeve", "puffed", 0.85, "10 of 12 neighbours"),
            Proposal("t-shirt-blue-1", "neck", "crew", 0.97, "12 of 12 neighbours"),
            Proposal("gone", "neck", "crew", 0.9, "11 of 12 neighbours"),
        ]
    )
    page = text_of(staff.get("/desk/proposals"))
    assert "3 proposals" in page
    assert 'crew <span class="badge-new">proposal</span>' in page
    assert page.index("12 of 12 neighbours") < page.index("10 of 12 neighbours")
    assert "11 of 12 neighbours" not in page
    assert "not so many pages" in text_of(staff.get("/desk/proposals?page=2"))
    assert "puffed" not in text_of(staff.visit("/products/dress-red-1"))
    Proposals(db).replace([])
    assert "0 proposals" in text_of(staff.get("/desk/proposals"))


def test_a_page_that_is_none_is_refused(staff):
    assert staff.get("/desk/proposals?page=0").status_code == 400
