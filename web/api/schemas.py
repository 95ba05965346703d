"""What the API answers with: one model a record, which is also its schema in the document."""

from collections.abc import Mapping
from decimal import Decimal

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from catalog import records
from engine.recommendation.results import Panel as EnginePanel
from engine.recommendation.results import Recommendation
from web.app.links import photo_url, product_url, shop_link

PHOTO_WIDTH = 480


class Answer(BaseModel):
    """Base of every answer."""

    model_config = ConfigDict(frozen=True)

    def response(self) -> Response:
        """This answer as JSON."""
        return Response(self.model_dump_json(), mimetype="application/json")


class Problem(Answer):
    """What went wrong, as RFC 9457 tells it."""

    type: str = Field(description="always about:blank")
    title: str = Field(description="the status in words")
    status: int
    detail: str = Field(description="what was wrong, where, and what to do next")
    code: str = Field(description="a stable word for programs")
    instance: str = Field(description="the path that was asked for")


class Photo(Answer):
    """A photo's address at a size fit for a list, and the size of the original in pixels."""

    url: str
    content_hash: str
    width: int
    height: int

    @classmethod
    def of(cls, item: records.Photo) -> "Photo":
        """From the catalogue's."""
        return cls(
            url=photo_url(item.content_hash, PHOTO_WIDTH),
            content_hash=item.content_hash,
            width=item.width,
            height=item.height,
        )


class Product(Answer):
    """A product with everything that its page shows. Prices are text, so that no cent is lost."""

    product_id: str
    title: str
    brand: str | None
    category: tuple[str, ...] = Field(description="from the top down")
    gender: str | None
    age_group: str | None
    colour: str | None
    pattern: str | None
    price: str | None
    sale_price: str | None = Field(description="what it costs now, when that is less")
    currency: str | None
    availability: str
    retired: bool
    group_id: str | None = Field(description="shared by the variants of one product")
    link: str | None
    attributes: dict[str, str]
    photos: tuple[Photo, ...]
    url: str = Field(description="its page in the storefront")

    @classmethod
    def of(cls, item: records.Product) -> "Product":
        """From the catalogue's."""
        return cls(
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


class Listing(Answer):
    """One page of products, and where the next one is."""

    products: tuple[Product, ...]
    total: int = Field(description="all that match, not only those of this page")
    page: int
    per_page: int
    next: str | None = Field(description="the address of the next page")

    @classmethod
    def of(cls, page: records.Page, following: str | None) -> "Listing":
        """From the catalogue's page, and the address of the next one."""
        return cls(
            products=tuple(Product.of(item) for item in page.products),
            total=page.total,
            page=page.page,
            per_page=page.per_page,
            next=following,
        )


class Result(Answer):
    """A similar product, with what a shop needs to draw it."""

    product_id: str
    rank: int = Field(description="from 1")
    score: float = Field(description="the cosine under the facet weights asked for, -1 to 1")
    match: float | None = Field(description="percent; null without a calibration")
    reasons: tuple[str, ...]
    facets: dict[str, float] = Field(description="the cosine of each facet")
    seed: str | None = Field(description="the seed that it is most like")
    variants: int = Field(description="how many more of its group were folded into it")
    rule: str | None = Field(description="the shop's rule that acted on it")
    product: Product | None = Field(description="null when it just left the catalogue")

    @classmethod
    def of(cls, result: Recommendation, item: records.Product | None) -> "Result":
        """From the engine's, and the product of the catalogue."""
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
            product=None if item is None else Product.of(item),
        )


class Taste(Answer):
    """Some of the seeds that belong together, and the one in their middle."""

    medoid: str
    seeds: tuple[str, ...]


class Panel(Answer):
    """An answer: similar products, best first, and how they came about."""

    query_id: str = Field(description="names this answer in events")
    seeds: tuple[str, ...]
    generation: str = Field(description="the index that answered")
    fallback: str = Field(description="none, relaxed-filter, best-sellers or nothing")
    relaxed: tuple[str, ...] = Field(description="filter fields that were dropped")
    rules: tuple[str, ...] = Field(description="the shop's rules that acted")
    tastes: tuple[Taste, ...]
    results: tuple[Result, ...]

    @classmethod
    def of(cls, answer: EnginePanel, products: Mapping[str, records.Product]) -> "Panel":
        """From the engine's, and the products of its results."""
        return cls(
            query_id=answer.query_id,
            seeds=answer.seeds,
            generation=answer.generation,
            fallback=answer.fallback.value,
            relaxed=answer.relaxed,
            rules=answer.rules,
            tastes=tuple(Taste(medoid=t.medoid, seeds=t.seeds) for t in answer.tastes),
            results=tuple(
                Result.of(result, products.get(result.product_id)) for result in answer.results
            ),
        )


def amount(price: Decimal | None) -> str | None:
    """A price as text."""
    return None if price is None else str(price)
