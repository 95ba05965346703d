"""The report page: for the shop's staff, with the numbers of the log."""

import base64

import pytest

from tests.waiting import LONG
from tests.web.logged import STAFF, TOKEN, flush, logging_app
from tests.web.page_text import text_of

SIMILAR = "/api/v1/products/t-shirt-blue-1/similar"


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """The report waits for the log as long as a busy machine takes."""
    monkeypatch.setattr("web.app.context.LOG_PATIENCE", LONG)


def fill(app):
    """Two answers, one of them seen and clicked."""
    client = app.test_client()
    panel = client.get(f"{SIMILAR}?facets=colour:2").get_json()
    client.get(SIMILAR)
    first = {"query_id": panel["query_id"], "product_id": panel["results"][0]["product_id"]}
    sent = [{"kind": kind, **first} for kind in ("view", "click")]
    client.post("/api/v1/events", json={"events": sent})
    return client


def test_it_shows_the_numbers_at_once(logged):
    page = text_of(fill(logged).get("/report", headers=STAFF))
    assert "100.0%" in page
    assert "1 of 1 shown panels" in page
    assert "0 of 2 answers" in page
    for words in ("By position", "By facet weights", "colour 2", "Tops > T-shirts"):
        assert words in page
    assert "By rule" not in page


def test_it_shows_an_empty_log(logged):
    page = text_of(logged.test_client().get("/report", headers=STAFF))
    assert "There are no answers" in page
    assert "no shown panels yet" in page


def test_it_names_the_setting_when_the_log_is_off(own_home):
    with logging_app(own_home, event_days=0) as app:
        assert "LOOKALIKE_EVENT_DAYS" in text_of(app.test_client().get("/report", headers=STAFF))


def test_its_page_has_no_inline_script_or_style(logged):
    page = text_of(fill(logged).get("/report", headers=STAFF))
    assert "style=" not in page
    assert "<script>" not in page
    assert "<svg" in page


def test_days_are_bounded(logged):
    client = logged.test_client()
    assert client.get("/report?days=7", headers=STAFF).status_code == 200
    assert client.get("/report?days=0", headers=STAFF).status_code == 400


@pytest.mark.parametrize("proxies", [0, 1])
def test_a_request_from_this_machine_is_no_proof(own_home, proxies):
    """A reverse proxy on this machine, with its default settings, sends no forwarding headers."""
    with logging_app(own_home, report_token=None, proxies=proxies) as app:
        client = app.test_client()
        for host in ("localhost:8000", "127.0.0.1:8000", "[::1]:8000"):
            local = {"Host": host}, {"REMOTE_ADDR": "127.0.0.1"}
            answer = client.get("/report", headers=local[0], environ_base=local[1])
            assert answer.status_code == 401
            assert "LOOKALIKE_REPORT_TOKEN" in text_of(answer)
            assert "Coverage" not in text_of(answer)


def test_its_password_is_generated_once_and_stored(own_home):
    with logging_app(own_home, report_token=None) as app:
        client = app.test_client()
        wrong = {"Authorization": f"Bearer {TOKEN}"}
        assert client.get("/report", headers=wrong).status_code == 401
        file = own_home / "report-token"
        assert file.stat().st_mode & 0o777 == 0o600
        headers = {"Authorization": basic("staff", file.read_text())}
        assert client.get("/report", headers=headers).status_code == 200
    with logging_app(own_home, report_token=None) as app:
        assert app.test_client().get("/report", headers=headers).status_code == 200


def test_without_a_password_that_can_be_read_it_stays_closed(own_home):
    (own_home / "report-token").write_text("short")
    with logging_app(own_home, report_token=None) as app:
        headers = {"Authorization": "Bearer short"}
        assert app.test_client().get("/report", headers=headers).status_code == 401


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (basic("shop", TOKEN), 200),
        (basic("", TOKEN), 200),
        (None, 401),
        ("Bearer", 401),
        ("Bearer " + TOKEN[:-1], 401),
        (basic(TOKEN, ""), 401),
        ("Basic !!!", 401),
        ("Bearer é", 401),
        ("Basic é", 401),
    ],
)
def test_with_a_token_it_opens_to_the_token_only(own_home, authorization, status):
    with logging_app(own_home, report_token=TOKEN) as app:
        headers = {} if authorization is None else {"Authorization": authorization}
        answer = app.test_client().get("/report", headers=headers)
        assert answer.status_code == status
        if status == 401:
            assert answer.headers["WWW-Authenticate"].startswith("Basic")
            assert "Coverage" not in text_of(answer)
        else:
            assert answer.headers["Cache-Control"] == "private, no-store"


def test_an_experiment_is_shown(own_home, tmp_path):
    file = tmp_path / "x.toml"
    file.write_text('name = "colour first"\n[arms.control]\n[arms.new]\nfacets = {colour = 3}\n')
    with logging_app(own_home, experiment=file) as app:
        client = app.test_client()
        for number in range(8):
            client.get(f"{SIMILAR}?visitor={number:032x}")
        flush(app)
        page = text_of(client.get("/report", headers=STAFF))
        assert "Experiment: colour first" in page
        assert "Against control" in page
        assert "no difference shown" in page
