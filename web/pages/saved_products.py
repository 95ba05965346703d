"""The wishlist in the visitor's signed session cookie: product ids, newest first. No account.

A second list holds the products that the visitor wants to see less of.
"""

from flask import current_app, session
from flask.sessions import SecureCookieSessionInterface

KEY = "wishlist"
LESS = "less"
MAX_ITEMS = 60
MAX_UNWANTED = 12  # beyond it, the oldest is dropped
MAX_COOKIE = 3_800  # bytes; browsers silently drop a cookie above 4,096


def saved() -> tuple[str, ...]:
    """The ids on the visitor's wishlist."""
    return listed(KEY)


def unwanted() -> tuple[str, ...]:
    """The ids that the visitor wants to see less of."""
    return listed(LESS)


def listed(key: str) -> tuple[str, ...]:
    """A list of ids in the session; other values are ignored."""
    kept = session.get(key, ())
    return tuple(item for item in kept if isinstance(item, str))


def save(product_id: str) -> bool:
    """Add a product to the wishlist; False if the list is full and stays unchanged."""
    before = saved()
    if product_id in before:
        return True
    if len(before) >= MAX_ITEMS:
        return False
    store((product_id, *before))
    if cookie_bytes() > MAX_COOKIE:
        store(before)
        return False
    return True


def remove(product_id: str) -> None:
    """Remove a product from the wishlist, if it is there."""
    store(tuple(item for item in saved() if item != product_id))


def mark_unwanted(product_id: str) -> None:
    """Add an unwanted product; the oldest ones are dropped when the cookie is full."""
    items = (product_id, *(item for item in unwanted() if item != product_id))[:MAX_UNWANTED]
    store(items, LESS)
    while items and cookie_bytes() > MAX_COOKIE:
        items = items[:-1]
        store(items, LESS)


def unmark_unwanted(product_id: str) -> None:
    """Remove an unwanted product, if it is there."""
    store(tuple(item for item in unwanted() if item != product_id), LESS)


def store(ids: tuple[str, ...], key: str = KEY) -> None:
    """Store a list in the session, for as long as the cookie lives."""
    session[key] = list(ids)
    session.permanent = True


def cookie_bytes() -> int:
    """The size of the session cookie in its current state."""
    interface = current_app.session_interface
    if not isinstance(interface, SecureCookieSessionInterface):
        return 0  # sessions that are stored on the server have no such limit
    serializer = interface.get_signing_serializer(current_app)
    return len(serializer.dumps(dict(session))) if serializer else 0
