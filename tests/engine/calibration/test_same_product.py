import numpy as np
import pytest

from engine.calibration.same_product import SameProduct
from engine.errors import RequestError
from tests.engine.random_shop import same_product


def test_thresholds_are_those_measured_and_between_them_by_the_logarithm_of_the_rate():
    learned = same_product()
    assert learned.threshold(1e-3) == pytest.approx(0.8)
    assert learned.threshold(1e-4) == pytest.approx(0.85)
    assert learned.threshold(1e-2) == pytest.approx(0.65)
    rates = np.geomspace(0.1, 1e-5, 20)
    assert (np.diff([learned.threshold(float(rate)) for rate in rates]) >= 0).all()


@pytest.mark.parametrize("far", [0.5, 1e-7])
def test_a_rate_that_was_not_measured_is_refused_with_those_that_were(far):
    with pytest.raises(RequestError, match=r"from 1e-05 to 0\.1"):
        same_product().threshold(far)


def test_rates_must_fall_and_cosines_must_not():
    known = same_product().model_dump()
    for wrong in (
        {"rates": (1e-3, 1e-2, 1e-5)},
        {"cosines": (0.9, 0.8, 0.9)},
        {"cosines": (0.5, 0.8)},
        {"rates": (0.1, 1e-3, 0.0)},
    ):
        with pytest.raises(ValueError, match="false-accept rate"):
            SameProduct.model_validate(known | wrong)
