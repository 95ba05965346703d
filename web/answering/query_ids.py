"""Ids of answers that any of the shop's processes recognises as the shop's own.

Half of an id is random, and half is its HMAC-SHA256 under the key that signs cookies. Events of
such an answer are a visitor's; others may be anybody's.
"""

import hmac

from web.app.context import Shop
from web.app.responses.random_ids import random_id

HALF = 16  # hexadecimal digits


def new_query_id(shop: Shop) -> str:
    """An id of a new answer: 32 hexadecimal digits."""
    random = random_id(HALF // 2)
    return random + _signature(shop, random)


def is_own(shop: Shop, query_id: str) -> bool:
    """Whether an id was made by one of the shop's processes."""
    return hmac.compare_digest(_signature(shop, query_id[:HALF]), query_id[HALF:])


def _signature(shop: Shop, random: str) -> str:
    signed = hmac.digest(shop.signing_key.encode(), f"query:{random}".encode(), "sha256")
    return signed.hex()[:HALF]
