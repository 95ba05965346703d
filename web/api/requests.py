"""What the API may be asked: one model a kind of question, which is also its schema.

A parameter that nobody knows is refused, so that a misspelt filter never means no filter.
"""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from flask import request
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    WithJsonSchema,
)

from engine.recommendation.request import DEFAULT_K, MAX_LESS, MAX_SEEDS
from engine.search.guards import LIFTS
from web.app.errors import ParameterError, UnknownParameter
from web.app.params import MAX_PER_PAGE, MAX_TEXT, PER_PAGE

ATTRIBUTES = "attributes"
MAX_RESULTS = 100
MAX_VALUES = 50  # of one filter field
PLAIN = r"^[^\x00-\x1f\x7f]*$"  # PostgreSQL refuses NUL, and no name holds other control signs


def boolean(value: object) -> object:
    """True and false as they stand in an address; anything else is left to be refused."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


Word = Annotated[str, Field(max_length=MAX_TEXT, pattern=PLAIN)]
Words = Annotated[tuple[Word, ...], Field(max_length=MAX_VALUES)]
Id = Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=PLAIN)]
Ids = Annotated[tuple[Id, ...], Field(max_length=MAX_SEEDS)]
Flag = Annotated[StrictBool, BeforeValidator(boolean)]
Less = Annotated[tuple[Id, ...], Field(max_length=MAX_LESS)]
# Values of a filter are checked by the filter itself, which tells a wrong type from a wrong range.
Price = Annotated[object, WithJsonSchema({"type": "number", "minimum": 0})]
Guard = Annotated[str, WithJsonSchema({"type": "string", "enum": list(LIFTS)})]
Choice = Annotated[object, WithJsonSchema({"type": "boolean"})]
Weight = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
FacetWeight = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class ApiQuery(BaseModel):
    """Base of every question."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Narrowing(ApiQuery):
    """Which products may be shown, by values that the catalogue has now."""

    category: Words = Field((), description="any of these paths, `Tops > T-shirts`, or below one")
    brand: Words = Field((), description="any of these")
    gender: Words = Field((), description="any of these")
    age_group: Words = Field((), description="any of these")
    colour: Words = Field((), description="any of these")
    pattern: Words = Field((), description="any of these")
    availability: Words = Field((), description="any of these")
    price_from: Price = Field(None, description="what a customer pays now, at least")
    price_to: Price = Field(None, description="what a customer pays now, at most")
    on_sale: Choice = Field(None, description="reduced now, or not")
    attributes: dict[Word, Words] = Field(
        {}, description="further attributes: `attributes.sleeve=long`"
    )

    def narrowing(self) -> dict[str, object]:
        """The filter, as `Filter.of` reads it."""
        fields = {name: getattr(self, name) for name in Narrowing.model_fields}
        named = fields.pop(ATTRIBUTES)
        fields |= {f"{ATTRIBUTES}.{name}": values for name, values in named.items()}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in fields.items()
            if value not in (None, ())
        }


NarrowingBody = Annotated[dict[str, object], WithJsonSchema(Narrowing.model_json_schema())]


class Listing(Narrowing):
    """A page of products."""

    q: Word = Field("", description="words of brand and title, or a product id")
    page: int = Field(1, ge=1, le=1_000_000)
    per_page: int = Field(PER_PAGE, ge=1, le=MAX_PER_PAGE)


class Shape(ApiQuery):
    """How an answer is put together, apart from the seeds and the filter."""

    k: int = Field(DEFAULT_K, ge=1, le=MAX_RESULTS, description="results wanted")
    exclude: Ids = Field((), description="further products not to show")
    lift: tuple[Guard, ...] = Field((), max_length=MAX_VALUES, description="guards to lift")
    diversity: float = Field(0, ge=0, le=1, description="0: most similar, 1: most varied")
    min_match: float | None = Field(None, ge=0, le=100, description="percent that a match needs")
    variants: Flag = Field(False, description="show every variant instead of the best of a group")
    rules: Flag = Field(True, description="false: as if the shop had no rules")
    fallback: Flag = Field(True, description="false: rather nothing than a wider answer")
    visitor: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{32}$",
        description="a random id that your page keeps for its visitor: for A/B experiments only",
    )


class Similar(Shape, Narrowing):
    """What looks like one product, or like a photo."""

    facets: Word = Field("", description="relative weights, `colour:2,shape:1`")


class SimilarToMany(Similar):
    """What looks like several products."""

    ids: tuple[Word, ...] = Field((), description="products, `10001,10002`")
    id: Ids = Field((), description="one product more; for ids that hold a comma")
    weights: Word = Field("", description="how much products count, `10001:2,10002:0.5`; else 1")
    less: Less = Field((), description="products to keep away from")


class SimilarToManyBody(Shape):
    """What looks like several products, as JSON."""

    ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_SEEDS)]
    weights: dict[Id, Weight] = Field({}, description="how much a product counts; else 1")
    less: Less = Field((), description="products to keep away from")
    facets: dict[Word, FacetWeight] = Field({}, description="relative weights of facets")
    filter: NarrowingBody = Field({}, description="which products may be shown")


Model = TypeVar("Model", bound=ApiQuery)


def asked(model: type[Model]) -> Model:
    """The question that this request's address asks.

    Raises:
        ParameterError: a parameter has a wrong form or value.
        UnknownParameter: there is no such parameter.
    """
    values: dict[str, Any] = {}
    for name, texts in request.args.lists():
        field = model.model_fields.get(name)
        if name.startswith(f"{ATTRIBUTES}.") and ATTRIBUTES in model.model_fields:
            values.setdefault(ATTRIBUTES, {})[name.removeprefix(f"{ATTRIBUTES}.")] = texts
        elif field is not None and is_list(model, name):
            values[name] = texts
        elif len(texts) > 1:
            raise ParameterError(f"{name} may be given once, not {len(texts)} times.")
        else:
            values[name] = texts[0]
    return checked(model, values)


def told(model: type[Model]) -> Model:
    """The question that this request's JSON asks.

    Raises:
        ParameterError: the body is no JSON object, or a field has a wrong form or value.
        UnknownParameter: there is no such field.
    """
    if request.args:
        raise UnknownParameter("The question goes into the JSON body, not into the address.")
    try:
        values = request.get_json(silent=True)
    except RecursionError:  # thousands of brackets inside one another
        values = None
    if not isinstance(values, dict):
        raise ParameterError("Send a JSON object, with the header Content-Type: application/json.")
    return checked(model, values)


def checked(model: type[Model], values: Mapping[str, Any]) -> Model:
    """A question from plain values, or the first complaint about them."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise complaint(model, error) from error


def complaint(model: type[ApiQuery], error: ValidationError) -> ParameterError:
    """What is wrong with a question, in one sentence."""
    first = error.errors(include_url=False, include_context=False)[0]
    name = ".".join(str(part) for part in first["loc"]) or "The question"
    if first["type"] == "extra_forbidden":
        known = ", ".join(model.model_fields)
        return UnknownParameter(f"There is no parameter {name!r}. There are: {known}.")
    if first["type"] == "missing":
        return ParameterError(f"{name} is missing.")
    if first["type"] in ("too_short", "too_long"):
        counted = first["msg"].partition("should ")[2].partition(" after")[0]
        return ParameterError(f"{name} should {counted}.")
    wanted = first["msg"].removeprefix("Input ").removeprefix("should ")
    return ParameterError(f"{name} should {wanted}, not {str(first['input'])[:100]!r}.")


def is_list(model: type[ApiQuery], name: str) -> bool:
    """Whether a parameter may be given several times."""
    return isinstance(model.model_fields[name].get_default(), tuple)
