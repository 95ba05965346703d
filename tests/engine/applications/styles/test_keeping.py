"""Styles that follow the index: new products join, others leave, all are found again when due."""

import multiprocessing

import numpy as np
import pytest

from catalog.lock import exclusive_lock
from catalog.settings import CatalogSettings
from engine.applications.styles.background import Regrouping, find_again
from engine.applications.styles.build import find_styles, number_for
from engine.applications.styles.grouping import usual_number
from engine.applications.styles.home import styles_file
from engine.applications.styles.keeping import (
    REGROUP_SHARE,
    follow_index,
    is_due,
    lock_of,
    regroup,
)
from engine.applications.styles.placing import place
from engine.applications.styles.styles import Styles
from engine.commands.index import keep_styles
from engine.errors import BrokenStyles, StylesFailed
from engine.index.generation import open_live
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.index.test_update import add


def stored(shop) -> Styles:
    found = Styles.load(styles_file(shop.settings))
    assert found is not None
    return found


@pytest.fixture
def grouped(new_shop):
    """A shop of 40 products in about 4 styles."""
    shop = new_shop(40)
    shop.reindex()
    regroup(shop.settings, shop.catalogue, 4)
    return shop


def change(shop, *, new=(), gone=()):
    """New products that look like others, ``(id, photo of)``, and some that are gone; published."""
    shop.write([row for row in shop.rows() if row["id"] not in gone])
    shop.ingest(sync=True)
    for product_id, photo_of in new:
        add(shop, product_id, photo_of=photo_of)
    shop.reindex(FakeEncoder())


def test_new_products_join_the_nearest_style_and_others_leave(grouped):
    before = stored(grouped)
    twin = before.listed[1].medoid
    gone = before.members(before.listed[0])[0]
    change(grouped, new=[("new", twin)], gone=[gone])
    followed = follow_index(grouped.settings, grouped.catalogue)
    assert (followed.joined, followed.left, followed.due) == (1, 1, False)
    assert str(followed) == "1 product joined, 1 left"
    after = stored(grouped)
    assert after.of_product("new").number == before.of_product(twin).number
    assert after.of_product(gone) is None and after.changed == 2
    live = open_live(grouped.settings.index_dir)
    assert after.ids.tolist() == live.ids.tolist()
    same = [one for one in before.ids.tolist() if one != gone]
    assert (after.numbers_of(same) == before.numbers_of(same)).all()
    assert {one.name for one in after.listed} == {one.name for one in before.listed}


def test_sizes_medoids_and_order_are_those_of_the_products_that_are_left(grouped):
    before = stored(grouped)
    gone = before.members(before.listed[0])[:-1]
    change(grouped, gone=gone)
    follow_index(grouped.settings, grouped.catalogue)
    after = stored(grouped)
    after.check()
    sizes = [one.size for one in after.listed]
    assert sizes == sorted(sizes, reverse=True)
    for style in after.listed:
        assert after.members(style)[0] == style.medoid
        assert (after.nearest(after.centres[after.listed.index(style)])) == style
    assert after.find(before.listed[0].number).size == 1


def test_a_style_without_products_is_gone_and_its_number_too(grouped):
    before = stored(grouped)
    last = before.listed[-1]
    change(grouped, gone=before.members(last))
    follow_index(grouped.settings, grouped.catalogue)
    after = stored(grouped)
    assert after.find(last.number) is None and len(after) == len(before) - 1
    assert after.next_number == before.next_number


def test_placing_equals_its_slow_twin(shop):
    live = open_live(shop.settings.index_dir)
    styles = find_styles(live, shop.catalogue, 6)
    rows = np.asarray(live.vectors)
    some = np.arange(len(live.ids)) % 3 > 0
    part = type(styles.ids).of(live.ids[some].tolist())
    fewer = Styles(
        **{
            **{name: getattr(styles, name) for name in Styles.__dataclass_fields__},
            "ids": part,
            "places": styles.places[some],
            "closeness": styles.closeness[some],
        }
    )
    placed = place(fewer, live)
    assert (placed.joined, placed.left) == (int((~some).sum()), 0)
    for row in np.flatnonzero(~some):
        nearest = max(range(len(styles)), key=lambda one: float(styles.centres[one] @ rows[row]))
        number = styles.listed[nearest].number
        assert placed.styles.of_product(live.ids[int(row)]).number == number


def test_what_did_not_change_is_not_written_again(grouped):
    stamp = styles_file(grouped.settings).stat().st_mtime_ns
    assert str(follow_index(grouped.settings, grouped.catalogue)) == "up to date"
    assert styles_file(grouped.settings).stat().st_mtime_ns == stamp


def test_without_styles_nothing_happens(new_shop):
    shop = new_shop(6)
    shop.reindex()
    assert not follow_index(shop.settings, shop.catalogue).there
    assert not styles_file(shop.settings).exists()


def test_while_they_are_found_nothing_is_changed(grouped):
    with exclusive_lock(lock_of(styles_file(grouped.settings)), "search for styles"):
        assert follow_index(grouped.settings, grouped.catalogue).searching


def test_they_are_due_after_a_tenth_changed_and_with_another_encoder(grouped):
    before = stored(grouped)
    allowed = int(REGROUP_SHARE * before.grouped)
    gone = before.ids.tolist()[:allowed]
    change(grouped, gone=gone)
    assert not follow_index(grouped.settings, grouped.catalogue).due
    change(grouped, new=[("new", "p020")])
    assert follow_index(grouped.settings, grouped.catalogue).due
    assert is_due(stored(grouped))
    after, _ = regroup(grouped.settings, grouped.catalogue)
    assert not is_due(after) and after.grouped == len(after.ids)
    grouped.reindex(FakeEncoder(2))
    followed = follow_index(grouped.settings, grouped.catalogue)
    assert followed.due and not followed.joined
    assert stored(grouped).made == after.made


def test_a_file_of_the_version_before_is_read(grouped, monkeypatch):
    styles = stored(grouped)
    monkeypatch.setattr("engine.applications.styles.styles.SCHEMA", 1)
    monkeypatch.setattr(
        "engine.applications.styles.styles.HEAD",
        ("made", "generation", "fingerprint", "wanted", "resolution", "next_number"),
    )
    styles.save(styles_file(grouped.settings))
    found = stored(grouped)
    assert (found.grouped, found.changed, found.listed) == (40, 0, styles.listed)


def test_as_many_as_chosen_stay_and_the_usual_number_follows_the_catalogue(grouped):
    chosen = stored(grouped)
    assert number_for(4_000, chosen) == 4
    usual = find_styles(open_live(grouped.settings.index_dir), grouped.catalogue)
    assert usual.wanted == usual_number(40) == number_for(44, usual)
    assert number_for(4_000, usual) == usual_number(4_000)


def test_a_process_finds_them_again(grouped):
    made, search = stored(grouped), searching(grouped)
    assert not search.running
    search.start()
    assert search.running
    assert f"{len(made)} styles" in search.finish(wait=True) and not search.running
    search.start()
    search.close()
    assert not search.running


def test_a_process_that_is_killed_is_no_success(grouped):
    before, search = stored(grouped), searching(grouped)
    search.start()
    for child in multiprocessing.active_children():
        child.kill()
    with pytest.raises(StylesFailed, match="the old ones stay: its process ended with status -9"):
        search.finish(wait=True)
    assert not search.running and stored(grouped).made == before.made


def test_a_search_that_fails_sends_why(grouped, monkeypatch):
    monkeypatch.setattr("engine.applications.styles.background.os.nice", lambda more: more)
    caps = CatalogSettings(home=grouped.settings.home)
    answer, other = multiprocessing.Pipe(duplex=False)
    with answer, other, exclusive_lock(lock_of(styles_file(grouped.settings)), "search for styles"):
        find_again(grouped.settings, caps, other)
        ok, text = answer.recv()
    assert not ok and "Another search for styles is running here" in text


def searching(shop) -> Regrouping:
    return Regrouping(shop.settings, CatalogSettings(home=shop.settings.home))


def test_reindex_says_what_became_of_them_and_fails_for_no_fault_of_theirs(grouped, capsys):
    change(grouped, new=[("new", "p020")])
    keep_styles(grouped.settings, grouped.catalogue, regroups=True)
    assert "1 product joined, 0 left" in capsys.readouterr().out
    change(grouped, gone=stored(grouped).ids.tolist()[:8])
    keep_styles(grouped.settings, grouped.catalogue, regroups=False)
    assert "run `lookalike clusters`" in capsys.readouterr().out
    keep_styles(grouped.settings, grouped.catalogue, regroups=True)
    assert "The index is live already" in capsys.readouterr().out
    assert not is_due(stored(grouped))
    styles_file(grouped.settings).write_bytes(b"harmed")
    with pytest.raises(BrokenStyles):
        follow_index(grouped.settings, grouped.catalogue)
    keep_styles(grouped.settings, grouped.catalogue, regroups=True)
    assert "The index is live, and the styles stay" in capsys.readouterr().err
