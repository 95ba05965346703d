"""Experiments: a fixed split, arms that change only their own settings, and no id for visitors who
opt out."""

import re
import shutil
from collections import Counter
from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.recommendation.request import Request
from tests.web.logged import answers, logging_app, shown
from tests.web.page_text import text_of, token
from web.answering.visitors import COOKIE
from web.app.context import EXTENSION
from web.app.errors import SettingsError
from web.app.experiments import Arm, Experiment

SEED = "t-shirt-blue-1"
PAGE = f"/products/{SEED}"
SIMILAR = f"/api/v1{PAGE}/similar"
TWO = "[arms.control]\n[arms.colour]\nfacets = { colour = 9, shape = 0 }\n"
BOTH = f'name = "colour"\n{TWO}'


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def experiment(name, **weights):
    return Experiment(name, tuple(map(Arm, weights)), tuple(weights.values()))


def ids(count):
    return [f"{number:032x}" for number in range(count)]


# The split itself


def test_a_split_is_the_same_in_every_process():
    """Written down: a change here would move visitors between the arms of a running experiment."""
    split = experiment("colour first", a=1, b=1)
    assert "".join(split.arm_of(visitor).name for visitor in ids(12)) == "abaabaaaaabb"


def test_each_arm_gets_its_share():
    split = experiment("x", control=2, small=1, none=0, big=5)
    counts = Counter(split.arm_of(visitor).name for visitor in ids(8_000))
    assert counts["none"] == 0
    assert counts["control"] == pytest.approx(2_000, abs=150)
    assert counts["small"] == pytest.approx(1_000, abs=120)
    assert counts["big"] == pytest.approx(5_000, abs=180)


def test_another_experiment_splits_differently():
    one, other = experiment("one", a=1, b=1), experiment("other", a=1, b=1)
    same = sum(one.arm_of(v).name == other.arm_of(v).name for v in ids(4_000))
    assert same == pytest.approx(2_000, abs=130)


@given(st.text(max_size=40), st.lists(st.floats(0, 1e6), min_size=1, max_size=5))
def test_every_visitor_has_an_arm_of_positive_weight(visitor, weights):
    if not any(weights):
        return
    names = [str(number) for number in range(len(weights))]
    split = experiment("x", **dict(zip(names, weights, strict=True)))
    assert weights[int(split.arm_of(visitor).name)] > 0


def test_an_arm_changes_what_the_visitor_left_open():
    arm = Arm("a", facets={"colour": 3}, diversity=0.5)
    plain = arm.applied(Request(("s",)))
    assert (plain.facets, plain.diversity) == ({"colour": 3}, 0.5)
    chosen = Request(("s",), facets={"shape": 1}, diversity=0.2)
    assert arm.applied(chosen) is chosen
    assert Arm("control").applied(chosen) is chosen


# Its file


def test_a_file_is_read(tmp_path):
    text = 'name = "n"\n[arms.a]\n[arms.b]\nweight = 3\ndiversity = 0.2\nhome = "/srv/b"\n'
    read = Experiment.load(write(tmp_path / "x.toml", text))
    assert (read.name, read.weights) == ("n", (1, 3))
    assert read.arms[0] == Arm("a")
    assert (read.arms[1].diversity, str(read.arms[1].home)) == (0.2, "/srv/b")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "not a TOML"),
        ("name = 'n'", "arms"),
        ("name = 'n'\n[arms.a]", "arms"),
        (TWO, "name"),
        (BOTH + "weight = -1", "weight"),
        (BOTH + "diversity = 2", "diversity"),
        (BOTH + "facts = 1", "facts"),
        (BOTH + "weight = nan", "weight"),
        ("name = 'n'\n[arms.a]\nweight = 0\n[arms.b]\nweight = 0", "no arm with a weight"),
    ],
)
def test_an_invalid_file_is_refused(tmp_path, text, words):
    with pytest.raises(SettingsError, match=words) as caught:
        Experiment.load(write(tmp_path / "x.toml", text))
    assert "x.toml" in str(caught.value)


def test_a_missing_file_is_refused(own_home, tmp_path):
    with (
        pytest.raises(SettingsError, match="LOOKALIKE_EXPERIMENT"),
        logging_app(own_home, experiment=tmp_path / "none.toml"),
    ):
        pass


# In the shop


@pytest.fixture
def running(own_home, tmp_path):
    """A shop with an experiment."""
    with logging_app(own_home, experiment=write(tmp_path / "x.toml", BOTH)) as app:
        yield app


def visitor_in(app, arm):
    split = app.extensions[EXTENSION].experiment
    return next(visitor for visitor in ids(100) if split.arm_of(visitor).name == arm)


def test_a_visitor_keeps_id_and_arm(running):
    client = running.test_client()
    first = client.get(PAGE)
    cookie = SimpleCookie(first.headers["Set-Cookie"])[COOKIE]
    assert re.fullmatch("[0-9a-f]{32}", cookie.value)
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", "7776000")
    again = client.get(PAGE)
    assert COOKIE not in again.headers.get("Set-Cookie", "")
    one, other = answers(running)
    assert one["visitor"] == other["visitor"] == cookie.value
    assert one["arm"] == other["arm"]
    assert one["experiment"] == "colour"


def test_arms_answer_with_their_settings(running):
    panels = {}
    for arm in ("control", "colour"):
        client = running.test_client()
        client.set_cookie(COOKIE, visitor_in(running, arm))
        client.get(PAGE)
        given = answers(running)[-1]
        assert given["arm"] == arm
        panels[arm] = given["facets"], shown(running, given["query_id"])
    assert panels["control"][0] == ""
    assert panels["colour"][0] == "colour:9,shape:0"
    assert panels["control"][1] != panels["colour"][1]


def test_a_visitor_s_choice_overrides_the_arm(running):
    visitor = visitor_in(running, "colour")
    running.test_client().get(f"{SIMILAR}?facets=shape:1&visitor={visitor}")
    (given,) = answers(running)
    assert (given["facets"], given["arm"], given["visitor"]) == ("shape:1", "colour", visitor)


def test_the_api_takes_the_visitor_from_its_parameter_only(running):
    client = running.test_client()
    client.set_cookie(COOKIE, visitor_in(running, "colour"))
    answer = client.get(SIMILAR)
    assert "Set-Cookie" not in answer.headers
    (given,) = answers(running)
    assert (given["visitor"], given["experiment"], given["arm"]) == (None, None, None)
    assert client.get(f"{SIMILAR}?visitor=me@example.com").status_code == 400


def test_a_cached_answer_of_another_arm_is_not_reused(running):
    client = running.test_client()
    addresses = [f"{SIMILAR}?visitor={visitor_in(running, arm)}" for arm in ("control", "colour")]
    tags = [client.get(address).headers["ETag"] for address in addresses]
    assert tags[0] != tags[1]
    kept = client.get(addresses[0], headers={"If-None-Match": tags[0]})
    assert kept.status_code == 304


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_a_visitor_who_opts_out_gets_no_id_and_no_arm(running, header):
    client, opt_out = running.test_client(), {header: "1"}
    assert "Set-Cookie" not in client.get("/healthz", headers=opt_out).headers
    page = client.get(PAGE, headers=opt_out)
    assert COOKIE not in page.headers.get("Set-Cookie", "")
    client.get(f"{SIMILAR}?visitor={'a' * 32}", headers=opt_out)
    assert {(row["visitor"], row["arm"]) for row in answers(running)} == {(None, None)}


def test_an_old_id_is_deleted_for_a_visitor_who_opts_out(running):
    client = running.test_client()
    client.set_cookie(COOKIE, "a" * 32)
    page = client.get(PAGE, headers={"Sec-GPC": "1"})
    assert f"{COOKIE}=;" in page.headers["Set-Cookie"]
    assert client.get_cookie(COOKIE) is None


def test_a_cookie_of_another_form_is_no_id(running):
    client = running.test_client()
    client.set_cookie(COOKIE, "me@example.com")
    client.get(PAGE)
    (given,) = answers(running)
    assert re.fullmatch("[0-9a-f]{32}", given["visitor"])


def test_without_an_experiment_there_is_no_id(logged):
    client = logged.test_client()
    page = client.get(PAGE)
    assert COOKIE not in page.headers.get("Set-Cookie", "")
    assert "Reset my random id" not in text_of(page)
    assert answers(logged)[0]["visitor"] is None


def test_an_id_can_be_reset(running):
    client = running.test_client()
    page = client.get(PAGE)
    assert "Reset my random id" in text_of(page)
    before = client.get_cookie(COOKIE).value
    back = client.post("/visitor/reset", data={"csrf_token": token(page), "next": PAGE})
    assert (back.status_code, back.headers["Location"]) == (303, PAGE)
    assert client.get_cookie(COOKIE) is None
    assert "deleted" in text_of(client.get(PAGE))
    assert client.get_cookie(COOKIE).value != before
    assert client.post("/visitor/reset").status_code == 400  # no token


def test_an_arm_may_answer_from_another_index(own_home, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(own_home / "index", other / "index")
    file = write(tmp_path / "x.toml", f'name = "m"\n[arms.old]\n[arms.new]\nhome = "{other}"\n')
    with logging_app(own_home, experiment=file) as app:
        visitor = visitor_in(app, "new")
        assert app.test_client().get(f"{SIMILAR}?visitor={visitor}").get_json()["results"]
        shop = app.extensions[EXTENSION]
        assert shop.recommender_of(other) is not shop.recommender
        assert answers(app)[0]["arm"] == "new"


@pytest.mark.parametrize("setting", ['home = "/nowhere"', "facets = { smell = 1 }"])
def test_an_arm_that_cannot_answer_costs_no_panel_and_counts_nowhere(
    own_home, tmp_path, setting, caplog
):
    file = write(tmp_path / "x.toml", f'name = "m"\n[arms.old]\n[arms.new]\n{setting}\n')
    with logging_app(own_home, experiment=file) as app:
        visitor = visitor_in(app, "new")
        assert app.test_client().get(f"{SIMILAR}?visitor={visitor}").get_json()["results"]
        assert (answers(app)[0]["experiment"], answers(app)[0]["arm"]) == (None, None)
    assert "'new'" in caplog.text
