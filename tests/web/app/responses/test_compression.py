import gzip

import pytest

from web.app.responses.compression import LEAST_BYTES

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
LISTING = "/api/v1/products"
COOKIE = "lookalike"


def is_compressed(answer):
    return answer.headers.get("Content-Encoding") == "gzip"


@pytest.mark.parametrize(
    "address",
    ["/", LISTING, "/api/v1/openapi.json", "/static/css/cards.css", "/static/js/crop.js"],
)
def test_text_is_compressed_for_clients_that_accept_it(client, address):
    small = client.get(address, headers=GZIP, buffered=True)
    plain = client.get(address, headers={"Accept-Encoding": "identity"}, buffered=True)
    assert is_compressed(small) and not is_compressed(plain)
    assert len(small.data) * 2 < len(plain.data)
    if address != "/":  # whose forms have new tokens each time
        assert gzip.decompress(small.data) == plain.data
    for answer in (small, plain):
        assert "Accept-Encoding" in answer.vary
        assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert "Accept-Ranges" not in small.headers


def test_a_page_arrives_whole(client):
    text = gzip.decompress(client.get("/", headers=GZIP).data).decode()
    assert text.startswith("<!doctype html>") and text.rstrip().endswith("</html>")


@pytest.mark.parametrize("accepted", ["gzip;q=0", "br", "", None])
def test_other_clients_get_plain_text(client, accepted):
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    answer = client.get(LISTING, headers=headers)
    assert not is_compressed(answer) and answer.get_json()["total"] == 24


@pytest.mark.parametrize("address", [LISTING, "/static/css/cards.css"])
def test_a_tag_is_weak_and_stands_for_both_encodings(client, address):
    found = [client.get(address, headers=headers, buffered=True) for headers in (GZIP, {})]
    tags = {answer.headers["ETag"] for answer in found}
    assert len(tags) == 1
    (tag,) = tags
    assert tag.startswith("W/")
    for headers in (GZIP, {}):
        known = {**headers, "If-None-Match": tag}
        answer = client.get(address, headers=known, buffered=True)
        assert (answer.status_code, answer.data) == (304, b"")


def test_pictures_short_texts_and_parts_of_files_stay_as_they_are(client):
    photo = client.get("/api/v1/products/t-shirt-blue-1").get_json()["photos"][0]["url"]
    picture = client.get(photo, headers=GZIP, buffered=True)
    assert picture.mimetype == "image/jpeg" and not is_compressed(picture)
    assert "Accept-Encoding" not in picture.vary
    short = client.get("/healthz", headers=GZIP)
    assert len(short.data) < LEAST_BYTES and not is_compressed(short)
    ranged = {**GZIP, "Range": "bytes=0-1999"}
    part = client.get("/static/css/cards.css", headers=ranged, buffered=True)
    assert (part.status_code, len(part.data)) == (206, 2000) and not is_compressed(part)


def test_a_head_request_says_what_get_would(client):
    head, get = client.head(LISTING, headers=GZIP), client.get(LISTING, headers=GZIP)
    assert head.data == b""
    for name in ("Content-Encoding", "Content-Length", "ETag"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(
    ("site", "compressed"),
    [("same-origin", True), ("none", True), ("cross-site", False), ("same-site", False), (None, 0)],
)
def test_another_site_cannot_measure_the_pages_of_a_visitor(client, site, compressed):
    """A page holds the token of the visitor's forms beside the text of the search (BREACH)."""
    headers = GZIP if site is None else {**GZIP, "Sec-Fetch-Site": site}
    assert is_compressed(client.get("/?q=csrf_token", headers=headers))  # no visitor yet
    assert client.get_cookie(COOKIE) is not None
    again = client.get("/?q=csrf_token", headers=headers)
    assert is_compressed(again) == bool(compressed)
    api = client.get(LISTING, headers=headers)
    assert is_compressed(api)
