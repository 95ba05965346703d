"""What happens to a shop: its feed, its photos and its webhooks change at random."""

import io
import itertools
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from catalog.hooks.queue import Delivery, HookQueue
from catalog.utc import utc_now
from tests.catalog.fetching import photo_server
from tests.catalog.fetching.photo_server import Answer, PhotoServer
from tests.catalog.hooks import shopify
from tests.engine.shop import AGES, COLOURS, GENDERS, STOCK, draw_photo
from tests.losses import feeds

FEWEST, MOST = 8, 20  # products in the feed
TOPICS = ("products/create", "products/update", "products/update", "products/delete")
LEVEL = "inventory_levels/update"
CATEGORIES = ("Tops > T-shirts", "Tops > Shirts", "Tops", "Shoes", "")


class Changes:
    """Changes a feed, the photos behind its addresses, and what Shopify sends.

    Args:
        feed: a CSV file.
        server: serves the photos that have addresses.
        chance: decides everything.
    """

    def __init__(self, feed: Path, server: PhotoServer, chance: random.Random) -> None:
        self.feed, self.server, self.chance = feed, server, chance
        self.deliveries: list[Delivery] = []
        self._pixels = np.random.default_rng(chance.randrange(2**32))
        self._numbers = itertools.count(1)
        self._kept: dict[str, Answer] = {}  # what the server does not serve for now

    def feed_changes(self) -> str:
        """Changes one to three rows of the feed."""
        rows = feeds.read(self.feed)
        done = [self._change_row(rows) for _ in range(self.chance.randint(1, 3))]
        feeds.write(self.feed, rows)
        return ", ".join(done)

    def _change_row(self, rows: list[dict[str, str]]) -> str:
        row = self.chance.choice(rows)
        number = next(self._numbers)
        match self.chance.randrange(9):
            case 0 if len(rows) > FEWEST:
                rows.remove(row)
                return f"{row['id']} gone"
            case 1 if len(rows) < MOST:
                new = row | {"id": f"n{number}", "photos": self._photo(number)}
                rows.insert(self.chance.randrange(len(rows) + 1), new)
                return f"{new['id']} new"
            case 2:
                row["photos"] = self._photo(number)
            case 3:
                photos = row["photos"].split(";")
                row["photos"] = ";".join([*photos[:2], self._photo(number)])
            case 4:
                row["price"] = "cheap"
            case 5:
                row["photos"] = f"photos/none{number}.png"
            case _:
                row |= self._facts(number)
        return f"{row['id']} changed"

    def _facts(self, number: int) -> dict[str, str]:
        one = self.chance.choice
        facts = {
            "title": f"Thing {number}",
            "availability": one(STOCK),
            "gender": one(GENDERS),
            "age_group": one(AGES),
            "colour": one(list(COLOURS)),
            "category": one(CATEGORIES),
            "group_id": one(("", f"g{number % 5}")),
            "price": one(("", f"{number % 40}.50 EUR")),
        }
        return {name: facts[name] for name in self.chance.sample(sorted(facts), 3)}

    def _photo(self, number: int) -> str:
        """A new photo: a file beside the feed, or an address."""
        name = f"photos/life{number}.png"
        if self.chance.random() < 0.5:
            return self._served(f"/{name}")
        self._picture().save(self.feed.parent / name)
        return name

    def _served(self, path: str) -> str:
        """The address of a new photo."""
        stream = io.BytesIO()
        self._picture().save(stream, "PNG")
        self.server.answers[path] = photo_server.content(stream.getvalue())
        return self.server.address(path)

    def _picture(self) -> Image.Image:
        return draw_photo(self._pixels, self.chance.choice(list(COLOURS.values())))

    def same_file_changes(self) -> str:
        """Another picture takes the place of a file beside the feed."""
        files = sorted((self.feed.parent / "photos").glob("*.png"))
        path = self.chance.choice(files)
        self._picture().save(path)
        return path.name

    def server_fails(self) -> str:
        """Some photos are not found for a while."""
        path = self.chance.choice(sorted(self.server.answers))
        self._kept.setdefault(path, self.server.answers[path])
        self.server.answers[path] = photo_server.status(404)
        return path

    def webhook(self, queue: HookQueue) -> str:
        """Shopify sends something about one of a few products, now and then late or twice."""
        chance, number = self.chance, len(self.deliveries) + 1
        if self.deliveries and chance.random() < 0.1:
            again = chance.choice(self.deliveries)
            queue.put(again, utc_now())
            return f"{again.webhook_id} again"
        product, moment = chance.randint(1, 4), number - chance.choice((0, 0, 0, 3))
        topic = chance.choice((*TOPICS, LEVEL, LEVEL))
        body: Any
        if topic == LEVEL:
            body = shopify.level(moment, chance.choice((0, 3)), item=1_000 + 10 * product)
        elif topic == "products/delete":
            body = {"id": product}
        else:
            body = self._shopify_product(product, moment, number)
        delivery = Delivery(f"hook{number}", topic, json.dumps(body).encode())
        self.deliveries.append(delivery)
        queue.put(delivery, utc_now())
        return f"{topic} of {product}"

    def _shopify_product(self, product: int, moment: float, number: int) -> dict[str, Any]:
        variants = [
            shopify.variant(10 * product + place, colour, "S", self.chance.choice((0, 2)))
            for place, colour in enumerate(("Red", "Blue")[: self.chance.randint(1, 2)])
        ]
        address = self._served(f"/hooks/{number}.png")
        images = [{"id": 5, "position": 1, "src": address, "variant_ids": []}]
        return shopify.product(
            moment,
            *variants,
            id=product,
            handle=f"h{product}",
            title=f"Hook {number}",
            images=images,
        )

    def all_is_well(self) -> None:
        """Ends all faults: prices can be read and photos are served again."""
        rows = feeds.read(self.feed)
        for row in rows:
            if row["price"] == "cheap":
                row["price"] = "1.00 EUR"
        feeds.write(self.feed, rows)
        self.server.answers |= self._kept
        self._kept = {}
