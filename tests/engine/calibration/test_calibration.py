import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calibration.calibration import Calibration
from engine.calibration.curve import LEAST, MOST, Curve
from engine.errors import CalibrationError

CURVE = Curve(cosines=(0.0, 0.5, 0.8, 0.9), probabilities=(0.001, 0.2, 0.2, 0.9), products=80)
SHIRTS = Curve(cosines=(0.2, 0.9), probabilities=(0.1, 0.5), products=30)
FITTED = Calibration(
    fingerprint="f" * 64,
    encoder="fake",
    alike="same type and basic colour",
    fitted_on=80,
    everything=CURVE,
    categories={"Tops > Shirts": SHIRTS},
)

levels = st.floats(LEAST, MOST)


@st.composite
def curves(draw):
    cosines = sorted(draw(st.sets(st.integers(-1000, 1000), min_size=1, max_size=8)))
    probabilities = sorted(draw(st.lists(levels, min_size=len(cosines), max_size=len(cosines))))
    return Curve(
        cosines=tuple(one / 1000 for one in cosines), probabilities=tuple(probabilities), products=1
    )


@given(curves(), st.lists(st.floats(-1, 1), min_size=1, max_size=20))
def test_a_match_lies_inside_0_and_100_and_never_falls(curve, cosines):
    fitted = FITTED.model_copy(update={"everything": curve})
    percent = fitted.match(np.sort(cosines))
    assert ((percent > 0) & (percent < 100)).all()
    assert (np.diff(percent) >= 0).all()


@given(curves(), st.floats(0, 100), st.floats(-1, 1))
def test_the_inverse_is_the_threshold_of_the_match(curve, percent, cosine):
    fitted = FITTED.model_copy(update={"everything": curve})
    bar = fitted.inverse(percent)
    match = fitted.match(np.array([cosine]))[0]
    if cosine > bar + 1e-6:
        assert match >= percent - 1e-6
    if cosine < bar - 1e-6:
        assert match < percent + 1e-6
    if np.isfinite(bar):
        assert fitted.match(np.array([bar]))[0] >= percent - 1e-6


def test_the_inverse_takes_the_least_cosine_of_a_level_stretch():
    assert FITTED.inverse(20) == pytest.approx(0.5)
    assert FITTED.inverse(55) == pytest.approx(0.85)
    assert FITTED.inverse(95) == np.inf
    assert FITTED.inverse(0) == -1


def test_a_category_has_the_curve_of_the_nearest_path_above():
    assert FITTED.curve_of("Tops > Shirts") is SHIRTS
    assert FITTED.curve_of("Tops > Shirts > Linen") is SHIRTS
    for path in ("Tops", "Tops > Shirtsleeves", "Shirts", "", None):
        assert FITTED.curve_of(path) is CURVE


def test_categories_may_differ_from_pair_to_pair():
    cosines = np.array([0.9, 0.9, 0.55])
    percent = FITTED.match(cosines, ["Tops > Shirts", None, "Tops > Shirts"])
    assert percent.tolist() == pytest.approx([50, 90, 30])
    assert FITTED.match(cosines[:1], "Tops > Shirts").tolist() == pytest.approx([50])
    with pytest.raises(ValueError, match="do not fit"):
        FITTED.match(cosines, ["Tops"])


def test_it_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "new" / "calibration.json"
    FITTED.save(path)
    assert Calibration.load(path, "f" * 64) == FITTED
    assert [one.name for one in path.parent.iterdir()] == ["calibration.json"]


def test_that_of_another_encoder_is_refused(tmp_path):
    FITTED.save(tmp_path / "c.json")
    with pytest.raises(CalibrationError, match=r"c\.json was fitted for encoder fake \(ffffff.*lo"):
        Calibration.load(tmp_path / "c.json", "a" * 64)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 99}, "has schema 99"),
        ({"everything": {"cosines": [], "probabilities": [], "products": 1}}, "cosines"),
        ({"everything": {"cosines": [1, 0], "probabilities": [0.1, 0.2], "products": 1}}, "rise"),
        ({"everything": {"cosines": [0, 1], "probabilities": [0.3, 0.2], "products": 1}}, "fall"),
        ({"everything": {"cosines": [0, 1], "probabilities": [0.3, 1.2], "products": 1}}, "betwe"),
        ({"everything": {"cosines": [0], "probabilities": [0.3, 0.4], "products": 1}}, "each"),
        ({"fingerprint": None}, "fingerprint"),
    ],
)
def test_a_broken_file_is_refused_with_the_next_step(tmp_path, change, message):
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps(json.loads(FITTED.model_dump_json()) | change))
    with pytest.raises(CalibrationError, match=message) as caught:
        Calibration.load(path)
    assert "lookalike calibrate" in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_no_calibration_is_refused(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe{")
    for name in ("a.json", "none.json"):
        with pytest.raises(CalibrationError, match="lookalike calibrate"):
            Calibration.load(tmp_path / name)
