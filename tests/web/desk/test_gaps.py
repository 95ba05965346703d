"""Gaps and gluts on the desk: who is listed, in which order, and what is said without numbers."""

import csv
import io
import re

import pytest

from catalog.events.event import EventKind
from catalog.events.log import EventLog
from catalog.utc import utc_now
from tests.catalog.events.event_rows import answer, event
from tests.web.logged import STAFF, logging_app
from tests.web.page_text import text_of

PANELS = 100


def write_events(shop, styles, wanted_every):
    """Panels of each style, all seen; the last style is clicked far more than the others."""
    entries, now = [], utc_now()
    last = len(styles) - 1
    for at, style in enumerate(styles.listed):
        shown = styles.members(style, most=4)
        for number in range(at * PANELS, (at + 1) * PANELS):
            entries.append(answer(number, *shown, at=now))
            entries += [event(EventKind.VIEW, number, one, now) for one in shown]
            every = wanted_every if at < last else 2
            if every and number % every == 0:
                entries += [event(EventKind.CLICK, number, one, now) for one in shown]
    EventLog(shop.catalogue.db).write(entries)


@pytest.fixture
def wanted(staff, styles):
    """The styles, with events: the last one is a gap."""
    write_events(staff.shop, styles, 20)
    return styles


def names(page):
    return re.findall(r'<h2><a href="/styles/(\d+)"', page)


def test_a_gap_is_listed_with_photos_numbers_and_what_is_usual(staff, wanted):
    page = text_of(staff.get("/desk/gaps"))
    last = wanted.listed[-1]
    assert names(page) == [str(last.number)]
    assert "Gaps (1)" in page and f"All styles ({len(wanted)})" in page
    assert "times</strong> as often as usual" in page and "/media/" in page
    shown = min(4, last.size)
    assert f"<dt>clicked</dt><dd>{shown * PANELS // 2}</dd>" in page
    assert "style=" not in page.replace("?style=", "")


def test_all_styles_are_listed_in_the_chosen_order(staff, wanted):
    page = text_of(staff.get("/desk/gaps?show=all&sort=most-products"))
    assert names(page) == [str(one.number) for one in wanted.listed]
    first = names(text_of(staff.get("/desk/gaps?show=all&sort=most-wanted")))
    assert first[0] == str(wanted.listed[-1].number)
    assert names(text_of(staff.get("/desk/gaps?show=all&sort=least-wanted")))[-1] == first[0]


def test_pages_of_styles(staff, wanted, monkeypatch):
    monkeypatch.setattr("web.desk.gaps.PER_PAGE", 2)
    second = text_of(staff.get("/desk/gaps?show=all&page=2"))
    assert names(second) == [str(one.number) for one in wanted.listed[2:4]]
    assert 'rel="next" href="/desk/gaps?page=3&' in second
    assert "not so many pages" in text_of(staff.get("/desk/gaps?show=all&page=9"))


def test_the_file_has_every_style(staff, wanted):
    rows = list(csv.DictReader(io.StringIO(staff.get("/desk/gaps.csv").text)))
    assert [row["style"] for row in rows] == [str(one.number) for one in wanted.listed]
    assert rows[-1]["verdict"] == "gap"


def test_the_report_has_the_coverage_of_styles(staff, wanted):
    page = text_of(staff.get("/report"))
    assert "Coverage by style" in page and "Gini" in page
    assert f"{len(wanted)} of {len(wanted)} styles" in page
    rows = list(csv.DictReader(io.StringIO(staff.get("/desk/report.csv").text)))
    of_style = [row for row in rows if row["part"] == "coverage of style"]
    facts = staff.shop.catalogue.all_facts()
    sold = set(facts.ids[facts.available].tolist())
    expected = [
        (len(sold.intersection(wanted.members(one))), len(sold & {*wanted.members(one, most=4)}))
        for one in wanted.listed
    ]
    assert [(int(row["panels"]), int(row["clicked"])) for row in of_style] == expected


def test_without_styles_and_without_events_it_says_what_to_do(staff, own_home):
    assert "lookalike clusters" in text_of(staff.get("/desk/gaps"))
    assert "lookalike clusters" in text_of(staff.get("/report"))
    assert len(staff.get("/desk/gaps.csv").text.splitlines()) == 1


def test_without_events_it_says_how_they_come(staff, styles):
    page = text_of(staff.get("/desk/gaps"))
    assert "/api/v1/events" in page and names(page) == []
    assert len(names(text_of(staff.get("/desk/gaps?show=all")))) == len(styles)
    assert "was shown in this period" in text_of(staff.get("/report"))


def test_where_nothing_was_wanted_nothing_is_compared(staff, styles):
    seen = event(EventKind.VIEW, 1, "dress-red-1", utc_now())
    EventLog(staff.shop.catalogue.db).write([answer(1, "dress-red-1", at=utc_now()), seen])
    assert "none was clicked" in text_of(staff.get("/desk/gaps"))
    assert "Seen too seldom to tell" in text_of(staff.get("/desk/gaps?show=all"))


def test_it_names_the_setting_when_the_log_is_off(own_home, styles):
    with logging_app(own_home, event_days=0) as app:
        page = text_of(app.test_client().get("/desk/gaps", headers=STAFF))
        assert "LOOKALIKE_EVENT_DAYS" in page


def test_what_it_does_not_know_is_refused(staff):
    for query in ("days=0", "days=x", "show=x", "sort=x", "page=0"):
        assert staff.get(f"/desk/gaps?{query}").status_code == 400, query


def test_it_is_for_staff_only(staff):
    assert staff.visit("/desk/gaps").status_code == 401
    assert staff.visit("/desk/gaps.csv").status_code == 401
