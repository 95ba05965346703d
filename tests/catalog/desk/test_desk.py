"""What the desk keeps, on both databases."""

import pytest

from catalog.desk.failed_photos import failed_photos
from catalog.desk.shop_settings import FRESH, ShopSettings, ShopSettingsBook
from catalog.desk.votes import Votes
from catalog.errors import ShopSettingError
from catalog.ingest import ingest
from catalog.rules.book import RuleBook
from catalog.rules.draft import DraftRules
from catalog.rules.rule import Rule
from catalog.sources.detect import open_source


def test_settings_are_kept_and_seen_by_others_within_seconds(db):
    now = [0.0]
    here, elsewhere = ShopSettingsBook(db), ShopSettingsBook(db, clock=lambda: now[0])
    assert here.current() == elsewhere.current() == ShopSettings()
    chosen = ShopSettings("Ours", "EUR", "de_DE", True, ("colour", "shape"))
    here.save(chosen)
    assert here.current() == chosen
    now[0] += FRESH
    assert elsewhere.current() == chosen
    here.save(ShopSettings())
    assert here.current() == ShopSettings()


@pytest.mark.parametrize(
    "settings",
    [ShopSettings(), ShopSettings("Ø & Co", "SEK", "sv", False, (), True)],
)
def test_settings_survive_their_texts(settings):
    assert ShopSettings.of(settings.as_texts()) == settings


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "x" * 61}, "name"),
        ({"currency": "EURO"}, "currency"),
        ({"currency": "QQQ"}, "currency"),
        ({"locale": "klingon"}, "locale"),
        ({"locale": "../../etc"}, "locale"),
        ({"sliders": "colour <b>"}, "sliders"),
    ],
)
def test_bad_settings_name_their_field(values, field):
    with pytest.raises(ShopSettingError) as caught:
        ShopSettings.of(values)
    assert caught.value.field == field


def test_which_sliders_are_shown():
    assert ShopSettings().shows("colour")
    assert not ShopSettings(sliders=("shape",)).shows("colour")
    assert not ShopSettings(no_sliders=True).shows("shape")


def test_votes_are_counted_by_pair_whichever_side_is_named_first(db):
    votes = Votes(db)
    votes.add("one", "two", "p1", "a")
    votes.add("two", "one", "p2", "b")  # for "one" as well
    votes.add("one", "two", "p3", "b")
    votes.add("one", "two", "p4", "tie")
    votes.add("one", "three", "p1", "tie")
    first, second = votes.tallies()
    assert (first.side_a, first.side_b, first.a, first.b, first.ties) == ("one", "two", 2, 1, 1)
    assert first.decided == 3 and 0 < first.interval[0] < 2 / 3 < first.interval[1] < 1
    assert (second.decided, second.ties, second.interval) == (0, 1, (0.0, 1.0))
    with pytest.raises(ValueError, match="choice"):
        votes.add("one", "two", "p", "left")


def test_a_ballot_counts_once(db):
    votes = Votes(db)
    assert votes.add("one", "two", "p1", "a", "ballot-1")
    assert not votes.add("one", "two", "p1", "a", "ballot-1")
    assert not votes.add("two", "one", "p2", "a", "ballot-1")
    assert votes.add("one", "two", "p1", "b", "ballot-2")
    (tally,) = votes.tallies()
    assert (tally.a, tally.b, tally.ties) == (1, 1, 0)


def test_the_number_of_votes_has_a_limit(db, monkeypatch):
    monkeypatch.setattr("catalog.desk.votes.MAX_VOTES", 3)
    for number in range(5):
        Votes(db).add("one", "two", f"p{number}", "a")
    assert Votes(db).tallies()[0].a == 3


def test_photos_that_failed_with_their_reason(
    db, tmp_path, write_csv, make_photo, catalog_settings
):
    folder = tmp_path / "shop"
    make_photo(folder / "good.jpg", "red")
    (folder / "bad.jpg").write_text("no photo")
    rows = [
        {"id": "1", "title": "Good", "photos": "good.jpg"},
        {"id": "2", "title": "Bad", "photos": "bad.jpg;good.jpg"},
        {"id": "3", "title": "Gone", "photos": "gone.jpg"},
    ]
    ingest(db, open_source(write_csv(folder / "feed.csv", rows)), settings=catalog_settings)
    found = failed_photos(db, 1, 10)
    assert found.total == 2 and sum(count for _, count in found.by_code) == 2
    assert {(one.product_id, one.given) for one in found.photos} == {
        ("2", "bad.jpg"),
        ("3", "gone.jpg"),
    }
    assert all(one.reason and one.code for one in found.photos)
    assert len(failed_photos(db, 2, 1).photos) == 1 and failed_photos(db, 9, 10).photos == ()


def test_a_draft_is_among_the_rules_and_stored_nowhere(db):
    book = RuleBook(db)
    book.add(Rule.of({"rule_id": "one", "action": "block", "product_id": "p"}))
    draft = Rule.of({"rule_id": "two", "action": "block", "product_id": "q"})
    assert [rule.rule_id for rule in DraftRules(book, draft).current().rules] == ["one", "two"]
    changed = Rule.of({"rule_id": "one", "action": "block", "product_id": "q"})
    assert DraftRules(book, changed).current().rules == (changed,)
    assert [rule.product_id for rule in book.all()] == ["p"]
