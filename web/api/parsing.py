"""Parses the query string or JSON body of the current request into a model of the API."""

from collections.abc import Mapping
from typing import Any, TypeVar

from flask import request
from pydantic import ValidationError

from web.api.keys import PUBLIC_KEY
from web.api.request_models import (
    ATTRIBUTES,
    NO_BLANK,
    PRINTABLE,
    RANDOM_ID,
    AnswerParams,
    ApiParams,
)
from web.app.errors import ParameterError, UnknownParameter
from web.app.links import use_absolute_links

Model = TypeVar("Model", bound=ApiParams)
MAX_FIELDS = 100  # of a body, known or not
EXPECTED = {  # kind of a validation error -> what a parameter should be, in JSON's words
    "bool_type": "be true or false",
    "dict_type": "be an object",
    "int_from_float": "be a whole number",
    "int_parsing": "be a whole number",
    "int_parsing_size": "be a smaller number",
    "int_type": "be a whole number",
    "mapping_type": "be an object",
    "string_type": "be a string",
    "tuple_type": "be a list",
}
PATTERNS = {
    PRINTABLE: "have no control characters",
    NO_BLANK: "be a name without control characters",
    RANDOM_ID: "be 32 hexadecimal digits",
}


def parse_query(model: type[Model]) -> Model:
    """Parse the query string; ``attributes.NAME=VALUE`` fills a mapping.

    Raises:
        ParameterError: a parameter has a wrong form or value.
        UnknownParameter: there is no such parameter.
    """
    values: dict[str, Any] = {}
    for name, texts in request.args.lists():
        if name == PUBLIC_KEY:
            continue
        if name.startswith(f"{ATTRIBUTES}.") and ATTRIBUTES in model.model_fields:
            values.setdefault(ATTRIBUTES, {})[name.removeprefix(f"{ATTRIBUTES}.")] = texts
        elif is_repeatable(model, name):
            values[name] = texts
        elif len(texts) > 1:
            raise ParameterError(f"{name} may be given once, not {len(texts)} times.")
        else:
            values[name] = texts[0]
    return validate(model, values)


def parse_json(model: type[Model], *, as_text: bool = False) -> Model:
    """Parse the JSON body.

    Args:
        model: what it has to be.
        as_text: whether its type may also be text/plain, as a browser's ``sendBeacon`` has it.

    Raises:
        ParameterError: the body is not a JSON object, or a field has a wrong form or value.
        UnknownParameter: there is no such field, or the URL has parameters.
    """
    if request.args.keys() - {PUBLIC_KEY}:
        raise UnknownParameter("This request takes a JSON body. Send no parameters in the URL.")
    try:
        values = request.get_json(force=as_text and request.mimetype == "text/plain", silent=True)
    except RecursionError:  # thousands of nested brackets
        values = None
    if not isinstance(values, dict):
        raise ParameterError("Send a JSON object, with the header Content-Type: application/json.")
    if len(values) > MAX_FIELDS:  # each that is unknown would become an error of its own
        raise ParameterError(f"A body has {MAX_FIELDS} fields at most, not {len(values)}.")
    return validate(model, values)


def validate(model: type[Model], values: Mapping[str, Any]) -> Model:
    """Build a model from plain values, or raise its first error as a `ParameterError`."""
    try:
        params = model.model_validate(values)
    except ValidationError as error:
        raise parameter_error(model, error) from error
    if isinstance(params, AnswerParams) and params.absolute:
        use_absolute_links()
    return params


def parameter_error(model: type[ApiParams], error: ValidationError) -> ParameterError:
    """The first validation error, in one sentence."""
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"]) or "The request"
    if first["type"] == "extra_forbidden":
        known = ", ".join(model.model_fields)
        return UnknownParameter(f"There is no parameter {name!r}. There are: {known}.")
    if first["type"] == "missing":
        return ParameterError(f"{name} is missing.")
    expected = EXPECTED.get(first["type"]) or first["msg"].partition("should ")[2] or "be another"
    if first["type"] == "string_pattern_mismatch":
        expected = PATTERNS.get(str(first.get("ctx", {}).get("pattern")), "have another form")
    if first["type"] in ("too_short", "too_long"):
        return ParameterError(f"{name} should {expected.partition(' after')[0]}.")
    return ParameterError(f"{name} should {expected}, not {str(first['input'])[:100]!r}.")


def is_repeatable(model: type[ApiParams], name: str) -> bool:
    """Whether a parameter may be given several times."""
    field = model.model_fields.get(name)
    return field is not None and isinstance(field.get_default(), tuple)
