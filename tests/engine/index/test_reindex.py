import numpy as np
import pytest
from PIL import Image

from engine.errors import Busy, GenerationError
from engine.index.generation import Generation, open_generation, open_live
from engine.index.lock import exclusive_lock
from engine.index.pointer import current_name
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.generations import publish
from tests.engine.shop import Shop


def live(shop: Shop) -> Generation:
    return open_live(shop.settings.index_dir)


def test_every_product_gets_the_row_of_its_photos(shop):
    generation = live(shop)
    encoder = FakeEncoder()
    assert generation.ids.tolist() == sorted(row["id"] for row in shop.rows())
    for product in shop.catalogue.products(generation.ids.tolist()).values():
        images = [Image.open(photo.path) for photo in product.photos]
        rows = encoder.encode(images).astype(float)
        blocks = []
        for name, (start, stop) in encoder.layout.slices.items():
            mean = rows[:, start:stop].mean(axis=0)
            blocks.append(mean / np.linalg.norm(mean) * encoder.layout.weights[name] ** 0.5)
        for image in images:
            image.close()
        row = generation.vectors[generation.row_of[product.product_id]]
        assert np.allclose(row, np.concatenate(blocks), atol=1e-5)


def test_the_manifest_says_where_it_came_from(shop):
    manifest = live(shop).manifest
    assert manifest.encoder == "fake" and manifest.fingerprint == FakeEncoder().fingerprint
    assert manifest.catalogue == shop.catalogue.watermark()
    assert (manifest.count, manifest.photos, manifest.failed) == (60, 90, 0)
    assert manifest.recall_at_10 >= 0.99 and manifest.recall_sample == 60


def test_a_second_run_embeds_nothing_and_publishes_nothing(new_shop):
    shop = new_shop()
    first = shop.reindex()
    assert first.published and first.photos_embedded == 18
    encoder = FakeEncoder()
    second = shop.reindex(encoder)
    assert not second.published and second.generation == first.generation
    assert (second.photos_embedded, encoder.photos_encoded) == (0, 0)
    forced = shop.reindex(encoder, force=True)
    assert forced.published and encoder.photos_encoded == 0
    assert (
        live(shop).vectors == open_generation(shop.settings.index_dir / first.generation).vectors
    ).all()


def test_a_change_costs_what_changed(new_shop):
    shop = new_shop()
    first = shop.reindex()
    shop.change("p003", title="Another name")
    assert not shop.reindex().published  # words move no row
    photo = shop.source.parent / "photos" / "p004-0.png"
    photo.write_bytes((photo.parent / "p006-0.png").read_bytes())
    shop.ingest()
    copied = shop.reindex()
    assert copied.published and copied.photos_embedded == 0  # that photo was known
    generation = live(shop)
    rows = generation.vectors[[generation.row_of[p] for p in ("p004", "p006")]]
    assert generation.name != first.generation and (rows[0] == rows[1]).all()
    assert len(generation.ids) == 12  # two products with one photo stay two


def test_what_left_the_source_leaves_the_index(new_shop):
    shop = new_shop()
    shop.reindex()
    shop.write(shop.rows()[1:])
    shop.ingest(sync=True)
    report = shop.reindex()
    assert (report.published, report.products, report.photos_embedded) == (True, 11, 0)
    assert "p000" not in live(shop).row_of


@pytest.mark.parametrize("change", ["encoder", "trees", "search_k"])
def test_another_encoder_or_setting_makes_a_new_generation(new_shop, change):
    shop = new_shop()
    first = shop.reindex()
    encoder = FakeEncoder(version=2 if change == "encoder" else 1)
    other = {} if change == "encoder" else {change: 33}
    settings = shop.settings.model_copy(update=other)
    report = shop.reindex(encoder, settings=settings)
    assert report.published and report.generation != first.generation
    assert encoder.photos_encoded == (18 if change == "encoder" else 0)
    assert not shop.reindex(FakeEncoder(encoder.version), settings=settings).published


def test_a_lost_photo_is_told_and_tried_again_and_its_product_stays(new_shop):
    shop = new_shop()
    photos = shop.source.parent / "photos"
    whole, second = photos / "p002-0.png", photos / "p003-1.png"
    kept = {path: path.read_bytes() for path in (whole, second)}
    for path in kept:
        path.unlink()
    report = shop.reindex()
    assert [f.path for f in report.failures] == [str(whole), str(second)]
    assert report.products == 11 and "p003" in live(shop).row_of
    assert not shop.reindex().published  # tried again, in vain
    whole.write_bytes(kept[whole])
    again = shop.reindex()
    assert again.published and again.photos_embedded == again.photos_failed == 1
    assert "p002" in live(shop).row_of


def test_a_repaired_photo_counts_even_if_the_run_that_embedded_it_was_killed(new_shop, monkeypatch):
    shop = new_shop()
    photo = shop.source.parent / "photos" / "p002-0.png"
    data = photo.read_bytes()
    photo.unlink()
    shop.reindex()
    photo.write_bytes(data)
    with monkeypatch.context() as patch:
        patch.setattr("engine.index.reindex.publish", lambda *_: exec("raise KeyboardInterrupt"))
        with pytest.raises(KeyboardInterrupt):
            shop.reindex()
    assert shop.reindex().published and "p002" in live(shop).row_of


def test_nothing_to_index_is_said(new_shop):
    shop = new_shop(1)
    (shop.source.parent / "photos" / "p000-0.png").unlink()
    with pytest.raises(GenerationError, match="None of the 1 photos could be read"):
        shop.reindex()
    shop.write([shop.rows()[0] | {"photos": ""}])
    shop.ingest()
    with pytest.raises(GenerationError, match="lookalike ingest"):
        shop.reindex()
    assert current_name(shop.settings.index_dir) is None


def test_two_at_once_do_not_collide(new_shop):
    shop = new_shop()
    with exclusive_lock(shop.settings.index_dir / "LOCK"), pytest.raises(Busy):
        shop.reindex()
    assert shop.reindex().published


def test_a_broken_live_generation_is_replaced(new_shop):
    shop = new_shop()
    first = shop.reindex()
    (shop.settings.index_dir / first.generation / "index.ann").write_bytes(b"")
    encoder = FakeEncoder()
    second = shop.reindex(encoder)
    assert second.published and encoder.photos_encoded == 0
    assert "was broken and is replaced" in second.notes[0]
    assert live(shop).name == second.generation


def test_search_k_is_raised_until_the_recall_is_reached(tmp_path):
    found = publish(tmp_path, 500, search_k=1, min_recall=0.999).manifest
    assert found.asked_search_k == 1 < found.search_k and found.recall_at_10 >= 0.999
    low = publish(tmp_path / "low", 500, search_k=1, min_recall=0.1).manifest
    assert low.search_k < found.search_k and low.recall_at_10 < found.recall_at_10


def test_old_generations_are_pruned(new_shop):
    shop = new_shop(3)
    names = [shop.reindex(force=True).generation for _ in range(4)]
    left = {path.name for path in shop.settings.index_dir.iterdir() if path.is_dir()}
    assert len(left) == 2 and names[-1] in left


def test_close_is_what_one_random_pair_in_a_hundred_exceeds(shop):
    generation = live(shop)
    for name, level in generation.manifest.close.items():
        block = generation.layout.block(generation.vectors, name).astype(float)
        block /= np.linalg.norm(block, axis=1, keepdims=True)
        cosines = [block[a] @ block[b] for a in range(60) for b in range(a)]
        above = sum(cosine > level for cosine in cosines) / len(cosines)
        assert above == pytest.approx(0.01, abs=0.002)
