import numpy as np
import pytest

from catalog.records import Facts
from engine.encoders.facets import FacetLayout
from engine.recommendation.explanations import facet_cosines, reasons

CLOSE = {"shape": 0.8, "colour": 0.9, "pattern": 0.7}


def facts(products: list[dict]) -> Facts:
    def column(key: str, kind: type = object) -> np.ndarray:
        return np.array([product.get(key) for product in products], dtype=kind)

    return Facts(
        ids=np.array([str(n) for n in range(len(products))], dtype=object),
        known=column("known", bool),
        available=column("known", bool) & ~column("retired", bool) & ~column("sold_out", bool),
        gender=column("gender"),
        age_group=column("age_group"),
        group_id=column("group_id"),
        category=column("category"),
        colour=column("colour"),
        pattern=column("pattern"),
        retired=column("retired", bool),
        sold_out=column("sold_out", bool),
    )


def reasons_of(cosines, seed=0, close=CLOSE, **words) -> tuple[str, ...]:
    """Reasons for a pair; words are given as ``colour=("red", "blue")``."""
    pair = [{key: values[place] for key, values in words.items()} for place in (0, 1)]
    for product in pair:
        product |= {"known": True, "available": True}
    return reasons(cosines, close, facts(pair), seed, 1)


def test_close_facets_are_named_strongest_first():
    assert reasons_of({"shape": 0.85, "colour": 0.5, "pattern": 0.95}) == (
        "close pattern",
        "close shape",
    )
    assert reasons_of({"shape": 0.8, "colour": 0.89, "pattern": 0.69}) == ("close shape",)
    assert reasons_of({"shape": 0.1, "colour": 0.1, "pattern": 0.1}) == ()


def test_words_of_the_catalogue_are_trusted_over_cosines():
    far = {"shape": 0.1, "colour": 0.2, "pattern": 0.2}
    assert reasons_of(far, colour=("red", "red")) == ("same colour",)
    assert reasons_of(far, colour=("red", "blue")) == ()
    assert reasons_of(far, colour=(None, None), pattern=("dots", "dots")) == ("same pattern",)
    near = far | {"colour": 0.99}
    assert reasons_of(near, colour=("navy", "blue")) == ("close colour",)
    assert reasons_of(near, category=("Tops", "Tops")) == ("close colour", "same category")


def test_there_are_at_most_three_reasons_and_the_category_is_last():
    all_ = {"shape": 0.9, "colour": 0.95, "pattern": 0.9}
    found = reasons_of(all_, colour=("red", "red"), category=("Tops", "Tops"))
    assert found == ("same colour", "close pattern", "close shape")


def test_an_encoder_without_facets_still_has_words():
    found = reasons_of(
        {"appearance": 0.9}, close={"appearance": 0.8}, colour=("red", "red"), category=("A", "A")
    )
    assert found == ("very similar look", "same colour", "same category")


def test_an_uploaded_photo_shares_no_words_with_anything():
    assert reasons_of(
        {"shape": 0.9, "colour": 0, "pattern": 0}, seed=None, colour=("red", "red")
    ) == ("close shape",)


def test_facet_cosines_are_cosines_of_blocks():
    layout = FacetLayout.of({"a": 3, "b": 2}, {"a": 0.7, "b": 0.3})
    random = np.random.default_rng(0)
    ours, theirs = random.normal(size=(2, 6, 5)).astype(np.float32)
    theirs[0, 3:] = 0
    theirs[1, :3] = ours[1, :3] * 5
    found = facet_cosines(layout, ours, theirs)
    for row in range(6):
        for name, part in (("a", slice(0, 3)), ("b", slice(3, 5))):
            x, y = ours[row, part].tolist(), theirs[row, part].tolist()
            length = sum(v * v for v in x) ** 0.5 * sum(v * v for v in y) ** 0.5
            cosine = sum(p * q for p, q in zip(x, y, strict=True)) / length if length else 0
            assert found[name][row] == pytest.approx(cosine, abs=2e-6)
            assert -1 <= found[name][row] <= 1
