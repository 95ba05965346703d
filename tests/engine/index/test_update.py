import json
import signal

import numpy as np
import pytest
from PIL import Image

from engine.errors import Busy, GenerationError, NeedsRebuild
from engine.index import update as module
from engine.index.lock import exclusive_lock
from engine.index.manifest import FILE
from engine.index.merged import MergedGeneration, open_merged
from engine.index.pointer import current_name, read_pointer
from engine.index.reports import ReindexReport
from engine.index.update import Updater
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.index.run_update import killed_at
from tests.engine.shop import Shop


def never():
    raise AssertionError("the encoder was loaded for nothing")


def update(shop: Shop, load=FakeEncoder, **options) -> ReindexReport:
    settings = options.pop("settings", shop.settings)
    return Updater(shop.catalogue, load, settings).update(**options)


def add(shop: Shop, product_id: str, photo_of: str, **values: str) -> None:
    """A new product with a photo of its own: that of another one, cut a little."""
    photos = shop.source.parent / "photos"
    with Image.open(photos / f"{photo_of}-0.png") as image:
        image.crop((0, 0, 46, 61)).save(photos / f"{product_id}.png")
    model = next(row for row in shop.rows() if row["id"] == photo_of)
    fresh = {"id": product_id, "photos": f"photos/{product_id}.png", "group_id": ""}
    shop.write([*shop.rows(), model | fresh | {"availability": "in_stock"} | values])
    shop.ingest(sync=True)


def served(shop: Shop):
    return open_merged(shop.settings.index_dir)


def same_as_rebuilt(shop: Shop) -> bool:
    """Whether a full rebuild would serve the same rows; it is made, and folds the delta in."""
    before = served(shop)
    shop.reindex()
    after = served(shop)
    assert not isinstance(after, MergedGeneration) and not list(
        shop.settings.index_dir.glob("delta-*")
    )
    assert before.ids.tolist() == after.ids.tolist()
    assert before.manifest.close == after.manifest.close
    return bool((np.asarray(before.vectors) == after.vectors).all())


def test_a_new_product_is_found_and_asked_with_at_once(new_shop):
    shop = new_shop(20)
    first = shop.reindex()
    recommender = shop.recommender()
    recommender.similar_to("p001")
    add(shop, "new", photo_of="p001")
    report = update(shop)
    assert report.published and (report.delta_products, report.delta_gone) == (1, 0)
    assert (report.products, report.photos_embedded) == (21, 1)
    assert report.generation == first.generation == current_name(shop.settings.index_dir)
    found = recommender.similar_to("p001", 100, any_gender=True, any_age_group=True)
    assert "new" in [one.product_id for one in found]
    assert recommender.generation == f"{first.generation}+1"
    assert recommender.similar_to("new", 3)
    assert same_as_rebuilt(shop)


def test_what_changed_went_and_came_back(new_shop):
    shop = new_shop(20)
    shop.reindex()
    rows, photos = shop.rows(), shop.source.parent / "photos"
    old = (photos / "p004-0.png").read_bytes()
    (photos / "p004-0.png").write_bytes((photos / "p006-0.png").read_bytes())
    shop.write([row for row in rows if row["id"] != "p002"])
    shop.ingest(sync=True)
    report = update(shop, never)  # that photo was known
    assert (report.delta_products, report.delta_gone, report.products) == (1, 1, 19)
    live = served(shop)
    assert "p002" not in live.row_of
    assert (live.vectors[live.row_of["p004"]] == live.vectors[live.row_of["p006"]]).all()
    (photos / "p004-0.png").write_bytes(old)
    shop.write(rows)
    shop.ingest(sync=True)
    back = update(shop, never)
    assert back.published and (back.delta_products, back.delta_gone) == (0, 0)
    assert served(shop).name.endswith("+2")  # no name ever means two things
    assert not update(shop, never).published
    assert same_as_rebuilt(shop)


def test_prices_and_words_need_no_encoder_and_no_delta(new_shop):
    shop = new_shop(8)
    shop.reindex()
    shop.change("p003", title="Another name", availability="out_of_stock")
    report = update(shop, never)
    assert (report.published, report.delta) == (False, "")
    assert read_pointer(shop.settings.index_dir).delta is None


def test_a_photo_that_cannot_be_read_is_tried_again(new_shop):
    shop = new_shop(8)
    shop.reindex()
    add(shop, "new", photo_of="p001")
    photo = shop.source.parent / "photos" / "new.png"
    data = photo.read_bytes()
    photo.unlink()
    report = update(shop)
    assert (report.published, report.photos_failed) == (False, 1)
    photo.write_bytes(data)
    assert update(shop).delta_products == 1 and same_as_rebuilt(shop)


def test_a_photo_that_the_rebuild_could_not_read_is_tried_again(new_shop):
    shop = new_shop(8)
    photo = shop.source.parent / "photos" / "p003-1.png"
    data = photo.read_bytes()
    photo.unlink()
    shop.reindex()
    assert not update(shop).published
    photo.write_bytes(data)
    report = update(shop)
    assert (report.delta_products, report.photos_embedded) == (1, 1) and same_as_rebuilt(shop)


def test_a_delta_grows_until_it_is_folded_in(new_shop, monkeypatch):
    monkeypatch.setattr(module, "MIN_LIMIT", 2)
    shop = new_shop(10)
    settings = shop.settings.model_copy(update={"delta_share": 0.3})
    first = shop.reindex()
    for number in range(1, 4):
        add(shop, f"new{number}", photo_of=f"p00{number}")
        assert update(shop, settings=settings).delta_products == number
    add(shop, "new4", photo_of="p005")
    report = update(shop, settings=settings)
    assert (report.delta, report.published, report.products) == ("", True, 14)
    assert report.generation != first.generation and "4 products changed" in report.notes[0]
    assert not list(shop.settings.index_dir.glob("delta-*"))
    add(shop, "new5", photo_of="p006")
    assert update(shop, settings=settings).delta_products == 1


def test_without_a_share_there_is_no_delta_unless_asked_for(new_shop):
    shop = new_shop(4)
    settings = shop.settings.model_copy(update={"delta_share": 0})
    assert update(shop, settings=settings).published
    assert not update(shop, never, settings=settings).published
    add(shop, "new", photo_of="p001")
    assert update(shop, settings=settings, delta_only=True).delta_products == 1
    assert update(shop, settings=settings).delta == ""


def test_what_a_delta_cannot_do_is_rebuilt_or_refused(new_shop):
    shop = new_shop(6)
    with pytest.raises(NeedsRebuild, match=r"Nothing has been indexed yet.*lookalike reindex"):
        update(shop, never, delta_only=True)
    first = update(shop)
    assert first.published and not first.delta
    more = shop.settings.model_copy(update={"trees": 12})
    with pytest.raises(NeedsRebuild, match="settings of the index changed"):
        update(shop, never, settings=more, delta_only=True)
    add(shop, "new", photo_of="p001")
    with pytest.raises(NeedsRebuild, match="not the one that built the index"):
        update(shop, lambda: FakeEncoder(version=2), delta_only=True)
    other = update(shop, lambda: FakeEncoder(version=2))
    assert other.published and other.photos_embedded == 10 and "not the one" in other.notes[0]
    (shop.settings.index_dir / other.generation / "index.ann").write_bytes(b"")
    assert update(shop, lambda: FakeEncoder(version=2)).generation != other.generation


def test_a_generation_of_an_earlier_version_is_built_anew_once(new_shop):
    shop = new_shop(4)
    path = shop.settings.index_dir / shop.reindex().generation / FILE
    facts = json.loads(path.read_text())
    del facts["files"]["marks.npy"]
    path.write_text(json.dumps(facts))
    assert served(shop).name == current_name(shop.settings.index_dir)
    report = update(shop)
    assert report.published and "earlier version" in report.notes[0]
    assert not update(shop, never).published


def test_a_broken_delta_is_published_anew(new_shop):
    shop = new_shop(6)
    shop.reindex()
    add(shop, "new", photo_of="p001")
    name = update(shop).delta
    (shop.settings.index_dir / name / "vectors.npy").write_bytes(b"x")
    report = update(shop, never)
    assert report.published and report.delta != name and "new" in served(shop).row_of


def test_an_updater_goes_on_from_what_it_has_open(new_shop):
    shop = new_shop(6)
    loads = []
    updater = Updater(shop.catalogue, lambda: loads.append(1) or FakeEncoder(), shop.settings)
    updater.update()
    for number in range(3):
        add(shop, f"new{number}", photo_of=f"p00{number}")
        assert updater.update().delta_products == number + 1
    shop.reindex()
    add(shop, "last", photo_of="p004")
    assert updater.update().delta_products == 1 and loads == [1]


def test_one_at_a_time(new_shop):
    shop = new_shop(3)
    shop.reindex()
    with exclusive_lock(shop.settings.index_dir / "LOCK"), pytest.raises(Busy):
        update(shop)


def test_nothing_to_index_is_said(new_shop):
    shop = new_shop(1)
    shop.write([shop.rows()[0] | {"photos": ""}])
    shop.ingest()
    with pytest.raises(GenerationError, match="no photos"):
        update(shop)


def test_a_kill_between_any_two_steps_loses_nothing(new_shop):
    shop = new_shop(10)
    shop.reindex()
    index = shop.settings.index_dir
    died = published = 0
    for step in range(12):
        before = served(shop)
        add(shop, f"new{step:02}", photo_of=f"p00{step % 9}")
        exit_code = killed_at(shop.settings.home, step)
        live = served(shop)
        if exit_code == 0:
            published += 1
            assert f"new{step:02}" in live.row_of
            break
        assert exit_code == -signal.SIGKILL
        died += 1
        assert live.name == before.name or f"new{step:02}" in live.row_of
        assert set(before.ids) <= set(live.ids)
        update(shop, never)  # what was embedded was kept
        assert f"new{step:02}" in served(shop).row_of
        assert not list(index.glob(".building-*")) and len(list(index.glob("delta-*"))) == 1
    assert (died, published) == (7, 1)
    assert same_as_rebuilt(shop)
