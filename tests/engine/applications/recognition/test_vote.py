import numpy as np
import pytest

from engine.applications.recognition.confidence import Trial, curve_of, learn_confidences
from engine.applications.recognition.vote import NEARNESS, VOTERS, vote


def test_a_vote_is_the_weighted_share_of_a_slow_twin():
    words, cosines = ["a", "b", "a", "b", "b"], [0.9, 0.88, 0.8, 0.79, 0.7]
    weights = [np.exp(one / NEARNESS) for one in cosines]
    found = vote(words, cosines)
    assert found is not None
    for word, share in found.shares.items():
        mine = sum(w for w, name in zip(weights, words, strict=True) if name == word)
        assert share == pytest.approx(mine / sum(weights))
    assert found.word == max(found.shares, key=found.shares.get)
    assert (found.agreeing, found.voters) == (words.count(found.word), 5)


def test_one_near_example_outweighs_many_far_ones():
    found = vote(["kilt", *["skirt"] * 11], [0.95, *[0.75] * 11])
    assert found is not None
    assert (found.word, found.agreeing, found.voters) == ("kilt", 1, 12)
    assert found.share > 0.8


def test_only_the_nearest_vote_and_nobody_says_nothing():
    found = vote(["a"] * VOTERS + ["b"] * 99, np.ones(VOTERS + 99))
    assert found is not None
    assert found.shares == {"a": pytest.approx(1)}
    assert vote([], []) is None


def trials(count: int, words: int = 4, seed: int = 0) -> list[Trial]:
    """Votes that are right as often as their share says."""
    draw = np.random.default_rng(seed)
    found = []
    for n in range(count):
        share, word = float(draw.uniform(0.3, 1)), f"w{draw.integers(words)}"
        voted = word if draw.random() < share else "other"
        found.append(Trial(f"f{n}", word, voted, share))
    return found


def test_confidence_is_the_share_of_right_votes_on_other_products():
    learned = learn_confidences({"category": trials(1_000)})["category"]
    for share in (0.4, 0.6, 0.8):
        assert learned.of(share) == pytest.approx(share, abs=0.12)
    assert learned.error < 0.08
    assert learned.products == 1_000
    assert 0.5 < learned.accuracy < 0.8
    assert learned.majority < 0.5


def test_split_votes_are_not_taken_for_clear_ones():
    clear = [Trial(f"c{n}", "x", "y" if n % 20 == 0 else "x", 0.9 + n / 2_100) for n in range(210)]
    split = [Trial(f"s{n}", "y", "y" if n % 5 < 2 else "x", 0.4 + n / 300) for n in range(30)]
    learned = learn_confidences({"pattern": [*clear, *split]})["pattern"]
    assert learned.of(0.45) < 0.6 and learned.of(0.95) > 0.9
    assert learned.of(0.1) <= learned.of(0.4)  # lower than all others: no surer than these


def test_attributes_of_few_products_or_of_a_word_for_each_are_not_recognised():
    few, names = trials(20), [Trial(f"f{n}", f"name {n}", "x", 0.5) for n in range(100)]
    same = [Trial(f"f{n}", "x", "x", 1.0) for n in range(100)]
    assert learn_confidences({"few": few, "names": names, "same": same}) == {}


def test_a_curve_never_falls():
    draw = np.random.default_rng(1)
    curve = curve_of(draw.random(300), draw.random(300) < 0.5)
    assert (np.diff(curve.at(np.linspace(0, 1, 50))) >= 0).all()


def test_a_curve_of_votes_that_are_all_right_is_not_quite_sure():
    curve = curve_of(np.full(98, 0.9), np.ones(98, dtype=bool))
    assert curve.at(np.array([0.9]))[0] == pytest.approx(0.99)


def test_a_larger_share_never_makes_a_word_less_sure():
    shares = np.linspace(0.5, 1, 200)
    curve = curve_of(shares, shares < 0.75)  # as it happened, split votes were the right ones
    assert curve.at(np.array([0.1, 0.6, 0.99])) == pytest.approx(0.5, abs=0.01)
