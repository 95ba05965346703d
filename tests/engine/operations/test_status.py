import pytest
from sqlalchemy import text

from engine.commands.status import format_status
from engine.operations.status import take_status
from engine.settings import EngineSettings


@pytest.fixture
def status(monkeypatch):
    def take(shop, **settings):
        monkeypatch.setenv("LOOKALIKE_HOME", str(shop.settings.home))
        return take_status(shop.settings.model_copy(update=settings))

    return take


def test_in_an_empty_home_the_next_step_is_ingest(home):
    status = take_status(EngineSettings())
    assert status.next_step == "lookalike ingest SOURCE" and "no catalogue" in status.stale[0]
    lines = list(format_status(status))
    assert lines[-2:] == [f"Note:       {status.stale[0]}", "Next:       lookalike ingest SOURCE"]


def test_a_database_of_a_newer_version_asks_for_an_upgrade_and_nothing_else(new_shop, status):
    shop = new_shop(3)
    with shop.db.write() as connection, connection.begin():
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    found = status(shop)
    assert found.next_step.startswith("upgrade Lookalike") and "9999" in found.stale[0]
    assert "ingest" not in " ".join(format_status(found))


def test_each_state_names_the_next_step(new_shop, status):
    shop = new_shop(6)
    before = status(shop)
    assert before.next_step == "lookalike reindex" and before.catalogue["products"] == 6
    report = shop.reindex()
    fresh = status(shop)
    assert (fresh.stale, fresh.next_step) == ((), "lookalike serve")
    assert (fresh.generation, fresh.indexed_products) == (report.generation, 6)
    assert (fresh.indexed_photos, fresh.cached_vectors) == (9, 9)
    shop.change("p003", title="Only a word")
    assert status(shop).stale == ()
    shop.write(shop.rows()[1:])
    shop.ingest(sync=True)
    stale = status(shop)
    assert stale.next_step == "lookalike reindex" and "photos were added, removed" in stale.stale[0]


@pytest.mark.parametrize(
    ("settings", "reason"), [({"encoder": "other"}, "fake, not other"), ({"trees": 3}, "settings")]
)
def test_other_settings_make_it_stale(new_shop, status, settings, reason):
    shop = new_shop(3)
    shop.reindex()
    stale = status(shop, **settings)
    assert reason in stale.stale[0] and stale.next_step == "lookalike reindex"


def test_a_broken_index_and_unread_photos_are_reported(new_shop, status):
    shop = new_shop(4)
    photo = shop.source.parent / "photos" / "p002-0.png"
    photo.unlink()
    report = shop.reindex()
    failed = status(shop)
    assert failed.failed_photos == 1 and "1 photo could not be read" in failed.stale[0]
    (shop.settings.index_dir / report.generation / "ids.npy").write_text("[]")
    broken = status(shop)
    assert broken.next_step == "lookalike reindex" and "ids.npy" in broken.stale[0]
