"""A watch keeps the styles of its home up to date."""

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from engine.applications.styles.background import Regrouping
from engine.applications.styles.home import styles_file
from engine.applications.styles.keeping import regroup
from engine.errors import StylesFailed
from engine.operations import watch_stages
from tests.engine.operations.test_watch import Lines, appear


class AtOnce(Regrouping):
    """Finds styles in this process, when it is started; the next look tells."""

    found: str | None = None
    fails = False

    @property
    def running(self) -> bool:
        return self.found is not None

    def start(self) -> None:
        with Database.open(self._caps) as database:
            styles, _ = regroup(self._settings, Catalogue(database))
        self.found = f"found again: {len(styles)} styles"

    def finish(self, *, wait: bool = False) -> str | None:
        found, self.found = self.found, None
        if self.fails:
            raise StylesFailed("Styles could not be found again, and the old ones stay.")
        return found


def test_styles_follow_each_publish_and_are_found_again_when_due(new_shop, watch_of, monkeypatch):
    monkeypatch.setattr(watch_stages, "Regrouping", AtOnce)
    shop = new_shop(20)
    lines = Lines()
    watch = watch_of(shop, report=lines.append)
    assert "styles" not in watch.cycle().summary
    regroup(shop.settings, shop.catalogue)
    assert "styles: up to date" in watch.cycle().summary
    appear(shop, "new")
    assert "styles: 1 product joined, 0 left" in watch.cycle().summary
    shop.write([row for row in shop.rows() if row["id"] not in ("p001", "p002")])
    due = watch.cycle().summary
    assert "0 products joined, 2 left; a process finds them again" in due
    assert "found again" in watch.cycle().summary
    assert "styles: up to date" in watch.cycle().summary
    styles_file(shop.settings).write_bytes(b"harmed")
    harmed = watch.cycle(back_off=False)
    assert not harmed.ok and "index: up to date" in harmed.summary
    assert "styles failed" in lines and "lookalike clusters" in lines


def test_once_waits_for_styles_and_a_failed_search_is_not_repeated_at_once(
    new_shop, watch_of, monkeypatch
):
    monkeypatch.setattr(watch_stages, "Regrouping", AtOnce)
    shop = new_shop(12)
    watch = watch_of(shop)
    watch.cycle()
    regroup(shop.settings, shop.catalogue)
    shop.write([row for row in shop.rows() if row["id"] not in ("p001", "p002")])
    monkeypatch.setattr(AtOnce, "fails", True)
    monkeypatch.setattr("engine.applications.styles.keeping.REGROUP_SHARE", -1)
    failed = watch.once()
    assert not failed.ok and failed.summary.endswith("then styles: failed")
    assert "failed and waits" in watch.once().summary
    monkeypatch.setattr(watch_stages, "REGROUP_PAUSE", 0.0)
    monkeypatch.setattr(AtOnce, "fails", False)
    other = watch_of(shop)
    found = other.once()
    assert found.ok and "then styles: found again" in found.summary
