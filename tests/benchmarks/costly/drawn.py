"""Draws requests that the API's document allows, with values of a real shop."""

import io
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

DOCUMENT = "/api/v1/openapi.json"
MAX_URL = 60_000  # bytes; the server takes 64 KiB of headers
SIZES = (1, 2, 5, 20, 50, 100, 200)
BODY = "body"  # the place of a JSON body's fields; else "query" or "path"
PHOTOS = ((300, 400, "JPEG"), (3000, 4000, "JPEG"), (6900, 7200, "PNG"))

Json = dict[str, Any]


@dataclass(frozen=True)
class Words:
    """What a shop's products have, to draw from.

    Attributes:
        ids: product ids.
        values: filter field -> its values.
        attributes: name of an attribute -> its values.
        titles: words of titles.
        facets: names of facets.
    """

    ids: list[str]
    values: Mapping[str, list[str]]
    attributes: Mapping[str, list[str]]
    titles: list[str]
    facets: list[str]


@dataclass(frozen=True)
class Call:
    """A request: its method, the path with variables in braces, and its fields by place."""

    method: str
    path: str
    fields: Mapping[tuple[str, str], Any]

    def send(self, client: FlaskClient) -> TestResponse:
        """Send it; the response is read completely."""
        options = self.options()
        if "photo" in options:
            options = {"data": {"photo": (io.BytesIO(options["photo"]), "x")}}
        return client.open(self.url, method=self.method, buffered=True, **options)

    @property
    def url(self) -> str:
        """Path and query string."""
        path, pairs = self.path, []
        for (place, name), value in self.fields.items():
            if place == "path":
                path = path.replace(f"{{{name}}}", quote(value, safe=""))
            elif place == "query" and isinstance(value, dict):
                pairs += [(f"{name}.{key}", one) for key, texts in value.items() for one in texts]
            elif place == "query":
                pairs += [(name, one) for one in (value if isinstance(value, list) else [value])]
        query = urlencode([(name, text_of(value)) for name, value in pairs])
        return f"{path}?{query}" if query else path

    def options(self) -> dict[str, Any]:
        """The body: under ``json``, or a ``photo``."""
        photo = self.fields.get(("file", "photo"))
        if photo is not None:
            return {"photo": photo_file(*photo)}
        body = {name: value for (place, name), value in self.fields.items() if place == BODY}
        return {"json": body} if body or self.method == "POST" else {}

    def shape(self) -> str:
        """The request in short: each field with the number of its values."""
        shown = [f"{name}={brief(value)}" for (_, name), value in self.fields.items()]
        return f"{self.method} {self.path} {' '.join(shown)}"


class Draws:
    """Draws and changes requests.

    Args:
        document: the OpenAPI document.
        words: the shop's.
        chance: where chance comes from.
    """

    def __init__(self, document: Json, words: Words, chance: random.Random) -> None:
        self.words, self.chance = words, chance
        schemas = document["components"]["schemas"]
        self.operations = {
            (method.upper(), path): dict(fields_of(operation, schemas))
            for path, item in document["paths"].items()
            for method, operation in item.items()
        }

    def call(self, *, photo: bool) -> Call:
        """Any request: a search by photo, or another one."""
        chosen = [one for one in self.operations if one[1].endswith("/photo") == photo]
        return self.of(*self.chance.choice(chosen))

    def of(self, method: str, path: str) -> Call:
        """A request of one operation."""
        fields = self.operations[method, path]
        share = self.chance.random()
        kept = {
            (place, name): self.value(place, name, schema)
            for (place, name), (schema, required) in fields.items()
            if required or self.chance.random() < share
        }
        return self._fitting(Call(method, path, kept))

    def like(self, call: Call) -> Call:
        """A request with one to three fields changed, added or left out."""
        known, fields = self.operations[call.method, call.path], dict(call.fields)
        for key in self.chance.sample(list(known), min(len(known), self.chance.randint(1, 3))):
            schema, required = known[key]
            if key in fields and not required and self.chance.random() < 0.3:
                del fields[key]
            else:
                fields[key] = self.value(*key, schema)
        return self._fitting(replace(call, fields=fields))

    def _fitting(self, call: Call) -> Call:
        while len(call.url) > MAX_URL:
            longest = max(call.fields, key=lambda key: len(str(call.fields[key])))
            call = replace(call, fields={k: v for k, v in call.fields.items() if k != longest})
        return call

    def value(self, place: str, name: str, schema: Json) -> Any:
        """A value of a field."""
        special: dict[str, Callable[[], Any]] = {
            "ids": lambda: self.some(self.words.ids, schema.get("maxItems", 200)),
            "less": lambda: self.some(self.words.ids, 50),
            "exclude": lambda: self.some(self.words.ids, 200),
            "id": lambda: self.some(self.words.ids, 200),
            "product_id": lambda: self.chance.choice(self.words.ids),
            "q": lambda: " ".join(self.some(self.words.titles, 8))[:200],
            "attributes": self.attributes,
            "filter": self.filter,
            "photo": lambda: self.chance.choice(PHOTOS),
            "crop": lambda: self.chance.choice(["0,0,1,1", "0.1,0.2,0.5,0.6", "0.9,0.9,0.1,0.1"]),
            "weights": lambda: self.weights(place),
            "facets": lambda: self.facets(place),
            "events": self.events,
            "visitor": lambda: f"{self.chance.getrandbits(128):032x}",
        }
        if name in special:
            found = special[name]()
            return [",".join(found)] if (place, name) == ("query", "ids") else found
        if name in self.words.values:
            return self.some(self.words.values[name], schema.get("maxItems", 50))
        return self.plain(schema)

    def plain(self, schema: Json) -> Any:
        """A value of a schema that says it all."""
        if "enum" in schema:
            return self.chance.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "array":
            most = min(schema.get("maxItems", 50), self.chance.choice(SIZES))
            return [self.plain(schema["items"]) for _ in range(max(1, most))]
        if kind == "boolean":
            return self.chance.random() < 0.5
        if kind in ("integer", "number"):
            low = schema.get("minimum", 0)
            high = schema.get("maximum", 10_000)
            edges = [low, high, low + (high - low) * self.chance.random()]
            value = self.chance.choice(edges)
            return int(value) if kind == "integer" else value
        return "x" * self.chance.choice((1, 20, 200))

    def some(self, pool: list[str], most: int) -> list[str]:
        """Values of a pool, or values that nothing has, or both."""
        number = min(most, self.chance.choice(SIZES))
        ids = pool is self.words.ids  # a request with an unknown one is refused at once
        known = number if ids and self.chance.random() < 0.98 else self.chance.randint(0, number)
        found = self.chance.sample(pool, min(known, len(pool)))
        return found + [f"None {self.chance.random()}" for _ in range(number - len(found))]

    def attributes(self) -> dict[str, list[str]]:
        """Attributes, of the shop or not."""
        number = self.chance.choice(SIZES)
        names = self.some(list(self.words.attributes) or ["sleeve"], number)
        return {name: self.some(self.words.attributes.get(name, ["x"]), 2) for name in names}

    def filter(self) -> Json:
        """A filter in a JSON body."""
        fields: Json = {}
        for name, pool in self.words.values.items():
            if self.chance.random() < 0.3:
                fields[name] = self.some(pool, 100)
        if self.chance.random() < 0.3:
            fields |= {f"attributes.{name}": v for name, v in self.attributes().items()}
        for name in ("price_from", "price_to"):
            if self.chance.random() < 0.2:
                fields[name] = self.chance.choice([0, 10, 10_000, 10**9])
        if self.chance.random() < 0.2:
            fields["on_sale"] = self.chance.random() < 0.5
        return fields

    def weights(self, place: str) -> Any:
        """Weights of seeds; those of a body may be of other products, which is refused."""
        return {} if place == BODY else ""

    def facets(self, place: str) -> Any:
        """Weights of facets."""
        chosen = {name: self.chance.choice([0, 1, 1e6, 0.3]) for name in self.words.facets}
        if not any(chosen.values()):
            return {} if place == BODY else ""
        if place == BODY:
            return chosen
        return ",".join(f"{name}:{weight}" for name, weight in chosen.items())

    def events(self) -> list[Json]:
        """Events of invented answers."""
        return [
            {"kind": self.chance.choice(["view", "click"]), "query_id": "0" * 32,
             "product_id": self.chance.choice(self.words.ids), "position": 1}
            for _ in range(min(100, self.chance.choice(SIZES)))
        ]  # fmt: skip


def fields_of(operation: Json, schemas: Json) -> list[tuple[tuple[str, str], tuple[Json, bool]]]:
    """Place and name of each field of an operation, with its schema and whether it is required."""
    found = []
    for parameter in operation["parameters"]:
        schema = plain_schema(parameter["schema"], schemas)
        found.append(((parameter["in"], parameter["name"]), (schema, parameter["required"])))
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        body = schemas[content["application/json"]["schema"]["$ref"].rpartition("/")[2]]
        required = body.get("required", ())
        for name, schema in body["properties"].items():
            found.append(((BODY, name), (plain_schema(schema, schemas), name in required)))
    if "multipart/form-data" in content:
        found.append((("file", "photo"), ({}, True)))
    return found


def plain_schema(schema: Json, schemas: Json) -> Json:
    """A schema without null, and without references."""
    schema = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
    if "$ref" in schema:
        return plain_schema(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    return schema


def text_of(value: Any) -> str:
    """A value in a URL."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def brief(value: Any) -> str:
    """A value, or the number of its values."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return f"[{value[0].count(',') + 1}]"
    if isinstance(value, dict):
        sizes = {k: len(v) if isinstance(v, list) else v for k, v in value.items()}
        return f"{{{len(sizes)}}}" if len(sizes) > 10 else str(sizes)
    if isinstance(value, list):
        return f"[{len(value)}]"
    return f"{value:.3g}" if isinstance(value, float) and math.isfinite(value) else str(value)[:40]


@cache
def photo_file(width: int, height: int, kind: str) -> bytes:
    """A photo of noise: large as a JPEG, of few bytes but many pixels as a PNG."""
    if kind == "PNG":
        image = Image.new("RGB", (width, height), "navy")
    else:
        image = Image.effect_noise((width, height), 60).convert("RGB")
    data = io.BytesIO()
    image.save(data, kind)
    return data.getvalue()
