"""A running server under steady load, beside slow clients, while indexes are published."""

import time
from contextlib import ExitStack

from catalog.database.database import Database
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from catalog.sources import open_source
from engine.index.reindex import reindex
from engine.index.update import Updater
from engine.settings import EngineSettings
from tests.losses import feeds, rotating
from tests.losses.load import Client, served, times
from tests.losses.slow import Slow
from tests.waiting import wait_until

CLIENTS = 3
MANY_CLIENTS = 16  # over 300 requests a second
SLOW = (20, 8, 8, 8)  # connections that are idle, have sent half a header or body, do not read
MANY_SLOW = (1000, 200, 200, 200)


class Publisher:
    """Publishes a generation by a new encoder, or a delta in which two products swap photos."""

    def __init__(self, folder, address=None, **settings):
        self.looks = {f"p{look:02}": look for look in range(rotating.LOOKS)}
        self.photos = folder / "source" / "photos"
        for look in range(rotating.LOOKS):
            rotating.draw(self.photos / f"{look}.png", look)
        self.caps = CatalogSettings(home=folder / "home", database_url=address)
        self.settings = EngineSettings(
            home=folder / "home", workers=1, trees=5, delta_share=0.5, **settings
        )
        self.version = 0
        self.expected = {}  # generation -> product -> its neighbours
        self.feed = folder / "source" / "feed.csv"
        Database.migrate(self.caps)
        self.db = Database.open(self.caps)
        self.ingest()

    def ingest(self):
        feeds.write(
            self.feed,
            [
                {"id": one, "title": one, "category": "Things", "photos": f"photos/{look}.png"}
                for one, look in self.looks.items()
            ],
        )
        report = ingest(self.db, open_source(self.feed), settings=self.caps)
        assert report.rejected == 0 == report.photos_rejected

    def generation(self):
        self.version += 1
        encoder = rotating.RotatingEncoder(self.version)
        report = reindex(Catalogue(self.db), encoder, self.settings, caps=self.caps)
        assert report.published
        return self.note(report.generation)

    def delta(self):
        """Publishes a delta in which two products of different clumps swap their photos."""
        first, *others = sorted(self.looks, key=lambda one: (self.looks[one] * 7) % 32)
        clump = rotating.clumps(self.version)
        other = next(o for o in others if clump[self.looks[o]] != clump[self.looks[first]])
        self.looks[first], self.looks[other] = self.looks[other], self.looks[first]
        self.ingest()
        encoder = rotating.RotatingEncoder(self.version)
        updater = Updater(Catalogue(self.db), lambda: encoder, self.settings, self.caps)
        report = updater.update(delta_only=True)
        assert report.published and report.photos_embedded == 0
        return self.note(f"{report.generation}+{report.delta.rsplit('-', 1)[1]}")

    def note(self, name):
        assert name not in self.expected
        self.expected[name] = rotating.neighbours(self.version, self.looks)
        return name


def check(answer, expected):
    """Checks that an answer is complete and of one generation."""
    assert answer.status in (200, 304), (answer.status, answer.path, answer.body)
    if "results" not in answer.body:
        return
    alike = expected[answer.body["generation"]]
    assert answer.body["fallback"] == "none"
    found = {}
    for result in answer.body["results"]:
        assert result["product"] is not None
        found.setdefault(result["seed"] or answer.body["seeds"][0], set()).add(result["product_id"])
    for seed, mates in found.items():
        others = set(answer.body["seeds"])
        assert mates == alike[seed] - others, (answer.body["generation"], seed, mates)
    assert found


def test_no_request_fails_and_no_answer_mixes_generations(tmp_path, rounds):
    publisher = Publisher(tmp_path)
    publisher.generation()
    clump = rotating.clumps(1)
    apart = next(one for one, look in publisher.looks.items() if clump[look] != clump[0])
    paths = [f"/api/v1/products/{one}/similar?k=3" for one in list(publisher.looks)[:6]]
    paths += [f"/api/v1/wishlist/similar?ids=p00,{apart}&k=6", "/products/p03", "/healthz"]
    with ExitStack() as stack:
        address = stack.enter_context(served(tmp_path / "home"))
        stack.enter_context(Slow(address, rounds(SLOW, MANY_SLOW)))
        clients = [
            stack.enter_context(Client(address, paths, seed))
            for seed in range(rounds(CLIENTS, MANY_CLIENTS))
        ]

        def seen(name):
            return any(
                answer.body.get("generation") == name
                for client in clients
                for answer in client.answers[-100:]
            )

        wait_until(lambda: seen(next(iter(publisher.expected))), "no answer came")
        begun, before = time.perf_counter(), sum(len(client.answers) for client in clients)
        for number in range(rounds(4, 20)):
            name = publisher.generation() if number % 2 else publisher.delta()
            wait_until(lambda name=name: seen(name), f"{name} was never served")
        sent = sum(len(client.answers) for client in clients) - before
        rate = sent / (time.perf_counter() - begun)
    answers = [answer for client in clients for answer in client.answers]
    assert [failure for client in clients for failure in client.failures] == []
    for answer in answers:
        check(answer, publisher.expected)
    by_tag = {}  # answers with one tag are all equal
    for answer in answers:
        if answer.tag and "results" in answer.body:
            key, ids = (answer.path, answer.tag), [r["product_id"] for r in answer.body["results"]]
            assert by_tag.setdefault(key, (answer.body["generation"], ids)) == (
                answer.body["generation"],
                ids,
            )
    publisher.db.close()
    unchanged = sum(answer.status == 304 for answer in answers)
    print(f"{rate:.0f} requests a second; {unchanged} times 304; {times(answers)}")
