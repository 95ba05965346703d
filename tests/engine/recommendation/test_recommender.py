import importlib
import threading
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from catalog.errors import UnknownProduct
from engine.errors import GenerationError, NoGeneration, NotIndexed, RequestError
from engine.index.generation import open_live
from engine.recommendation.recommender import Recommender
from engine.recommendation.request import Request
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.shop import Shop, open_shop
from tests.engine.twin.panel import slow_panel
from tests.engine.twin.world import World


def expected(shop: Shop, seeds: list[str], k: int, **options: object) -> list[str]:
    """The panel by its definition; see `tests.engine.twin`."""
    generation = open_live(shop.settings.index_dir)
    world = World(shop.catalogue.products(generation.ids.tolist()), generation)
    request = Request.of(seeds, {"k": k, **options})
    return [found.product_id for found in slow_panel(world, request)]


@pytest.mark.parametrize("weights", [{}, {"colour": 4}, {"shape": 0}])
@pytest.mark.parametrize("k", [1, 12, 200])
def test_the_panel_is_exactly_that_of_its_definition(shop, weights, k):
    recommender = shop.recommender()
    for number in range(0, 60, 7):
        seed = f"p{number:03}"
        found = [r.product_id for r in recommender.similar_to(seed, k, weights)]
        assert found == expected(shop, [seed], k, facets=weights), seed


def test_a_wishlist_is_several_clusters(shop):
    seeds = ["p001", "p014", "p050"]
    found = shop.recommender().similar_to_many(seeds, 10, exclude=["p007", "unheard-of"])
    assert [r.product_id for r in found] == expected(shop, seeds, 10, exclude=["p007"])
    assert found == shop.recommender().similar_to_many([*seeds, "p001"], 10, exclude=["p007"])


def test_lifting_a_guard_lets_more_through(shop):
    recommender = shop.recommender()
    man = next(
        p.product_id
        for p in shop.catalogue.products([row["id"] for row in shop.rows()]).values()
        if p.gender == "male" and p.age_group == "adult"
    )

    def seen(**lifts: bool) -> set[tuple[str | None, str | None]]:
        ids = [r.product_id for r in recommender.similar_to(man, 100, **lifts)]
        return {(p.gender, p.age_group) for p in shop.catalogue.products(ids).values()}

    assert not {g for g, _ in seen()} & {"female"} and not {a for _, a in seen()} & {"kids"}
    assert "female" in {g for g, _ in seen(any_gender=True)}
    assert "kids" in {a for _, a in seen(any_age_group=True)}


def test_results_have_rank_score_reasons_and_facets(shop):
    results = shop.recommender().similar_to("p010", 8)
    assert [r.rank for r in results] == list(range(1, 9))
    scores = [r.score for r in results]
    assert scores == sorted(scores, reverse=True) and -1 <= scores[-1] <= scores[0] <= 1
    weights = FakeEncoder().layout.weights
    for result in results:
        mean = sum(weights[name] * cosine for name, cosine in result.facets.items())
        assert result.score == pytest.approx(mean, abs=1e-5)
    ids = ["p010", *(r.product_id for r in results)]
    colours = {i: p.colour for i, p in shop.catalogue.products(ids).items()}
    for result in results:
        same = colours[result.product_id] == colours["p010"]
        assert ("same colour" in result.reasons) == same
    assert any(r.reasons for r in results)


def test_a_photo_finds_its_own_product_and_loads_the_encoder_once(shop):
    loads: list[str] = []

    def load(settings, name: str) -> FakeEncoder:
        loads.append(name)
        return FakeEncoder()

    recommender = Recommender(shop.settings, shop.catalogue, load)
    recommender.similar_to("p001")
    assert loads == []
    on_sale = next(row for row in shop.rows() if row["availability"] == "in_stock")
    with Image.open(shop.source.parent / on_sale["photos"].split(";")[0]) as image:
        found = recommender.similar_to_image(image, k=3)
        panel = recommender.panel_of_image(image, k=3)
    if ";" not in on_sale["photos"]:
        assert found[0].product_id == on_sale["id"] and found[0].score == pytest.approx(1)
    assert panel.results == tuple(found) and panel.seeds == ()
    assert panel.generation == recommender.generation
    assert loads == ["fake"]


def test_an_embedded_photo_is_not_embedded_again(shop):
    encoder = FakeEncoder()
    recommender = Recommender.open(shop.settings, shop.catalogue, encoder=encoder)
    photo = Image.new("RGB", (9, 9), "navy")
    embedded = recommender.embed(photo)
    found = [recommender.answer_to_image(embedded, Request((), k=k)) for k in (3, 9)]
    assert encoder.photos_encoded == 1
    assert found == [recommender.answer_to_image(photo, Request((), k=k)) for k in (3, 9)]
    stale = replace(embedded, fingerprint="another encoder's", vectors=embedded.vectors[:, ::-1])
    assert recommender.answer_to_image(stale, Request((), k=3)) == found[0]


def test_a_model_s_weights_for_photos_are_the_default_of_photos_only(tmp_path):
    shop = open_shop(tmp_path)
    colour = {"shape": 0.0, "colour": 1.0, "pattern": 0.0}
    encoder = FakeEncoder(photo_weights=colour)
    shop.reindex(encoder)
    recommender = Recommender.open(shop.settings, shop.catalogue, encoder=encoder)
    photo = Image.new("RGB", (60, 80), "navy")
    found = recommender.similar_to_image(photo)
    assert found == recommender.similar_to_image(photo, facets=colour)
    assert [one.score for one in found] == pytest.approx([one.facets["colour"] for one in found])
    usual = recommender.similar_to_image(photo, facets=encoder.layout.weights)
    assert [one.product_id for one in usual] != [one.product_id for one in found]
    product = recommender.similar_to("p001", min_match=0)
    assert product == recommender.similar_to("p001", facets=encoder.layout.weights)


def test_a_photo_never_meets_an_index_of_another_encoder(shop):
    recommender = Recommender(shop.settings, shop.catalogue, lambda *_: FakeEncoder(version=2))
    with pytest.raises(GenerationError, match="lookalike reindex"):
        recommender.similar_to_image(Image.new("RGB", (9, 9)))


@pytest.mark.parametrize("given", [FakeEncoder(), lambda settings, name: FakeEncoder()])
def test_open_takes_an_encoder_or_a_loader_of_one(shop, given):
    photo = Image.new("RGB", (9, 9), "navy")
    recommender = Recommender.open(shop.settings, shop.catalogue, encoder=given)
    assert recommender.similar_to_image(photo) == shop.recommender().similar_to_image(photo)


def test_an_encoder_of_ones_own_must_have_the_fingerprint_of_the_index(shop):
    other = FakeEncoder(version=2)
    recommender = Recommender.open(shop.settings, shop.catalogue, encoder=other)
    assert recommender.similar_to("p001")
    with pytest.raises(GenerationError, match="lookalike reindex"):
        recommender.similar_to_image(Image.new("RGB", (9, 9)))
    with pytest.raises(TypeError, match="not 'fashion-lite1'"):
        Recommender.open(shop.settings, shop.catalogue, encoder="fashion-lite1")


@pytest.mark.parametrize("k", [0, -3, 1001, 2.0, True, "3", None])
def test_a_number_of_results_that_is_not_valid_is_refused(shop, k):
    with pytest.raises(RequestError, match="whole number from 1 to 1000"):
        shop.recommender().similar_to("p001", k)


@pytest.mark.parametrize(
    ("facets", "message"),
    [({"taste": 1}, "no facet"), ({"colour": -1}, "0 or more"), ({"colour": np.nan}, "0 or more")],
)
def test_facets_that_are_not_valid_are_refused(shop, facets, message):
    with pytest.raises(RequestError, match=message):
        shop.recommender().similar_to("p001", facets=facets)


def test_seeds_that_are_not_valid_are_refused(shop):
    recommender = shop.recommender()
    with pytest.raises(RequestError, match="1 to 200 products, not 0"):
        recommender.similar_to_many([])
    with pytest.raises(RequestError, match="not 201"):
        recommender.similar_to_many([str(n) for n in range(201)])
    with pytest.raises(UnknownProduct, match="nobody"):
        recommender.similar_to("nobody")
    with pytest.raises(RequestError, match="any_gender"):
        recommender.similar_to("p001", in_stock=True)


def test_the_error_explains_why_a_seed_has_no_row(new_shop):
    shop = new_shop(4)
    shop.write([*shop.rows(), shop.rows()[0] | {"id": "bare", "photos": ""}])
    shop.ingest()
    shop.reindex()
    shop.write([*shop.rows(), shop.rows()[0] | {"id": "new", "photos": "photos/p002-0.png"}])
    shop.ingest()
    recommender = shop.recommender()
    with pytest.raises(NotIndexed, match="no usable photo"):
        recommender.similar_to("bare")
    with pytest.raises(NotIndexed, match=r"came in after.*lookalike reindex"):
        recommender.similar_to("new")
    shop.write([row for row in shop.rows() if row["id"] != "p000"])
    shop.ingest(sync=True)
    shop.reindex()
    with pytest.raises(NotIndexed, match="retired"):
        recommender.similar_to("p000")


def test_stock_counts_as_it_is_now_and_not_as_it_was_indexed(new_shop):
    shop = new_shop(20)
    shop.reindex()
    recommender = shop.recommender()
    first = recommender.similar_to("p001")[0].product_id
    shop.change(first, availability="out_of_stock")
    assert first not in {r.product_id for r in recommender.similar_to("p001", 100)}
    shop.change(first, availability="in_stock")
    assert recommender.similar_to("p001")[0].product_id == first
    shop.change("p001", availability="out_of_stock")  # still a fine seed
    assert recommender.similar_to("p001")[0].product_id == first
    shop.write([row for row in shop.rows() if row["id"] != first])
    shop.ingest(sync=True)
    assert first not in {r.product_id for r in recommender.similar_to("p001", 100)}


def test_without_an_index_the_error_names_the_next_step(new_shop):
    shop = new_shop(2)
    with pytest.raises(NoGeneration, match="lookalike reindex"):
        Recommender.open(shop.settings, shop.catalogue)
    shop.reindex()
    assert Recommender.open(shop.settings, shop.catalogue).similar_to("p000") is not None


def test_threads_share_one_recommender_while_generations_change(new_shop):
    shop = new_shop(12)
    shop.reindex()
    recommender = shop.recommender()
    expected = recommender.similar_to("p001")
    errors: list[BaseException] = []
    over = threading.Event()

    def request() -> None:
        try:
            while not over.is_set():
                assert recommender.similar_to("p001") == expected
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=request) for _ in range(4)]
    for thread in threads:
        thread.start()
    names = {shop.reindex(force=True).generation for _ in range(4)}
    over.set()
    for thread in threads:
        thread.join()
    assert not errors and recommender.generation in names


def test_the_short_form_reads_the_environment(new_shop, monkeypatch):
    module = importlib.import_module("engine.recommendation.recommend")
    shop = new_shop(6)
    shop.reindex()
    monkeypatch.setenv("LOOKALIKE_HOME", str(shop.settings.home))
    module._default.cache_clear()
    try:
        assert module.recommend("p001", k=2) == shop.recommender().similar_to("p001", 2)
    finally:
        module._default().parts.catalogue.db.close()
        module._default.cache_clear()


def test_every_saved_product_of_a_wishlist_gets_a_place(shop):
    """Also one that another seed, which is nearer to most of its results, would leave nothing."""
    recommender = shop.recommender()
    ids = [f"p{number:03}" for number in range(60)]
    alone = {one: recommender.panel(one, k=12).results for one in ids}
    seeds = [one for one in ids if len(alone[one]) == 12][:12]
    for count in (2, 5, 12):
        panel = recommender.panel(*seeds[:count], k=12)
        assert {result.seed for result in panel.results} == set(seeds[:count])
        tastes = {taste.seeds for taste in panel.tastes}
        assert sorted(seed for taste in tastes for seed in taste) == sorted(seeds[:count])


def test_a_panel_keeps_to_the_kind_of_its_seed_unless_it_is_asked_otherwise(shop):
    recommender = shop.recommender()

    def kinds(panel) -> set[str | None]:
        found = shop.catalogue.products([result.product_id for result in panel.results])
        return {product.category[0] for product in found.values()}

    assert kinds(recommender.panel("p000", k=100)) == {"Tops"}
    assert kinds(recommender.panel("p002", k=100)) == {"Shoes"}
    for options in ({"min_match": 0}, {"facets": {"colour": 1}}):
        assert kinds(recommender.panel("p000", k=100, **options)) == {"Tops", "Shoes"}
    assert kinds(recommender.panel("p000", k=100, filter={"category": "Shoes"})) == {"Shoes"}
