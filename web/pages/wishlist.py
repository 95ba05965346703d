"""The wishlist: product ids in the visitor's signed session cookie, newest first. No account.

Beside what is saved stands what the visitor wants to see less of.
"""

from flask import current_app, session
from flask.sessions import SecureCookieSessionInterface

KEY = "wishlist"
LESS = "less"
MAX_ITEMS = 60
MAX_LESS = 12  # the oldest wish for less gives way
MAX_COOKIE = 3_800  # browsers drop a cookie above 4,096 bytes without a word


def saved() -> tuple[str, ...]:
    """The ids on this visitor's wishlist, newest first."""
    return listed(KEY)


def less() -> tuple[str, ...]:
    """The ids that this visitor wants less of, newest first."""
    return listed(LESS)


def listed(key: str) -> tuple[str, ...]:
    """A list of ids in the session; what is no id is passed by."""
    kept = session.get(key, ())
    return tuple(item for item in kept if isinstance(item, str))


def add(product_id: str) -> bool:
    """Put a product on the wishlist; False when the list is full and stays as it was."""
    before = saved()
    if product_id in before:
        return True
    if len(before) >= MAX_ITEMS:
        return False
    keep((product_id, *before))
    if cookie_bytes() > MAX_COOKIE:
        keep(before)
        return False
    return True


def remove(product_id: str) -> None:
    """Take a product off the wishlist; one that is not there is no matter."""
    keep(tuple(item for item in saved() if item != product_id))


def want_less(product_id: str) -> None:
    """Ask for less like a product; the oldest such wishes go where the cookie is full."""
    wishes = (product_id, *(item for item in less() if item != product_id))[:MAX_LESS]
    keep(wishes, LESS)
    while wishes and cookie_bytes() > MAX_COOKIE:
        wishes = wishes[:-1]
        keep(wishes, LESS)


def mind_no_more(product_id: str) -> None:
    """Take back a wish for less."""
    keep(tuple(item for item in less() if item != product_id), LESS)


def keep(ids: tuple[str, ...], key: str = KEY) -> None:
    """Store a list for as long as the cookie lives."""
    session[key] = list(ids)
    session.permanent = True


def cookie_bytes() -> int:
    """How long the session's cookie would be as it stands."""
    interface = current_app.session_interface
    if not isinstance(interface, SecureCookieSessionInterface):
        return 0  # a shop that keeps sessions on its server has no such limit
    # `current_app` stands for the app; its type does not say so.
    serializer = interface.get_signing_serializer(current_app._get_current_object())  # type: ignore[attr-defined]
    return len(serializer.dumps(dict(session))) if serializer else 0
