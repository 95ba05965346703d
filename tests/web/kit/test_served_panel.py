"""The panel as the server's markup, in a page of another origin."""

import pytest

from tests.web.kit.panel_page import (
    BROWSER,
    CARD,
    ITEM,
    MARKUP,
    PHONE,
    RECORD,
    WIDE,
    opened,
    two_lines,
    violations,
)
from tests.web.pages.test_browser_events import QueueSpy

pytestmark = BROWSER


def test_the_server_s_markup_shows_the_same_without_scripts_and_is_taken_over_with_them(
    visit, other, ours, api
):
    embedded = (
        ours.test_client()
        .get(f"/panel/{ITEM}?embed=1&layout=carousel", base_url=api)
        .get_data(as_text=True)
    )
    other.page(embedded, "/served")
    spy = QueueSpy(ours)
    plain = visit(f"{other.origin}/served", viewport=WIDE, java_script_enabled=False)
    assert plain.locator(CARD).first.is_visible()
    assert plain.locator("lookalike-panel .arrows").is_hidden()
    page = visit(f"{other.origin}/served", viewport=PHONE, script=RECORD)
    page.locator("lookalike-panel .arrows[data-live]").wait_for()
    assert page.evaluate("window.shifts") == 0
    assert not any("/api/v1/products" in url for url in page.requests)
    page.wait_for_function("() => window.seen.some((one) => one.name === 'view')")
    spy.wait_for("view", 1)
    assert violations(page) == []


@pytest.mark.parametrize("layout", ["grid", "carousel"])
def test_the_server_renders_what_the_script_renders(visit, other, ours, api, layout):
    """One panel: only the id of the answer differs."""
    more = f' layout="{layout}" saved="t-shirt-blue-2" locale="en-US"'
    page = opened(visit, other, two_lines(api, more))
    mine = page.locator("lookalike-panel").evaluate(MARKUP)
    embedded = ours.test_client().get(
        f"/panel/{ITEM}?embed=1&layout={layout}&saved=t-shirt-blue-2", base_url=api
    )
    served = opened(visit, other, embedded.get_data(as_text=True))
    assert served.locator("lookalike-panel").evaluate(MARKUP) == mine
