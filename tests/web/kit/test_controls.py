"""A panel's carousel and sliders, in a page of another origin."""

from urllib.parse import parse_qs, urlsplit

from tests.web.kit.panel_page import BROWSER, PHONE, opened, products, two_lines

pytestmark = BROWSER


def both_off(url):
    """Whether an answer weighs neither shape nor pattern."""
    return {"shape:0", "pattern:0"} <= {
        *parse_qs(urlsplit(url).query).get("facets", [""])[0].split(",")
    }


def test_a_carousel_by_keyboard_buttons_and_swipe(visit, other, api):
    phone = {"viewport": PHONE, "has_touch": True, "reduced_motion": "reduce"}
    page = opened(visit, other, two_lines(api, ' layout="carousel"'), **phone)
    row = page.locator("lookalike-panel .window")
    before = row.evaluate("node => node.scrollLeft")
    row.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "before => document.querySelector('lookalike-panel').shadowRoot"
        ".querySelector('.window').scrollLeft > before", arg=before
    )  # fmt: skip
    page.keyboard.press("Home")
    page.locator("lookalike-panel .previous[aria-disabled=true]").wait_for()
    following = page.get_by_role("button", name="Next items")
    following.focus()
    page.keyboard.press("Enter")
    page.locator("lookalike-panel [role=status]", has_text="Items ").wait_for(state="attached")
    page.locator("lookalike-panel .previous[aria-disabled=false]").wait_for()
    assert following.evaluate("node => node === node.getRootNode().activeElement")
    assert page.evaluate("window.shifts") == 0
    row.evaluate("node => node.scrollTo(0, 0)")
    before = row.evaluate("node => node.scrollLeft")
    box, finger = row.bounding_box(), page.context.new_cdp_session(page)
    for kind, across in (("Start", 300), ("Move", 220), ("Move", 140), ("Move", 60), ("End", None)):
        at = [] if across is None else [{"x": box["x"] + across, "y": box["y"] + 90}]
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": at})
    page.wait_for_function(
        "before => document.querySelector('lookalike-panel').shadowRoot"
        ".querySelector('.window').scrollLeft > before", arg=before
    )  # fmt: skip
    smooth = row.evaluate("node => getComputedStyle(node).scrollBehavior")
    assert smooth == "auto"  # as the visitor asked for less motion


def test_sliders_weigh_the_facets_and_keep_the_page_when_they_fail(visit, other, ours, api):
    page = opened(visit, other, two_lines(api, ' tuning="button"'), faults=("Failed", "CORS"))
    usual = products(page)
    assert not page.get_by_label("Shape").is_visible()
    page.get_by_role("button", name="Adjust").click()
    with page.expect_response(lambda one: both_off(one.url)) as asked:
        for facet in ("Shape", "Pattern"):
            page.get_by_label(facet).press("Home")
    page.locator(f"lookalike-panel [data-query='{asked.value.json()['query_id']}']").wait_for()
    said = page.locator("lookalike-panel [role=status]", has_text="similar item")
    said.wait_for(state="attached")
    tuned = products(page)
    assert tuned != usual and all("blue" in one for one in tuned[:2])
    page.route("**/api/v1/products/**", lambda route: route.abort())
    page.get_by_label("Shape").press("End")
    page.locator("lookalike-panel [role=status]", has_text="did not work").wait_for(
        state="attached"
    )
    assert products(page) == tuned
