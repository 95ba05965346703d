"""The OpenAPI document, made from the code: each route says what it takes and answers.

`describes` marks a view with its models; `document` walks the app's routes and collects them. The
views stay plain Flask views, and the models are the ones that requests are really read with.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Literal, TypeVar

from apispec import APISpec
from flask import Flask
from pydantic import BaseModel

from web.api.schemas import Problem
from web.app.params import MAX_TEXT

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]
View = TypeVar("View", bound=Callable[..., Any])

MARK = "openapi_operation"
REFERENCE = "#/components/schemas/{model}"
JSON_TYPE = "application/json"
PROBLEM_TYPE = "application/problem+json"
ABOUT = (
    "Similar items by appearance. Errors are `application/problem+json` with a stable `code`; "
    "answers to GET carry an `ETag`, and are 304 as long as nothing changed that they depend on. "
    "A shop may ask for a key (401 without it) and limit how often an address asks (429, with "
    "`Retry-After`)."
)
KEYS: dict[str, Json] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
ALWAYS = (401, 429)  # any operation of a shop with a key, and with a limit


@dataclass(frozen=True, slots=True)
class Operation:
    """What one route takes and answers.

    ``body`` is a model of JSON, ``files`` names multipart fields that are files (name -> what it
    is). ``errors`` are the statuses of problems that it may answer with.
    """

    tag: str
    answer: type[BaseModel] | None
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    files: Mapping[str, str] | None = None
    errors: tuple[int, ...] = ()
    status: int = 200
    cached: bool = False  # answers with an ETag, and with 304 while it holds


def describes(operation: Operation) -> Callable[[View], View]:
    """Mark a view with what it takes and answers."""

    def mark(view: View) -> View:
        setattr(view, MARK, operation)
        return view

    return mark


def document(app: Flask, *, keyed: bool) -> Json:
    """The whole document of an app's marked routes, in the order in which they were added.

    With ``keyed``, every operation needs the key.
    """
    needed: Json = {"security": [{name: []} for name in KEYS]} if keyed else {}
    spec = APISpec(
        "Lookalike", version("lookalike"), "3.1.0", info={"description": ABOUT}, **needed
    )
    for name, scheme in KEYS.items():
        spec.components.security_scheme(name, scheme)
    schemas: dict[str, Json] = {}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        operation = getattr(view, MARK, None)
        if operation is None:
            continue
        path, parameters = path_of(rule.rule)
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            name = re.sub(r"\W+", "_", f"{method.lower()}{path}").rstrip("_")
            told = operation_json(operation, view, name, schemas)
            told["parameters"] = [*parameters, *told["parameters"]]
            spec.path(path, operations={method.lower(): told})
    for name, schema in sorted(schemas.items()):
        spec.components.schema(name, schema)
    return spec.to_dict()


def path_of(rule: str) -> tuple[str, list[Json]]:
    """A route's path with its variables in braces, and these as parameters."""
    names = re.findall(r"<(?:[^:<>]+:)?([^<>]+)>", rule)
    path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule)
    text = {"type": "string", "minLength": 1}
    return path, [{"name": name, "in": "path", "required": True, "schema": text} for name in names]


def operation_json(
    operation: Operation, view: Callable[..., Any], name: str, schemas: dict[str, Json]
) -> Json:
    """One operation; the models that it names are added to ``schemas``."""
    summary, _, description = (inspect.getdoc(view) or "").partition("\n")
    told: Json = {
        "tags": [operation.tag],
        "summary": summary,
        "operationId": name,
        "parameters": query_parameters(operation.query) if operation.query else [],
        "responses": responses(operation, schemas),
    }
    if description.strip():
        told["description"] = inspect.cleandoc(description)
    if operation.body:
        told["requestBody"] = {
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
        told["requestBody"] = {
            "required": True,
            "content": {"multipart/form-data": {"schema": schema}},
        }
    return told


def responses(operation: Operation, schemas: dict[str, Json]) -> Json:
    """What an operation may answer with, by status."""
    found: Json = {str(operation.status): {"description": HTTPStatus(operation.status).phrase}}
    if operation.answer:
        schema = reference(operation.answer, schemas, mode="serialization")
        found[str(operation.status)]["content"] = {JSON_TYPE: {"schema": schema}}
    if operation.cached:
        found["304"] = {"description": "Nothing changed since the answer with this `ETag`."}
    too_large = (413,) if operation.body or operation.files else ()
    for status in sorted({*operation.errors, *ALWAYS, *too_large}):
        found[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM_TYPE: {"schema": reference(Problem, schemas, "serialization")}},
        }
    return found


def reference(model: type[BaseModel], schemas: dict[str, Json], mode: Mode = "validation") -> Json:
    """Add a model, and those inside it, to ``schemas``; a reference to it."""
    schema = model.model_json_schema(ref_template=REFERENCE, mode=mode)
    schemas.update(schema.pop("$defs", {}))
    schemas[model.__name__] = schema
    return {"$ref": REFERENCE.format(model=model.__name__)}


@cache
def query_parameters(model: type[BaseModel]) -> list[Json]:
    """A model's fields as parameters of an address; one of a mapping takes NAME.key=value."""
    schema = model.model_json_schema()
    parameters = []
    for name, field in schema["properties"].items():
        field = plain(field)
        parameter = {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": field.pop("description", ""),
            "schema": field,
        }
        if field.get("type") == "object":  # form style: its keys are the names in the address
            text = {"type": "string", "maxLength": MAX_TEXT}
            parameter["schema"] = {
                "type": "object",
                "additionalProperties": text,
                "propertyNames": {"pattern": rf"^{name}\.[^\x00-\x1f]+$"},
            }
            parameter |= {"style": "form", "explode": True}
        parameters.append(parameter)
    return parameters


def plain(field: Json) -> Json:
    """A field's schema without null and title: what is not in the address is not asked."""
    kept = {key: value for key, value in field.items() if key not in ("anyOf", "title")}
    for choice in field.get("anyOf", ()):
        if choice.get("type") != "null":
            kept |= choice
    if kept.get("default", ...) is None:
        del kept["default"]
    return kept
