"""Reading our own pages in tests: what a visitor would click, and the hidden form token."""

import html
import re


def text_of(response) -> str:
    """The page with its markup's entities turned back into signs."""
    return html.unescape(response.get_data(as_text=True))


def cards(response) -> list[str]:
    """The product ids of all cards, in order."""
    found = re.findall(r'class="card-link" href="/products/([^"?]+)"', text_of(response))
    return list(found)


def panel_cards(response) -> list[str]:
    """The product ids of the cards in the similar-items panel."""
    page = text_of(response)
    start = page.index('id="similar"')
    return re.findall(r'class="card-link" href="/products/([^"?]+)"', page[start:])


def token(response) -> str:
    """The CSRF token of a page's first form that has one."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', text_of(response))
    assert found, "no form with a token on this page"
    return found.group(1)
