"""A process that is killed between any two steps has applied a webhook once or not at all."""

import signal

from catalog.products.catalogue import Catalogue
from tests.catalog.hooks.applying import start
from tests.catalog.hooks.shopify import level, product, variant
from tests.catalog.hooks.test_apply import CREATE, DELETE, LEVEL, UPDATE, on_sale
from tests.databases import version_of
from tests.waiting import LONG


def send_round(shopify, number):
    """A product comes, changes, is sold out, and another is deleted. How many deliveries."""
    one, other = 2 * number + 1, 2 * number + 2
    handle = f"tee{one}"
    small = variant(one, "Red", "S", 3)
    deliveries = [
        (CREATE, product(0, id=one, handle=handle)),
        (CREATE, product(0, id=other, handle=f"gone{other}")),
        (UPDATE, product(5, small, id=one, handle=handle, title="New")),
        (LEVEL, level(9, 0, item=1_000 + one)),
        (DELETE, {"id": other}),
        (UPDATE, product(4, id=one, handle=handle, title="Late")),
    ]
    for topic, payload in deliveries:
        assert shopify.send(topic, payload)
    return handle


def test_a_kill_between_any_two_steps_changes_nothing_in_the_end(
    shopify, db, catalog_settings, rounds
):
    every = rounds(11, 1)  # steps between two kills: each kill is one process

    def version():
        return version_of(db)

    expected = None
    killed_at, step = [], 0
    while True:
        handle = send_round(shopify, len(killed_at) + (expected is not None))
        before = version()
        process, _ = start(catalog_settings, shopify.clock(), kill_at=step)
        process.join(LONG)
        survived = process.exitcode == 0
        assert survived or process.exitcode == -signal.SIGKILL
        shopify.clock.pass_by(hours=2)
        left = shopify.apply()
        assert (left.waiting, left.parked, left.failed) == (0, 0, 0)
        found = Catalogue(db).product(f"{handle}~red")
        assert (found.title, str(found.availability)) == ("New", "out_of_stock")
        assert {one for one in on_sale(db) if not one.startswith("tee")} == set()
        assert Catalogue(db).product(f"{handle}~blue").retired
        if expected is None:
            expected = version() - before  # of a run without kills
        assert version() - before == expected
        if step and survived:
            break
        if step:
            killed_at.append(step)
        step += every
    assert len(killed_at) * every > 60, "there were fewer steps than six deliveries can take"


def test_two_appliers_at_once_apply_each_delivery_once(shopify, db, catalog_settings):
    for number in range(1, 31):
        shopify.send(CREATE, product(0, id=number, handle=f"p{number}"))
    before = version_of(db)
    running = [start(catalog_settings, shopify.clock()) for _ in range(2)]
    for process, _ in running:
        process.join(LONG)
        assert process.exitcode == 0
    reports = [answers.get() for _, answers in running]
    assert sum(applied for applied, _, _ in reports) == 30
    assert all(rest == [0, 0] for _, *rest in reports)
    assert version_of(db) - before == 30
    assert len(on_sale(db)) == 60
