"""The responses of the API: one model per record, also its schema in the OpenAPI document."""

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from catalog import records
from catalog.products.recent_products import size_of
from catalog.search.expressions import MAX_RANKED
from engine.recommendation.results import Colourway as EngineColourway
from engine.recommendation.results import Panel as EnginePanel
from engine.recommendation.results import Recommendation
from web.app.context import shop
from web.app.links import link_root, photo_url, product_url, shop_link

PHOTO_WIDTH = 480


class Answer(BaseModel):
    """Base of all responses."""

    model_config = ConfigDict(frozen=True)

    def response(self) -> Response:
        """A JSON response."""
        return Response(self.model_dump_json(), mimetype="application/json")


class Photo(Answer):
    """The URL of a photo's thumbnail, and the size of the original in pixels."""

    url: str
    content_hash: str
    width: int
    height: int

    @classmethod
    def of(cls, item: records.Photo) -> "Photo":
        """From a record of the catalogue."""
        return cls(
            url=photo_url(item.content_hash, PHOTO_WIDTH),
            content_hash=item.content_hash,
            width=item.width,
            height=item.height,
        )


class Product(Answer):
    """A product. Prices are decimal numbers as strings, so that nothing is rounded."""

    product_id: str
    title: str
    brand: str | None
    category: tuple[str, ...] = Field(description="category path, broadest first")
    gender: str | None
    age_group: str | None
    colour: str | None
    pattern: str | None
    price: str | None
    sale_price: str | None = Field(description="reduced price; null if not on sale")
    currency: str | None
    availability: str
    retired: bool
    group_id: str | None = Field(
        description="shared by the variants of one product (its variant group)"
    )
    link: str | None
    attributes: dict[str, str]
    photos: tuple[Photo, ...]
    url: str = Field(description="path of its page in the storefront")

    @classmethod
    def of(cls, item: records.Product) -> "Product":
        """From a record of the catalogue; made once while record and links are the same."""
        rows, key = shop().recent_rows, (link_root(), item.product_id)
        known = rows.get(key)
        if known is not None and known[0] is item and isinstance(known[1], cls):
            return known[1]
        made = cls(
            product_id=item.product_id,
            title=item.title,
            brand=item.brand,
            category=item.category,
            gender=item.gender,
            age_group=item.age_group,
            colour=item.colour,
            pattern=item.pattern,
            price=amount(item.price),
            sale_price=amount(item.sale_price),
            currency=item.currency,
            availability=item.availability.value,
            retired=item.retired,
            group_id=item.group_id,
            link=shop_link(item),
            attributes=dict(item.attributes),
            photos=tuple(Photo.of(one) for one in item.photos),
            url=product_url(item),
        )
        rows.put(key, (item, made), size_of(item) + len(key[0]))
        return made


class SearchNote(Answer):
    """What was changed of the text in `q`, as no product has all of its words."""

    corrected: str | None = Field(description="the words searched for, if a spelling was corrected")
    ignored: tuple[str, ...] = Field(description="words that no product has, nor similar ones")
    some: bool = Field(description="the products have some of the words, as none has all")


class Listing(Answer):
    """One page of products."""

    products: tuple[Product, ...]
    total: int = Field(description="number of matching products on all pages")
    exact: bool = Field(
        description=f"false: `total` is {MAX_RANKED:,}, as more matches of `q` are not counted"
    )
    page: int
    per_page: int
    next: str | None = Field(description="URL of the next page; null on the last one")
    search: SearchNote | None = Field(description="null: the text in `q` was searched for as it is")

    @classmethod
    def of(cls, page: records.Page, following: str | None) -> "Listing":
        """From a page of the catalogue, and the URL of the next one."""
        return cls(
            products=tuple(Product.of(item) for item in page.products),
            total=page.total,
            exact=page.exact,
            page=page.page,
            per_page=page.per_page,
            next=following,
            search=SearchNote(**asdict(page.note)) if page.note else None,
        )


class Colourway(Answer):
    """The same design in another colour."""

    product_id: str
    colour: str
    grouped: bool = Field(
        description="true: of the shop's own variant group; false: found by title and looks"
    )

    @classmethod
    def of(cls, found: EngineColourway) -> "Colourway":
        """From a colourway of the engine."""
        return cls(product_id=found.product_id, colour=found.colour, grouped=found.grouped)


class Result(Answer):
    """A similar product, with everything needed to display it."""

    product_id: str
    rank: int = Field(description="from 1")
    score: float = Field(description="cosine similarity under the requested facet weights, -1 to 1")
    match: float | None = Field(
        description="calibrated match in percent; null without a calibration"
    )
    reasons: tuple[str, ...]
    facets: dict[str, float] = Field(description="cosine similarity in each facet")
    seed: str | None = Field(description="the most similar seed; null for a photo")
    variants: int = Field(description="number of further variants of its group that it stands for")
    rule: str | None = Field(
        description="id of the merchandising rule that pinned, boosted or buried it"
    )
    also_in: tuple[Colourway, ...] = Field(
        description="other colours of its design, which were folded into it"
    )
    product: Product | None = Field(description="null if it has just left the catalogue")

    @classmethod
    def of(cls, result: Recommendation, item: records.Product | None) -> "Result":
        """From a result of the engine, and its product."""
        return cls(
            product_id=result.product_id,
            rank=result.rank,
            score=round(result.score, 6),
            match=None if result.match is None else round(result.match, 2),
            reasons=result.reasons,
            facets={name: round(cosine, 6) for name, cosine in result.facets.items()},
            seed=result.seed,
            variants=result.variants,
            rule=result.rule,
            also_in=tuple(Colourway.of(one) for one in result.also_in),
            product=None if item is None else Product.of(item),
        )


class Taste(Answer):
    """Seeds that belong together, and the most central one of them (the medoid)."""

    medoid: str
    seeds: tuple[str, ...]


class Panel(Answer):
    """An answer: similar products, best first, and how they were found."""

    query_id: str = Field(description="id of this answer, for events")
    seeds: tuple[str, ...]
    generation: str = Field(description="id of the index that answered")
    fallback: str = Field(description="none, relaxed-filter, best-sellers or nothing")
    relaxed: tuple[str, ...] = Field(description="filter fields that the fallback dropped")
    rules: tuple[str, ...] = Field(description="ids of the merchandising rules that acted")
    tastes: tuple[Taste, ...]
    also_in: tuple[Colourway, ...] = Field(
        description="other colours of the only seed, the shop's own variants first"
    )
    switched_off: bool = Field(description="an off rule switches this panel off: no results")
    nothing_similar: bool = Field(
        description="the photo looks like no product; the results are the nearest all the same"
    )
    nothing_similar_reason: str | None = Field(description="why, in a sentence; null if not so")
    default_facets: dict[str, float] = Field(
        description="the facets that a request may weigh, with the weights that they have otherwise"
    )
    results: tuple[Result, ...]

    @classmethod
    def of(
        cls,
        answer: EnginePanel,
        products: Mapping[str, records.Product],
        default_facets: Mapping[str, float],
    ) -> "Panel":
        """From a panel of the engine, the products of its results, and default facet weights."""
        return cls(
            query_id=answer.query_id,
            seeds=answer.seeds,
            generation=answer.generation,
            fallback=answer.fallback.value,
            relaxed=answer.relaxed,
            rules=answer.rules,
            tastes=tuple(Taste(medoid=t.medoid, seeds=t.seeds) for t in answer.tastes),
            also_in=tuple(Colourway.of(one) for one in answer.also_in),
            switched_off=answer.switched_off,
            nothing_similar=answer.nothing_similar,
            nothing_similar_reason=answer.nothing_similar_reason,
            default_facets={name: round(weight, 6) for name, weight in default_facets.items()},
            results=tuple(
                Result.of(result, products.get(result.product_id)) for result in answer.results
            ),
        )


def amount(price: Decimal | None) -> str | None:
    """A price as a string."""
    return None if price is None else str(price)
