"""The parameters and JSON bodies of the API: one model per operation, also its OpenAPI schema.

An unknown parameter is refused, so that a misspelt filter never means "no filter".
"""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, WithJsonSchema

from engine.applications.words.search import MAX_TEXT as MAX_WORDS
from engine.recommendation.request import DEFAULT_K, MAX_LESS, MAX_SEEDS
from engine.search.guards import LIFTS
from engine.settings import Colourways
from web.app.params import MAX_PER_PAGE, MAX_TEXT, MAX_WEIGHT, NUMBER, PER_PAGE
from web.words.languages import LOCALE

ATTRIBUTES = "attributes"
MAX_RESULTS = 100
MAX_VALUES = 50  # of one filter field
MAX_ATTRIBUTES = 20  # that a filter names: each is read from every product
NO_BLANK = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f]$"
RANDOM_ID = r"^[0-9a-f]{32}$"  # of an answer or a visitor
PRINTABLE = r"^[^\x00-\x1f\x7f]*$"  # PostgreSQL refuses NUL; no name needs control characters


def parse_bool(value: object) -> object:
    """``true`` and ``false`` as booleans; any other value unchanged, for validation to refuse."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def plain_number(value: object) -> object:
    """A number, or the text of one in plain digits; anything else is refused.

    Python alone would take ``true`` as 1, and ``1_0`` as 10.
    """
    if isinstance(value, bool) or (isinstance(value, str) and not NUMBER.fullmatch(value.strip())):
        raise ValueError("it should be a number")
    return value


Text = Annotated[str, Field(max_length=MAX_TEXT, pattern=PRINTABLE)]
Texts = Annotated[tuple[Text, ...], Field(max_length=MAX_VALUES)]
Id = Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=PRINTABLE)]
Name = Annotated[str, Field(max_length=MAX_TEXT, pattern=NO_BLANK)]
Ids = Annotated[tuple[Id, ...], Field(max_length=MAX_SEEDS)]
LessIds = Annotated[tuple[Id, ...], Field(max_length=MAX_LESS)]
Flag = Annotated[StrictBool, BeforeValidator(parse_bool)]
# Filter values are validated by `Filter`, which distinguishes a wrong type from a wrong range.
Price = Annotated[object, WithJsonSchema({"type": "number", "minimum": 0})]
FilterFlag = Annotated[object, WithJsonSchema({"type": "boolean"})]
Locale = Annotated[str, Field(max_length=35, pattern=LOCALE)]
Guard = Annotated[str, WithJsonSchema({"type": "string", "enum": list(LIFTS)})]
Number = BeforeValidator(plain_number)
SeedWeight = Annotated[float, Number, Field(gt=0, le=MAX_WEIGHT, allow_inf_nan=False)]
FacetWeight = Annotated[float, Number, Field(ge=0, le=MAX_WEIGHT, allow_inf_nan=False)]


class ApiParams(BaseModel):
    """Base of all parameters and bodies: frozen, and unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AnswerParams(ApiParams):
    """How an answer is written."""

    absolute: Flag = Field(
        False, description="true: addresses with scheme and host, as pages of other origins get"
    )


class FilterParams(ApiParams):
    """Which products may be returned, by their current values in the catalogue."""

    category: Texts = Field((), description="any of these paths, `Tops > T-shirts`, or below one")
    brand: Texts = Field((), description="any of these")
    gender: Texts = Field((), description="any of these")
    age_group: Texts = Field((), description="any of these")
    colour: Texts = Field((), description="any of these")
    pattern: Texts = Field((), description="any of these")
    availability: Texts = Field((), description="any of these")
    price_from: Price = Field(None, description="minimum of what a customer pays now")
    price_to: Price = Field(None, description="maximum of what a customer pays now")
    on_sale: FilterFlag = Field(None, description="only products with, or without, a reduced price")
    attributes: dict[Text, Texts] = Field(
        {},
        max_length=MAX_ATTRIBUTES,
        description=f"further attributes, {MAX_ATTRIBUTES} at most: `attributes.sleeve=long`",
    )

    def filter_fields(self) -> dict[str, object]:
        """The fields that are set, as `Filter.of` takes them."""
        fields = {name: getattr(self, name) for name in FilterParams.model_fields}
        attributes = fields.pop(ATTRIBUTES)
        fields |= {f"{ATTRIBUTES}.{name}": values for name, values in attributes.items()}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in fields.items()
            if value not in (None, ())
        }


FilterBody = Annotated[
    dict[str, object],
    Field(max_length=len(FilterParams.model_fields) - 1 + MAX_ATTRIBUTES),
    WithJsonSchema(FilterParams.model_json_schema()),
]


class ListingParams(FilterParams, AnswerParams):
    """A page of products."""

    q: Text = Field(
        "",
        description="words of title, brand, category or colour in any form, or a product id; the "
        "best matches come first",
    )
    page: Annotated[int, Number] = Field(1, ge=1, le=1_000_000)
    per_page: Annotated[int, Number] = Field(PER_PAGE, ge=1, le=MAX_PER_PAGE)


class PanelParams(AnswerParams):
    """Options of a panel, apart from seeds, facet weights and filter."""

    k: Annotated[int, Number] = Field(
        DEFAULT_K, ge=1, le=MAX_RESULTS, description="number of results"
    )
    exclude: Ids = Field((), description="further products that are not returned")
    lift: tuple[Guard, ...] = Field((), max_length=MAX_VALUES, description="guards to lift")
    diversity: Annotated[float, Number] = Field(
        0, ge=0, le=1, description="0: most similar, 1: most varied"
    )
    min_match: Annotated[float, Number] | None = Field(
        None, ge=0, le=100, description="lowest match of a result, in percent"
    )
    variants: Flag = Field(False, description="return all variants, not only the best of a group")
    colourways: Colourways | None = Field(
        None,
        description="other colours of one design: one place for all (fold), each its own (show), "
        "or not looked for (off); the shop's setting by default",
    )
    page: Name | None = Field(
        None,
        description="the page that the panel is for, which rules may switch off; `photo`, "
        "`product` or `wishlist` by default",
    )
    rules: Flag = Field(True, description="false: ignore the shop's merchandising rules")
    fallback: Flag = Field(True, description="false: return nothing rather than a fallback")
    locale: Locale | None = Field(
        None,
        description="the language of reasons, `de-AT`: English, German or French; by default the "
        "shop's, and English for any other",
    )
    visitor: str | None = Field(
        None,
        pattern=RANDOM_ID,
        description="a random id that your page keeps for its visitor; for A/B experiments only",
    )


class SimilarParams(PanelParams, FilterParams):
    """Parameters for products similar to one product or to a photo."""

    facets: Text = Field("", description="relative facet weights, `colour:2,shape:1`")


class PhotoParams(SimilarParams):
    """Parameters for products similar to a photo."""

    crop: Text = Field(
        "",
        description="the part of the photo to search by: left, top, width and height in shares of "
        "the upright photo, `0.1,0.2,0.5,0.6`; the whole photo by default",
    )
    narrow: Flag = Field(
        False,
        description="true: narrow to the type and the gender that most of the photo's nearest "
        "products have, unless `category` or `gender` is given",
    )


class WordParams(FilterParams, AnswerParams):
    """A search in words."""

    q: Annotated[str, Field(min_length=1, max_length=MAX_WORDS, pattern=PRINTABLE)] = Field(
        description='such as "red floral dress under 50"; with `like`, what to change: "in green"',
    )
    like: Id | None = Field(None, description="a product that the results look like")
    k: Annotated[int, Number] = Field(
        DEFAULT_K, ge=1, le=MAX_RESULTS, description="number of results"
    )


class SimilarToManyParams(SimilarParams):
    """Parameters for products similar to several products."""

    ids: tuple[Text, ...] = Field((), description="seeds, `10001,10002`")
    id: Ids = Field((), description="a further seed; for ids that contain a comma")
    weights: Text = Field("", description="seed weights, `10001:2,10002:0.5`; 1 by default")
    less: LessIds = Field((), description="products that results should not resemble")


class SimilarToManyBody(PanelParams):
    """A request for products similar to several products, as JSON."""

    ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_SEEDS)]
    weights: dict[Id, SeedWeight] = Field(
        {}, max_length=MAX_SEEDS, description="seed weights; 1 by default"
    )
    less: LessIds = Field((), description="products that results should not resemble")
    facets: dict[Text, FacetWeight] = Field(
        {}, max_length=MAX_VALUES, description="relative facet weights"
    )
    filter: FilterBody = Field({}, description="which products may be returned")
