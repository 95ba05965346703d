"""One life of a shop: random steps, each followed by checks against brute force."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from catalog.database.database import Database
from catalog.errors import Busy as CatalogBusy
from catalog.fetching.run import fetch
from catalog.hooks.apply import apply_pending
from catalog.hooks.queue import HookQueue
from catalog.products.catalogue import Catalogue
from catalog.rules.book import RuleBook
from catalog.utc import utc_now
from engine.errors import Busy
from engine.index.pointer import current_name
from engine.index.update import Updater
from engine.recommendation.recommender import Recommender
from engine.settings import EngineSettings
from tests.catalog.fetching.photo_server import PhotoServer, content
from tests.engine.fake_encoder import FakeEncoder
from tests.losses import commands, feeds
from tests.losses.clocks import AHEAD
from tests.losses.lives.panels import check_panel, check_rows, random_request, random_rule
from tests.losses.lives.shop_changes import Changes
from tests.losses.running import Home, Homes
from tests.losses.state import Photos, Row, State

PRODUCTS = 12  # of the feed in the beginning
COMMANDS = ("ingest", "hooks", "fetch", "watch", "reindex", "delta")
PANELS = 3  # checked after each step
QUIET_EVERY = 100  # steps; then the home is compared with one that was never disturbed
# How often each kind of step is taken, of 100.
KINDS = {"change": 38, "command": 40, "rule": 6, "kill": 5, "together": 5, "clock": 1, "look": 5}


Facts = tuple[Row, Photos | None]  # of a product


class Life:
    """A shop that lives through random steps.

    Args:
        homes: creates its home, and the homes that it is compared with.
        folder: where its feed is.
        server: serves its photos.
        seed: decides everything.
    """

    def __init__(self, homes: Homes, folder: Path, server: PhotoServer, seed: int) -> None:
        self._homes = homes
        self._chance = random.Random(seed)
        self.home = homes.new()
        feed = feeds.draw(folder, PRODUCTS)
        feeds.write(feed, [row | {"price": ""} for row in feeds.read(feed)])
        for path in sorted((folder / "photos").iterdir()):  # what an address shows stays the same
            server.answers[f"/photos/{path.name}"] = content(path.read_bytes())
        feeds.at_addresses(feed, server)
        server.otherwise = None
        self._changes = Changes(feed, server, self._chance)
        self.counts: Counter[str] = Counter()
        self._opened = ExitStack()
        self._source = {"source": str(feed)}
        self.home.do("ingest", **self._source)  # creates the database
        caps = commands.caps_of(str(self.home.path))
        self._db = self._opened.enter_context(Database.open(caps))
        self._catalogue, self._rules = Catalogue(self._db), RuleBook(self._db)
        settings = EngineSettings(home=self.home.path)
        self._recommender = Recommender(settings, self._catalogue, lambda *_: FakeEncoder())

    def close(self) -> None:
        """Close the home."""
        self._opened.close()

    def live(self, steps: int) -> None:
        """Take so many steps."""
        kinds, weights = list(KINDS), list(KINDS.values())
        for number in range(1, steps + 1):
            (kind,) = self._chance.choices(kinds, weights)
            done = getattr(self, f"_{kind}")()
            self.counts["steps"] += 1
            self.counts[kind] += 1
            try:
                self._check_panels()
                if number % QUIET_EVERY == 0:
                    self._check_against_a_quiet_home()
            except BaseException as error:
                error.add_note(f"after step {number}: {kind} {done}")
                raise

    def _change(self) -> str:
        changes = self._changes
        kind = self._chance.choice(("feed", "feed", "feed", "file", "server", "hook", "hook"))
        match kind:
            case "feed":
                return changes.feed_changes()
            case "file":
                return changes.same_file_changes()
            case "server":
                return changes.server_fails()
            case _:
                return changes.webhook(HookQueue(self._db))

    def _command(self) -> str:
        name = self._chance.choice(COMMANDS)
        run_here(name, self.home, self._source)
        return name

    def _rule(self) -> str:
        if self._chance.random() < 0.3 and (rules := self._rules.all()):
            self._rules.remove([self._chance.choice(rules).rule_id])
            return "removed"
        rule = random_rule(self._chance, [p.product_id for p in self._catalogue.browse().products])
        self._rules.put([rule])
        return str(rule)

    def _kill(self) -> str:
        """A command in another process is killed at a random step or time."""
        name = self._chance.choice(("ingest", "fetch", "watch", "watch", "reindex"))
        how: dict[str, Any] = {"at_step": self._chance.randint(1, 400)}
        if self._chance.random() < 0.3:
            how = {"after": self._chance.uniform(0.0, 0.4)}
        ended = self.home.run(name, self._given(name), **how)
        assert ended["killed"] or "result" in ended or is_expected(ended), ended
        self.counts["killed"] += ended["killed"]
        return f"{name} {how}"

    def _together(self) -> str:
        """A command in another process, and one in this one, at the same time."""
        other, here = self._chance.choice(("ingest", "watch", "reindex", "fetch")), self._chance
        name = here.choice(COMMANDS)
        ends: list[dict[str, Any]] = []
        thread = threading.Thread(
            target=lambda: ends.append(self.home.run(other, self._given(other)))
        )
        thread.start()
        try:
            run_here(name, self.home, self._source)
        finally:
            thread.join()
        assert "result" in ends[0] or is_expected(ends[0]), ends[0]
        return f"{name} beside {other}"

    def _clock(self) -> str:
        """A command while the clock is more than a year ahead."""
        name = self._chance.choice(("reindex", "fetch"))
        ended = self.home.run(name, {"ahead": AHEAD.total_seconds()})
        assert "result" in ended or is_expected(ended), ended
        return name

    def _look(self) -> str:
        """The whole state is read and its parts are checked against each other."""
        self.home.state()
        return ""

    def _given(self, command: str) -> dict[str, Any]:
        return self._source if command in ("ingest", "watch") else {}

    def _check_panels(self) -> None:
        if current_name(EngineSettings(home=self.home.path).index_dir) is None:
            return
        ids = self._recommender.live().ids.tolist()
        for _ in range(PANELS):
            request = random_request(self._chance, ids)
            size = check_panel(self._catalogue, self._rules, self._recommender, request)
            self.counts["panels"] += 1
            self.counts["empty panels"] += size == 0

    def _check_against_a_quiet_home(self) -> None:
        """Everything that waits is done; then nothing differs from a home without a past."""
        self._changes.all_is_well()
        finish(self.home, self._source)
        quiet = self._homes.new()
        try:
            quiet.do("ingest", **self._source)
            with Database.open(commands.caps_of(str(quiet.path))) as db:
                queue = HookQueue(db)
                for delivery in self._changes.deliveries:
                    queue.put(delivery, utc_now())
                    apply_pending(db, commands.caps_of(str(quiet.path)))
            finish(quiet, self._source)
            compare(self.home.state(), quiet.state())
        finally:
            self._homes.remove(quiet)
        check_rows(self._catalogue, self._recommender)
        self.counts["compared"] += 1


def is_expected(ended: dict[str, Any]) -> bool:
    """Whether a command ended because another one was running, or there was nothing to index."""
    return ended.get("error") in ("Busy", "GenerationError") or (
        ended.get("error") == "CatalogError" and "is running" in ended["message"]
    )


def run_here(name: str, home: Home, source: dict[str, str]) -> None:
    """Run a command in this process; another one may hold its lock."""
    run: dict[str, Callable[[], object]] = {
        "ingest": lambda: commands.ingest(str(home.path), **source),
        "hooks": lambda: hooks(home),
        "fetch": lambda: commands.fetch(str(home.path)),
        "watch": lambda: commands.watch(str(home.path), **source),
        "reindex": lambda: commands.reindex(str(home.path)),
        "delta": lambda: update(home),
    }
    try:
        run[name]()
    except (Busy, CatalogBusy):
        return
    except Exception as error:
        if not is_expected({"error": type(error).__name__, "message": str(error)}):
            raise


def hooks(home: Home) -> None:
    """``lookalike hooks``"""
    caps = commands.caps_of(str(home.path))
    with Database.open(caps) as db:
        apply_pending(db, caps)


def update(home: Home) -> None:
    """``lookalike reindex --delta``, or what `watch` does where that is not possible"""
    caps = commands.caps_of(str(home.path))
    settings = EngineSettings(home=home.path, **commands.SETTINGS)
    with Database.open(caps) as db:
        Updater(Catalogue(db), FakeEncoder, settings, caps).update()


def finish(home: Home, source: dict[str, str]) -> None:
    """Do everything that waits: the feed, all webhooks, all downloads, and the index."""
    commands.ingest(str(home.path), **source)
    caps = commands.caps_of(str(home.path))
    with Database.open(caps) as db:
        for _ in range(2):  # one that failed may have waited for another one
            HookQueue(db).retry(None, utc_now())
            apply_pending(db, caps)
        fetch(db, caps, again=True)
        settings = EngineSettings(home=home.path, **commands.SETTINGS)
        Updater(Catalogue(db), FakeEncoder, settings, caps).update()


def different(ours: Facts, theirs: Facts) -> str:
    """What two products differ in."""
    (row, photos), (other, pictures) = ours, theirs
    values = [f"{one}, not {two}" for one, two in zip(row, other, strict=True) if one != two]
    values += [f"photos {photos}, not {pictures}"] if photos != pictures else []
    return f"{dict(row)['product_id']}: {'; '.join(values)}"


def compare(found: State, wanted: State) -> None:
    """Checks that two homes sell the same products with the same photos and rows."""

    def sold(state: State) -> dict[str, Facts]:
        return {
            product_id: (row, state.photos.get(product_id))
            for product_id, row in state.products.items()
            if ("retired", "False") in row
        }

    ours, theirs = sold(found), sold(wanted)
    assert ours.keys() == theirs.keys(), ours.keys() ^ theirs.keys()
    for product_id, facts in ours.items():
        assert facts == theirs[product_id], different(facts, theirs[product_id])
    assert found.rows.keys() == wanted.rows.keys()
