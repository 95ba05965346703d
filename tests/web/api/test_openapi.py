"""The OpenAPI document: generated from the routes, and true to them under random requests."""

import json
import os
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web.page_text import text_of
from web.app.context import shop

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
STEADY = settings(
    max_examples=int(os.environ.get("API_EXAMPLES", "10")),  # of each operation, in each mode
    derandomize="API_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),  # a document's shapes are slow to draw
)


def test_every_route_of_the_api_is_in_the_document(app, client):
    document = client.get("/api/v1/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    inside = {(path, method) for path, item in document["paths"].items() for method in item}
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1") and not rule.endpoint.startswith("reference.")
        for method in rule.methods & {"GET", "POST"}
    }
    assert inside == routes


def test_every_operation_describes_its_input_and_output(client):
    document = client.get("/api/v1/openapi.json").get_json()
    names = []
    for item in document["paths"].values():
        for operation in item.values():
            names.append(operation["operationId"])
            assert operation["summary"] and operation["tags"]
            for status, response in operation["responses"].items():
                kind = "application/problem+json" if int(status) >= 400 else "application/json"
                assert status == "304" or list(response["content"]) == [kind]
    assert len(names) == len(set(names))


def test_all_references_are_found(client):
    document = client.get("/api/v1/openapi.json").get_json()
    references = set(re.findall(r'"\$ref": "(.*?)"', json.dumps(document)))
    assert references
    for reference in references:
        found = document
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]


def test_the_document_is_shown_by_a_page_that_needs_no_other_host(client):
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    for address in re.findall(r'(?:src|href)="([^"]+)"', text_of(page)):
        assert address.startswith("/")
        assert client.get(address, buffered=True).status_code == 200
    assert client.get("/api/v1/docs/index.css").status_code == 404


@pytest.mark.parametrize("mode", GenerationMode)
def test_no_request_breaks_the_server_or_is_answered_otherwise_than_documented(app, mode):
    with app.app_context():
        shop().recognition.prepare()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", uncompressed(app))
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 11
    for operation in operations:
        if mode is GenerationMode.NEGATIVE and not (operation.query or operation.body):
            continue  # an id can be anything: no request is invalid
        check_all(operation.as_strategy(generation_mode=mode))


def uncompressed(app):
    """The app, for a client that says it accepts gzip and does not unpack it."""
    return lambda environ, start: app({**environ, "HTTP_ACCEPT_ENCODING": "identity"}, start)


def check_all(cases):
    """Send what a strategy draws, and compare the responses with the document."""

    @STEADY
    @given(case=cases)
    def check(case):
        case.call_and_validate(checks=CHECKS)

    check()
