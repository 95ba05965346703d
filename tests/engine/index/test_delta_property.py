"""A generation with a delta answers every request as the index that a full rebuild makes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.calibration.calibration import FILE
from engine.errors import NotIndexed
from engine.index.generation import Generation
from engine.index.merged import MergedGeneration
from engine.recommendation.recommender import Recommender
from engine.recommendation.request import Request
from engine.settings import EngineSettings
from tests.engine import generations, random_shop
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.recommendation.test_panel_property import requests, rules

IDS = random_shop.ids()
# Of the products: new ones, changed ones, gone ones, and how many deltas came one after another.
DELTAS = (
    (0.0, 0.0, 0.0, 1),
    (0.02, 0.0, 0.0, 1),
    (0.05, 0.05, 0.05, 2),
    (0.0, 0.3, 0.0, 1),
    (0.3, 0.3, 0.2, 3),
    (0.9, 0.5, 0.0, 1),
)


def rows(seed: int) -> np.ndarray:
    """Rows of all products, in clumps, every seventh one a copy of another."""
    made = generations.random_rows(FakeEncoder().layout, len(IDS), seed)
    made[6::7] = made[5::7][: len(made[6::7])]
    return made


def make(folder: Path, number: int) -> tuple[Path, Path]:
    """Two homes: one with a generation and a delta, one with what a rebuild would make of both."""
    new, changed, gone, times = DELTAS[number]
    chance = np.random.default_rng(number)
    before, after = rows(number), rows(number)
    others = rows(100 + number)
    late = chance.random(len(IDS)) < new
    late[: 1 if new else 0] = True  # the seed that most requests have
    lost = ~late & (chance.random(len(IDS)) < gone)
    other = ~late & ~lost & (chance.random(len(IDS)) < changed)
    after[other] = others[other]
    wanted = 10 * len(IDS)
    with_delta, rebuilt = folder / f"delta{number}", folder / f"whole{number}"
    old, now = np.flatnonzero(~late), np.flatnonzero(~lost)
    publish(with_delta, old, before, wanted)
    publish(rebuilt, now, after, wanted)
    moved = np.flatnonzero(late | other)
    for one in range(1, times + 1):  # each has all that came so far, and takes the earlier's place
        some = moved[: len(moved) * one // times]
        left = np.flatnonzero(lost)[: lost.sum() * one // times]
        generations.publish_delta(with_delta, named(some), after[some], named(left))
    return with_delta, rebuilt


def publish(home: Path, some: np.ndarray, vectors: np.ndarray, search_k: int) -> Generation:
    made = generations.publish(home, of=(named(some), vectors[some]), search_k=search_k)
    random_shop.calibration().save(EngineSettings(home=home).index_dir / made.name / FILE)
    return made


def named(places: np.ndarray) -> list[str]:
    return [IDS[place] for place in places]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    folder = tmp_path_factory.mktemp("deltas")
    opened = random_shop.open_random_shop(folder)
    opened.pairs = []
    for number in range(len(DELTAS)):
        homes = make(folder, number)
        options = {
            "load_encoder": lambda *_: FakeEncoder(),
            "best_sellers": lambda category, most: IDS[::3][:most],
        }
        opened.pairs.append([random_shop.recommender(opened, home, **options) for home in homes])
    yield opened
    opened.db.close()


@pytest.mark.parametrize("path", ["scan", "index"])
@given(
    facts=st.integers(0, 5),
    number=st.integers(0, len(DELTAS) - 1),
    request=requests(),
    book=rules(),
    photo=st.sampled_from([None, None, None, "red", "navy"]),
)
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_answer_with_a_delta_is_that_of_a_rebuild(
    shop, path, facts, number, request, book, photo
):
    if facts < 2:
        random_shop.fill(shop, facts)
    else:
        random_shop.change(shop, facts, share=0.02 * facts**2)
    shop.rules.put(book, replace=True)
    with random_shop.searching(path):
        with_delta, rebuilt = (
            outcome(recommender, request, photo) for recommender in shop.pairs[number]
        )
    assert with_delta == rebuilt


def outcome(recommender: Recommender, request: Request, photo: str | None) -> object:
    """The answer without the name of the index."""
    try:
        if photo is None:
            panel = recommender.answer(request)
        else:
            bare = replace(request, seeds=(), weights={})
            panel = recommender.answer_to_image(Image.new("RGB", (64, 64), photo), bare)
    except NotIndexed as error:
        event("not indexed")
        return str(error)
    event(f"fallback {panel.fallback}")
    return replace(panel, generation="")


def test_the_two_really_differ_in_how_they_are_kept(shop):
    for (new, changed, gone, times), (with_delta, rebuilt) in zip(DELTAS, shop.pairs, strict=True):
        live, whole = with_delta.live(), rebuilt.live()
        assert isinstance(live, MergedGeneration) and not isinstance(whole, MergedGeneration)
        assert live.name == f"{live.base.name}+{times}"
        assert live.ids.tolist() == whole.ids.tolist() and live.row_of == whole.row_of
        assert (np.asarray(live.vectors) == whole.vectors).all()
        assert live.manifest.close == whole.manifest.close
        assert bool(live.delta.ids) == bool(new or changed) and bool(live.delta.gone) == bool(gone)
