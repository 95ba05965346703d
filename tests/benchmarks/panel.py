"""How long a panel takes with everything on: filters, facets, several seeds, rules.

Run ``python -m tests.benchmarks.panel [HOME]`` on a home that was ingested and indexed. Its
catalogue is copied first, because rules are written, and because every now and then some products
change, as an ingest beside a running server changes them. The exit status is 1 if an answer took
more CPU time than the goal, or if a guard let the wrong gender through. The process is set up as a
worker of the server is.
"""

import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select, update

from catalog.database.database import Database
from catalog.database.models import ProductRow, StateRow
from catalog.filters.filter import Filter
from catalog.products.catalogue import Catalogue
from catalog.records import Product
from catalog.rules.book import RuleBook
from catalog.rules.rule import Action, Rule
from catalog.settings import CatalogSettings
from engine.recommendation.recommender import Recommender
from engine.recommendation.request import Request
from engine.settings import EngineSettings
from web.server import tune_worker

REQUESTS = 1_000
WARM = 20
GOAL_MS = 50
CHANGE_EVERY, CHANGED = 25, 20
FIELDS = ("category", "gender", "age_group", "colour", "brand", "pattern", "availability")


def main(home: Path) -> int:
    """Measure and print; the exit status is 1 if a goal was missed."""
    with tempfile.TemporaryDirectory() as folder:
        settings = CatalogSettings(home=Path(folder))
        copy(home / "catalog.db", Path(folder) / "catalog.db")
        Database.migrate(settings)
        with Database.open(settings) as database:
            catalogue = Catalogue(database)
            recommender = Recommender.open(EngineSettings(home=home), catalogue)
            return measure(database, catalogue, recommender)


def copy(source: Path, target: Path) -> None:
    """Copy a database that may be in use."""
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    shutil.copystat(source, target)


def measure(database: Database, catalogue: Catalogue, recommender: Recommender) -> int:
    """Time requests, and print the times."""
    random = np.random.default_rng(4)
    ids = [str(one) for one in recommender.live().ids]
    products = list(catalogue.products(ids).values())
    rules = list(draw_rules(random, products))
    RuleBook(database).put(rules)
    requests = [draw(random, products) for _ in range(WARM + REQUESTS)]
    tune_worker()
    walls, cpus, fallbacks, acted = [], [], 0, 0
    for number, request in enumerate(requests):
        if number % CHANGE_EVERY == 0:
            change(database, random, ids)
        start, used = time.perf_counter(), time.thread_time()
        panel = recommender.answer(request)
        if number >= WARM:
            walls.append((time.perf_counter() - start) * 1e3)
            cpus.append((time.thread_time() - used) * 1e3)
            fallbacks += panel.fallback != "none"
            acted += bool(panel.rules)
    print(f"{len(ids):,} products, {len(rules)} rules, {REQUESTS:,} requests, {CHANGED} products")
    print(f"change every {CHANGE_EVERY}; {fallbacks} fell back, rules acted on {acted}")
    print(f"{'ms':6} {'median':>8} {'p99':>8} {'most':>8}")
    for name, times in (("wall", walls), ("CPU", cpus)):
        print(
            f"{name:6} {statistics.median(times):8.1f} {np.quantile(times, 0.99):8.1f} "
            f"{max(times):8.1f}"
        )
    slowest = requests[WARM + int(np.argmax(cpus))]
    print(f"slowest: {len(slowest.seeds)} seeds, {slowest.filter.as_json()}")
    shares = {lifted: wrong_gender(recommender, products, lifted) for lifted in (True, False)}
    print(f"of the wrong gender: {shares[True]:.1%} unguarded, {shares[False]:.1%} guarded")
    return int(max(cpus) > GOAL_MS or shares[False] > 0)


def draw(random: np.random.Generator, products: list[Product]) -> Request:
    """A request such as a panel, a wishlist and a filter bar would send."""
    count = 1 if random.random() < 0.7 else int(random.integers(2, 9))
    named = [products[n].product_id for n in random.choice(len(products), count + 2, replace=False)]
    gender = next(one.gender for one in products if one.product_id == named[0])
    facets = ("shape", "colour", "pattern")
    return Request(
        seeds=tuple(named[:count]),
        k=int(random.choice([10, 12, 24, 100], p=[0.4, 0.4, 0.15, 0.05])),
        less=tuple(named[count:]) if random.random() < 0.1 else (),
        facets={name: float(random.integers(0, 4)) + 0.1 for name in facets}
        if random.random() < 0.5
        else None,
        filter=draw_filter(random, products, gender) if random.random() < 0.6 else Filter(),
        diversity=float(random.random()) if random.random() < 0.25 else 0.0,
        variants=bool(random.random() < 0.2),
    )


def draw_filter(random: np.random.Generator, products: list[Product], gender: str | None) -> Filter:
    """One to three fields, with values of one or two products; most often some product matches."""
    fields: dict[str, object] = {}
    base = next(
        products[n] for n in random.permutation(len(products)) if products[n].gender == gender
    )
    for _ in range(random.integers(1, 4)):
        some = [base, products[random.integers(len(products))]][: random.integers(1, 3)]
        if random.random() < 0.1:
            some = [products[random.integers(len(products))]]
        choice = random.integers(len(FIELDS) + 3)
        if choice < len(FIELDS):
            name = FIELDS[choice]
            values = [getattr(one, name) for one in some]
            if name == "category":  # a path, or the start of one
                values = [" > ".join(path[: random.integers(1, 4)]) for path in values]
            fields[name] = [str(value) for value in values if value]
        elif choice == len(FIELDS) and some[0].effective_price is not None:
            fields["price_to"] = some[0].effective_price
        elif some[0].attributes:
            name = str(random.choice(list(some[0].attributes)))
            fields[f"attributes.{name}"] = some[0].attributes[name]
    return Filter.of(fields)


ACTIONS = [action for action in Action if action is not Action.OFF]


def draw_rules(random: np.random.Generator, products: list[Product]) -> Iterator[Rule]:
    """Thirty rules: everywhere, for a category, for a seed."""

    def one() -> Product:
        return products[random.integers(len(products))]

    for number in range(30):
        action, some = ACTIONS[number % len(ACTIONS)], one()
        fields: dict[str, Any] = {"rule_id": f"rule {number}", "action": action}
        if action in (Action.PIN, Action.BLOCK):
            fields["product_id"] = some.product_id
        elif action == Action.SAME:
            fields["field"] = str(random.choice(["category", "colour", "gender"]))
        else:
            fields["where"] = {"category": " > ".join(some.category[:2])}
        if action in (Action.EXCLUDE, Action.BOOST, Action.BURY):
            fields["where"] |= {"colour": some.colour}
        if action == Action.PIN:
            fields["position"] = int(random.integers(1, 6))
        if action in (Action.BOOST, Action.BURY):
            fields["amount"] = 0.05
        if action in (Action.INCLUDE, Action.SAME) or number % 3:
            fields["category"] = " > ".join(some.category[:2])
        yield Rule.of(fields)


def change(database: Database, random: np.random.Generator, ids: list[str]) -> None:
    """Sell some products out, and others in again."""
    some = [ids[n] for n in random.choice(len(ids), CHANGED, replace=False)]
    stock = str(random.choice(["in_stock", "out_of_stock"]))
    with database.write() as connection, connection.begin():
        version = connection.execute(select(StateRow.version)).scalar_one() + 1
        connection.execute(update(StateRow).values(version=version))
        connection.execute(
            update(ProductRow)
            .where(ProductRow.product_id.in_(some))
            .values(availability=stock, changed=version)
        )


def wrong_gender(recommender: Recommender, products: list[Product], lifted: bool) -> float:
    """The share of results that are for the other gender than the seed's."""
    gender = {product.product_id: product.gender for product in products}
    sexes: Callable[[str], bool] = {"male", "female"}.__contains__
    seeds = [one.product_id for one in products if one.gender and sexes(one.gender)][::25]
    wrong = total = 0
    for seed in seeds:
        results = recommender.similar_to(seed, 12, any_gender=lifted, rules=False)
        total += len(results)
        for result in results:
            theirs = gender[result.product_id]
            wrong += theirs is not None and sexes(theirs) and theirs != gender[seed]
    return wrong / max(1, total)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else EngineSettings().resolved_home))
