"""Ids of answers are recognised by every process with the same key, and by no other."""

import re

from tests.web.logged import KEY
from web import WebSettings
from web.answering.query_ids import is_own, new_query_id
from web.app.context import Shop


def test_an_id_is_recognised_by_shops_with_the_same_key_only(tmp_path):
    def shop(key):
        return Shop(WebSettings(home=tmp_path, secret_key=key, event_days=0))

    made = [new_query_id(shop(KEY)) for _ in range(3)]
    assert len(set(made)) == 3
    for query_id in made:
        assert re.fullmatch(r"[0-9a-f]{32}", query_id)
        assert is_own(shop(KEY), query_id)
        assert not is_own(shop(KEY[::-1]), query_id)
    assert not is_own(shop(KEY), "0123456789abcdef" * 2)
    assert not is_own(shop(KEY), made[0][:16] + made[1][16:])
