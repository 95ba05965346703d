"""What Shopify would send: payloads of products and of stock levels, and their deliveries."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from catalog.database.database import Database
from catalog.hooks.apply import HookReport, apply_pending
from catalog.hooks.queue import Delivery, HookQueue
from catalog.settings import CatalogSettings

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


def at(seconds: float) -> str:
    """A moment as Shopify writes it, in its shop's time zone."""
    return (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def variant(number: int, colour: str, size: str, pieces: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "option1": colour,
        "option2": size,
        "price": "10.00",
        "inventory_item_id": 1_000 + number,
        "inventory_quantity": pieces,
        "inventory_policy": "deny",
        "inventory_management": "shopify",
        "sku": f"sku-{number}",
        **more,
    }


def product(updated: float, *variants: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "handle": "tee",
        "title": "Tee",
        "vendor": "Ours",
        "product_type": "Tops",
        "status": "active",
        "published_at": at(-1e6),
        "updated_at": at(updated),
        "options": [{"name": "Colour"}, {"name": "Size"}],
        "images": [
            {"id": 5, "position": 1, "src": "https://cdn.example/r.jpg", "variant_ids": [1]}
        ],
        "variants": list(variants) or [variant(1, "Red", "S", 3), variant(2, "Blue", "S", 2)],
        **more,
    }


def level(updated: float, pieces: int | None, item: int = 1_001, place: int = 50) -> dict[str, Any]:
    return {
        "inventory_item_id": item,
        "location_id": place,
        "available": pieces,
        "updated_at": at(updated),
    }


class Clock:
    """A clock that a test sets; it advances by a millisecond with every call."""

    def __init__(self) -> None:
        self.time = START + timedelta(days=1)

    def __call__(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time

    def pass_by(self, **much: float) -> None:
        self.time += timedelta(**much)


class Shopify:
    """Puts deliveries into the queue of a catalogue, and applies them."""

    def __init__(self, db: Database, settings: CatalogSettings) -> None:
        self.db, self.settings = db, settings
        self.queue = HookQueue(db)
        self.clock = Clock()
        self.sent = 0

    def send(
        self,
        topic: str,
        payload: object,
        triggered: float | None = None,
        webhook_id: str | None = None,
    ) -> bool:
        self.sent += 1
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        moment = None if triggered is None else START + timedelta(seconds=triggered)
        delivery = Delivery(webhook_id or f"hook-{self.sent}", topic, body, moment)
        return self.queue.put(delivery, self.clock())

    def apply(self, **options: Any) -> HookReport:
        return apply_pending(self.db, self.settings, now=self.clock, **options)

    def deliver(self, topic: str, payload: object, **options: Any) -> HookReport:
        assert self.send(topic, payload, **options)
        return self.apply()
