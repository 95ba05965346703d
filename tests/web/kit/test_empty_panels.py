"""What a panel of another origin's page asks for late, and where it has nothing to show."""

import pytest

from tests.web.kit.panel_page import BROWSER, CARD, ITEM, RECORD, WIDE, two_lines

pytestmark = BROWSER


def test_what_is_far_down_is_asked_for_when_it_comes_near(visit, other, api):
    page = visit(other.page('<div style="height: 5000px"></div>' + two_lines(api)), viewport=WIDE)
    page.locator("lookalike-panel .waiting").first.wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    assert not any("/api/v1/" in url for url in page.requests)
    page.evaluate("scrollTo(0, 4000)")
    page.locator(CARD).first.wait_for()


@pytest.mark.parametrize("more", [' filter="brand=Nobody&fallback=false"', ' min-match="100"'])
def test_nothing_takes_no_place(visit, other, api, more):
    body = f'<div style="height: 1200px"></div>{two_lines(api, more)}<p>Below</p>'
    page = visit(other.page(body), viewport=WIDE, script=RECORD, faults=("400",))
    page.wait_for_function(
        "() => document.querySelector('lookalike-panel').getBoundingClientRect().height === 0"
    )
    assert page.evaluate("window.shifts") == 0


def test_nothing_in_view_moves_nothing_and_takes_no_place_once_out_of_view(visit, other, api):
    more = ' limit="6" filter="brand=Nobody&fallback=false"'
    body = f'{two_lines(api, more)}<p id="below">Below</p><div style="height: 4000px"></div>'
    page = visit(other.page(body), viewport=WIDE, script=RECORD)
    page.wait_for_function("() => window.seen.some((one) => one.name === 'empty')")
    height = "document.querySelector('lookalike-panel').getBoundingClientRect().height"
    assert page.evaluate(height) > 100
    page.evaluate("scrollTo(0, 2500)")
    page.wait_for_function(f"() => {height} === 0")
    assert page.evaluate("window.shifts") == 0


def test_a_product_that_nobody_knows_shows_nothing_and_says_so_in_the_console(visit, other, api):
    body = two_lines(api).replace(ITEM, "nowhere")
    page = visit(other.page("<p>Empty</p>"), viewport=WIDE, script=RECORD, faults=("404",))
    with page.expect_console_message(
        lambda message: message.type == "warning" and "nowhere" in message.text
    ):
        page.goto(other.page(body))
    page.wait_for_function("() => window.seen.some((one) => one.name === 'empty')")
