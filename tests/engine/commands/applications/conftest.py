"""An indexed shop for the commands of the applications, with a calibration."""

from types import SimpleNamespace

import pytest

from engine.calibration.calibration import FILE
from engine.encoders import loading
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.random_shop import calibration


@pytest.fixture
def commands_shop(new_shop, monkeypatch) -> SimpleNamespace:
    """A shop of 12 products that commands answer from, and the folder of its generation."""
    shop = new_shop()
    report = shop.reindex()
    monkeypatch.setenv("LOOKALIKE_HOME", str(shop.settings.home))
    monkeypatch.setattr(loading, "load", lambda settings, name=None: FakeEncoder())
    calibrated = shop.settings.index_dir / report.generation / FILE
    calibration().save(calibrated)
    ids = [row["id"] for row in shop.rows()]
    return SimpleNamespace(shop=shop, ids=ids, calibrated=calibrated)
