"""Webhooks whose list of variants is shorter than the list of their ids."""

from random import Random

from sqlalchemy import select

from catalog.database.models import ProductRow
from tests.catalog.hooks.shopify import level, product, variant

CREATE, UPDATE, LEVEL = "products/create", "products/update", "inventory_levels/update"
COLOURS = ("Red", "Blue", "Red/Blue", "Bordeaux &amp;amp; Ros\u00e9", "Gr\u00fcn", "Dark\u00adred")
OPTIONS = ("Colour", "Farbe", "Couleur", "Color Name")
TITLES = ("Tee", "Baum\u00adwoll\u00adkleid", "&lt;b&gt;Tee&lt;/b&gt;", "Tee \u200d\u2028 R$ 10")
TYPES = ("Tops", "Women / Tops", "Women &gt; Tops", "Women \u2192 Tops", '["Women >> Tops"]')


def gids(*numbers):
    return [{"admin_graphql_api_id": f"gid://shopify/ProductVariant/{n}"} for n in numbers]


def on_sale(db):
    """Availability by id, of the products that are not retired."""
    with db.read() as connection:
        query = select(ProductRow.product_id, ProductRow.availability)
        rows = connection.execute(query.where(ProductRow.retired.is_(False)))
        return {row.product_id: row.availability for row in rows}


def test_the_stock_of_a_variant_that_is_not_listed_still_counts(shopify, db):
    shopify.deliver(CREATE, product(0))
    red = variant(1, "Red", "S", 3)
    shopify.deliver(UPDATE, product(9, red, variant_gids=gids(1, 2)))
    shopify.deliver(LEVEL, level(12, 0, item=1_002))
    assert on_sale(db) == {"tee~red": "in_stock", "tee~blue": "out_of_stock"}
    shopify.deliver(UPDATE, product(18, red, variant_gids=gids(1, 2)))
    assert on_sale(db) == {"tee~red": "in_stock", "tee~blue": "out_of_stock"}
    shopify.deliver(LEVEL, level(20, 4, item=1_002))
    assert on_sale(db) == {"tee~red": "in_stock", "tee~blue": "in_stock"}


def test_a_size_that_is_not_listed_keeps_its_colour_in_stock(shopify, db):
    small, large = variant(1, "Red", "S", 3), variant(2, "Red", "L", 2)
    shopify.deliver(CREATE, product(0, small, large))
    sold_out = variant(1, "Red", "S", 0)
    shopify.deliver(UPDATE, product(9, sold_out, variant_gids=gids(1, 2)))
    assert on_sale(db) == {"tee~red": "in_stock"}
    shopify.deliver(UPDATE, product(18, sold_out, variant_gids=gids(1)))
    assert on_sale(db) == {"tee~red": "out_of_stock"}


def test_drawn_products_keep_what_a_cut_list_leaves_out(shopify, db):
    for number in range(25):
        random = Random(f"cut {number}")
        common = {
            "id": 100 + number,
            "handle": f"shirt{number}",
            "title": random.choice(TITLES),
            "product_type": random.choice(TYPES),
            "options": [{"name": random.choice(OPTIONS)}, {"name": "Size"}],
            "images": [{"id": 5, "src": "//cdn.example/r.jpg", "variant_ids": [number * 20]}],
        }
        colours = random.sample(COLOURS, random.randrange(1, len(COLOURS) + 1))
        pairs = [(colour, size) for colour in colours for size in "SL"]
        whole = [
            variant(number * 20 + at + 1, *pair, random.randrange(3))
            for at, pair in enumerate(pairs)
        ]
        ids = gids(*(one["id"] for one in whole))
        assert shopify.deliver(CREATE, product(0, *whole, variant_gids=ids, **common)).applied
        before = on_sale(db)
        listed = random.sample(whole, random.randrange(1, len(whole) + 1))
        cut = product(9, *listed, variant_gids=ids, **common)
        assert shopify.deliver(UPDATE, cut).applied
        assert on_sale(db) == before, number
        left = product(18, *listed, variant_gids=gids(*(one["id"] for one in listed)), **common)
        assert shopify.deliver(UPDATE, left).applied
        mine = {one for one in on_sale(db) if one.startswith(f"shirt{number}~")}
        assert len(mine) == len({one["option1"] for one in listed}), number
