"""The OpenAPI document, generated from the routes and their models.

`describes` attaches an `Operation` to a view; `document` collects those of all routes. Views stay
plain Flask views, and the models are the ones that parse the requests.
"""

import inspect
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Literal, TypeVar

from apispec import APISpec
from flask import Flask
from pydantic import BaseModel

from web.app.params import MAX_TEXT
from web.app.problems import Problem

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]
View = TypeVar("View", bound=Callable[..., Any])

ATTRIBUTE = "openapi_operation"  # of a view
REFERENCE = "#/components/schemas/{model}"
JSON_TYPE = "application/json"
PROBLEM_TYPE = "application/problem+json"
DESCRIPTION = (
    "Similar items by appearance. Errors are `application/problem+json` with a stable `code`. "
    "Responses to GET have an `ETag`; send it back as `If-None-Match` to get 304 while nothing has "
    "changed. A shop may require a key (401 without it) and limit the requests of "
    "one address (429, with `Retry-After`)."
)
KEYS: dict[str, Json] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
PUBLIC_KEY: Json = {"type": "apiKey", "in": "query", "name": "key"}
COMMON_ERRORS = (401, 403, 429)  # any operation of a shop with a key, origins or a rate limit


@dataclass(frozen=True, slots=True)
class Operation:
    """The input and output of one route.

    Attributes:
        tag: the group of the operation.
        answer: the model of the response.
        query: the model of the query parameters.
        body: the model of the JSON body.
        files: multipart fields with files: name -> description.
        errors: statuses of errors, beside those of every operation.
        status: the status of a successful response.
        cached: responses have an ETag, and may be 304.
    """

    tag: str
    answer: type[BaseModel] | None
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    files: Mapping[str, str] | None = None
    errors: tuple[int, ...] = ()
    status: int = 200
    cached: bool = False


def describes(operation: Operation) -> Callable[[View], View]:
    """A decorator that attaches an operation to a view."""

    def attach(view: View) -> View:
        setattr(view, ATTRIBUTE, operation)
        return view

    return attach


def document(app: Flask, *, keyed: bool, public: Collection[str] = ()) -> Json:
    """The OpenAPI document of an app's described routes, in the order of registration.

    Args:
        app: the app.
        keyed: whether every operation needs the API key.
        public: the endpoints that the public key opens as well.
    """
    security: Json = {"security": [{name: []} for name in KEYS]} if keyed else {}
    spec = APISpec(
        "Lookalike", version("lookalike"), "3.1.0", info={"description": DESCRIPTION}, **security
    )
    for name, scheme in KEYS.items():
        spec.components.security_scheme(name, scheme)
    if public:
        spec.components.security_scheme("public", PUBLIC_KEY)
    schemas: dict[str, Json] = {}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        operation = getattr(view, ATTRIBUTE, None)
        if operation is None:
            continue
        path, parameters = path_of(rule.rule)
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            name = re.sub(r"\W+", "_", f"{method.lower()}{path}").rstrip("_")
            described = operation_json(operation, view, name, schemas)
            described["parameters"] = [*parameters, *described["parameters"]]
            if rule.endpoint in public:
                described["security"] = [{name: []} for name in (*KEYS, "public")]
            spec.path(path, operations={method.lower(): described})
    for name, schema in sorted(schemas.items()):
        spec.components.schema(name, schema)
    return spec.to_dict()


def path_of(rule: str) -> tuple[str, list[Json]]:
    """A route's path with its variables in braces, and the variables as parameters."""
    names = re.findall(r"<(?:[^:<>]+:)?([^<>]+)>", rule)
    path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule)
    text = {"type": "string", "minLength": 1}
    return path, [{"name": name, "in": "path", "required": True, "schema": text} for name in names]


def operation_json(
    operation: Operation, view: Callable[..., Any], name: str, schemas: dict[str, Json]
) -> Json:
    """An operation object; the models that it refers to are added to ``schemas``."""
    summary, _, description = (inspect.getdoc(view) or "").partition("\n")
    described: Json = {
        "tags": [operation.tag],
        "summary": summary,
        "operationId": name,
        "parameters": query_parameters(operation.query) if operation.query else [],
        "responses": responses(operation, schemas),
    }
    if description.strip():
        described["description"] = inspect.cleandoc(description)
    if operation.body:
        described["requestBody"] = {
            "required": True,
            "content": {JSON_TYPE: {"schema": reference(operation.body, schemas)}},
        }
    if operation.files:
        fields = {
            field: {"type": "string", "contentMediaType": "application/octet-stream",
                    "description": meaning}
            for field, meaning in operation.files.items()
        }  # fmt: skip
        schema = {"type": "object", "properties": fields, "required": list(fields)}
        described["requestBody"] = {
            "required": True,
            "content": {"multipart/form-data": {"schema": schema}},
        }
    return described


def responses(operation: Operation, schemas: dict[str, Json]) -> Json:
    """The responses of an operation, by status."""
    found: Json = {str(operation.status): {"description": HTTPStatus(operation.status).phrase}}
    if operation.answer:
        schema = reference(operation.answer, schemas, mode="serialization")
        found[str(operation.status)]["content"] = {JSON_TYPE: {"schema": schema}}
    if operation.cached:
        found["304"] = {"description": "Not modified since the response with this `ETag`."}
    too_large = (413,) if operation.body or operation.files else ()
    for status in sorted({*operation.errors, *COMMON_ERRORS, *too_large}):
        found[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM_TYPE: {"schema": reference(Problem, schemas, "serialization")}},
        }
    return found


def reference(model: type[BaseModel], schemas: dict[str, Json], mode: Mode = "validation") -> Json:
    """Add a model and its nested models to ``schemas``, and return a reference to it."""
    schema = model.model_json_schema(ref_template=REFERENCE, mode=mode)
    schemas.update(schema.pop("$defs", {}))
    schemas[model.__name__] = schema
    return {"$ref": REFERENCE.format(model=model.__name__)}


@cache
def query_parameters(model: type[BaseModel]) -> list[Json]:
    """The fields of a model as query parameters; a mapping is given as ``NAME.key=value``."""
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    parameters = []
    for name, field in schema["properties"].items():
        field = without_null(field, definitions)
        parameter = {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": field.pop("description", ""),
            "schema": field,
        }
        if field.get("type") == "object":  # form style: its keys are the parameter names
            text = {"type": "string", "maxLength": MAX_TEXT}
            parameter["schema"] = {
                "type": "object",
                "additionalProperties": text,
                "propertyNames": {"pattern": rf"^{name}\.[^\x00-\x1f]+$"},
            }
            parameter |= {"style": "form", "explode": True}
        parameters.append(parameter)
    return parameters


def without_null(field: Json, definitions: Mapping[str, Json]) -> Json:
    """A field's schema without null and title: a query parameter is absent rather than null.

    What it refers to in ``definitions`` of its model is put in place of the reference.
    """
    kept = {key: value for key, value in field.items() if key not in ("anyOf", "title")}
    for choice in field.get("anyOf", ()):
        if choice.get("type") != "null":
            kept |= choice
    if reference := kept.pop("$ref", ""):
        kept = {**definitions[reference.rpartition("/")[2]], **kept}
        kept.pop("title", None)
    if kept.get("default", ...) is None:
        del kept["default"]
    return kept
