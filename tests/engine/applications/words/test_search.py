import threading

import pytest

from catalog.filters.filter import Filter
from engine.applications.words.fusion import fuse
from engine.applications.words.search import MAX_TEXT, WordSearch
from engine.errors import EncoderError, NoGeneration, RequestError
from engine.recommendation.recommender import Recommender
from engine.recommendation.request import Request
from engine.settings import EngineSettings
from tests.engine.applications.words.text_shop import KINDS, WEIGHTS
from tests.engine.fake_encoder import FakeEncoder


def shown(text_shop, answer):
    found = text_shop.catalogue.products([one.product_id for one in answer.results])
    return list(found.values())


def test_what_meets_all_wishes_comes_first(text_shop, searching):
    for colour in ("red", "green"):
        for kind, path in KINDS.items():
            first = shown(text_shop, searching.search(f"{colour} {kind}", k=2))
            assert {(one.colour, " > ".join(one.category)) for one in first} == {(colour, path)}


def test_looks_find_what_no_word_says(text_shop, searching):
    untold = text_shop.catalogue.product("t000")  # a red dress
    assert untold.colour is None and "red" not in untold.title
    for text in ("red", "red dress"):
        found = {one.product_id: one for one in searching.search(text, k=20).results}
        assert found["t000"].similarity > 0.5
    assert not found["t000"].in_words


def test_a_price_is_kept_to_unless_nothing_costs_that(text_shop, searching):
    cheap = searching.search("dress under 14", k=12)
    assert all(one.effective_price <= 14 for one in shown(text_shop, cheap)) and cheap.results
    nothing = searching.search("dress under 3", k=12)
    assert nothing.relaxed == ("price_to",) and nothing.results


def test_a_filter_is_never_dropped(text_shop, searching):
    wanted = Filter.of({"category": "Bags"})
    found = shown(text_shop, searching.search("red dress under 3", k=12, where=wanted))
    assert found and all(one.category == ("Bags",) for one in found)


def test_of_few_that_meet_all_others_of_the_type_follow(text_shop, searching):
    answer = searching.search("red maxi dress", k=36)
    found = shown(text_shop, answer)
    assert ("red", "maxi") in [(one.colour, one.attributes["length"]) for one in found[:3]]
    assert answer.note.corrected is None and answer.note.ignored == ()
    assert {one.category[-1] for one in found} >= {"Dresses"} and len(found) >= 12


def test_words_of_attributes_alone_are_found_by_what_they_mean(text_shop, searching):
    for text in ("maxi", "knee length"):
        [first, *_] = shown(text_shop, searching.search(text, k=6))
        assert first.attributes["length"] == text.split()[0]
    answer = searching.search("greem maxi dress", k=6)
    assert answer.note.corrected == "green dress"
    assert [wish.field for wish in answer.wishes.wishes] == [
        "colour",
        "category",
        "attributes.length",
    ]


def test_a_text_without_wishes_does_not_find_everything(text_shop, searching):
    answer = searching.search("model", k=36)  # a word of all titles
    assert all(one.in_words for one in answer.results)
    few = searching.search("model 35", k=36)
    assert {one.product_id for one in few.results if one.in_words} == {"t035"}
    assert len(few.results) < 36


def test_results_say_what_they_meet(searching):
    [first, *_] = searching.search("blue shirt", k=5).results
    assert first.meets == ("blue", "shirt") and first.rank == 1 and -1 <= first.similarity <= 1


def test_words_that_nothing_is_called_find_nothing(searching):
    answer = searching.search("qqqqzzzz wwwwxxxx", k=5)
    assert answer.results == () and answer.note.ignored == ("qqqqzzzz", "wwwwxxxx")


def test_a_corrected_spelling_is_searched_for_by_look_too(searching):
    answer = searching.search("greem bags", k=3)
    assert answer.note.corrected == "green bags"
    assert [wish.values for wish in answer.wishes.wishes][:1] == [("green",)]


@pytest.mark.parametrize("text", ["", "  ", "\u200b", "x" * (MAX_TEXT + 1)])
def test_an_empty_or_very_long_text_is_refused(searching, text):
    with pytest.raises(RequestError, match="search"):
        searching.search(text)


def test_without_an_encoder_of_texts_words_alone_decide(text_shop, caplog):
    photos_only = FakeEncoder(weights=WEIGHTS)
    shop = WordSearch(text_shop.recommender(photos_only))
    answer = shop.search("red dress", k=9)
    assert not answer.by_look and "photos only" in caplog.text
    assert answer.results and all(one.in_words for one in answer.results)
    assert shop.changed(Request(("t001",), k=2), "in green").panel.results
    with pytest.raises(EncoderError, match="photos only"):
        shop.changed(Request(("t001",), k=2), "model")


def test_there_must_be_an_index(tmp_path, text_shop):
    with pytest.raises(NoGeneration):
        WordSearch(Recommender(EngineSettings(home=tmp_path), text_shop.catalogue)).search("red")


def test_threads_share_it(text_shop):
    shop = WordSearch(text_shop.recommender())
    answers = []

    def ask() -> None:
        answers.append(shop.search("red dress", k=6).results)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6 and len(set(answers)) == 1


def test_ranks_are_fused_as_in_the_paper():
    scores = fuse({"look": ["a", "b"], "words": ["b"]})
    assert scores == {"b": pytest.approx(1 / 62 + 1.5 / 61), "a": pytest.approx(1 / 61)}
    assert list(scores) == ["b", "a"]


def test_words_change_the_colour_of_a_product_and_keep_its_type(text_shop, searching):
    seed = text_shop.catalogue.browse(category="Clothing > Dresses", colour="red").products[0]
    lifted = Request.of([seed.product_id], {"k": 3, "any_gender": True, "near_duplicates": True})
    answer = searching.changed(lifted, "this, but in green")
    found = shown(text_shop, answer.panel)
    assert {(one.colour, one.category[-1]) for one in found} == {("green", "Dresses")}
    assert seed.product_id not in {one.product_id for one in found}


def test_words_change_the_type_and_where_there_is_none_nothing_is_shown(text_shop, searching):
    red = text_shop.catalogue.browse(category="Clothing > Dresses", colour="red").products[0]
    lifted = Request.of([red.product_id], {"k": 3, "any_gender": True, "near_duplicates": True})
    found = shown(text_shop, searching.changed(lifted, "as a bag").panel)
    assert found and all(one.category == ("Bags",) for one in found)
    narrowed = Request.of([red.product_id], {"k": 3, "filter": {"brand": "none"}})
    assert searching.changed(narrowed, "as a bag").panel.results == ()


def test_longer_and_cheaper_compare_with_the_product(text_shop, searching):
    seed = next(
        one
        for one in text_shop.catalogue.browse(category="Clothing > Shirts", per_page=99).products
        if one.attributes["length"] == "knee"
    )
    lifted = Request.of([seed.product_id], {"k": 9, "any_gender": True, "near_duplicates": True})
    longer = shown(text_shop, searching.changed(lifted, "longer").panel)
    assert longer and {one.attributes["length"] for one in longer} == {"maxi"}
    cheaper = shown(text_shop, searching.changed(lifted, "cheaper").panel)
    assert cheaper and all(one.effective_price < seed.effective_price for one in cheaper)


def test_a_comparison_that_the_product_has_no_value_for_is_named(text_shop, searching):
    bag = text_shop.catalogue.browse(category="Bags").products[0]
    answer = searching.changed(Request((bag.product_id,), k=2), "longer, with longer sleeves")
    assert answer.unknown == ("sleeve", "length")


def test_words_change_one_product(searching):
    with pytest.raises(RequestError, match="one seed"):
        searching.changed(Request(("t000", "t001")), "in green")


def test_some_of_the_words_make_no_dress_of_a_bag(text_shop, searching):
    bag = text_shop.catalogue.product("t035")
    assert bag.category == ("Bags",) and "35" in bag.title
    answer = searching.search("35 dress", k=36)
    assert answer.note.some and answer.partly
    assert len(answer.named) >= 9 and "t035" not in answer.named
    assert not [one for one in answer.results if one.in_words and one.product_id == "t035"]
    alone = searching.search("35 34", k=36)  # names no type: some of the words will do
    assert alone.note.some and not alone.partly
    assert {one.product_id for one in alone.results if one.in_words} == {"t034", "t035"}


def test_what_is_of_one_of_two_types_stays(searching):
    answer = searching.search("bags or shirts", k=36)
    assert answer.note.some and not answer.partly
    assert {"t012", "t035"} <= set(answer.named)
