"""Two servers, each with a home of its own, on one PostgreSQL: they answer alike."""

import http.client
import re
from contextlib import ExitStack, closing

import pytest

from tests.databases import only_postgresql
from tests.losses.load import Client, served
from tests.losses.test_publishing import Publisher, check
from tests.waiting import LONG, wait_until

pytestmark = only_postgresql


def get(address, path, **headers):
    """Status, headers and body of an answer."""
    with closing(http.client.HTTPConnection(*address, timeout=LONG)) as connection:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()


@pytest.fixture(scope="module")
def two_servers(databases, tmp_path_factory):
    """What publishes, and the addresses of two servers, one of which began with an empty home."""
    folder = tmp_path_factory.mktemp("two")
    (shared := folder / "shared").mkdir()
    (folder / "empty").mkdir()
    address_of_database = databases.new(folder)
    publisher = Publisher(folder, address_of_database, shared_index=str(shared))
    publisher.generation()
    settings = {
        "LOOKALIKE_DATABASE_URL": address_of_database,
        "LOOKALIKE_SHARED_INDEX": str(shared),
    }
    with ExitStack() as stack:
        addresses = [
            stack.enter_context(served(folder / name, workers=1, settings=settings))
            for name in ("home", "empty")
        ]
        for address in addresses:
            wait_until(lambda at=address: get(at, "/healthz")[0] == 200, "it has no index")
        yield publisher, addresses
    publisher.db.close()
    databases.drop(address_of_database)


def test_two_servers_answer_alike_through_a_publish(two_servers, rounds):
    publisher, addresses = two_servers
    paths = [f"/api/v1/products/{one}/similar?k=3" for one in list(publisher.looks)[:6]]
    paths += ["/products/p03", "/healthz"]
    with ExitStack() as stack:
        clients = [
            stack.enter_context(Client(address, paths, seed))
            for seed, address in enumerate(addresses)
        ]

        def seen_by_all(name):
            return all(
                any(answer.body.get("generation") == name for answer in client.answers[-100:])
                for client in clients
            )

        wait_until(lambda: seen_by_all(next(iter(publisher.expected))), "no answer came")
        for number in range(rounds(2, 20)):
            name = publisher.generation() if number % 2 else publisher.delta()
            wait_until(lambda name=name: seen_by_all(name), f"{name} was never served by both")
    assert [failure for client in clients for failure in client.failures] == []
    alike, tags = {}, {}
    for client in clients:
        for answer in client.answers:
            check(answer, publisher.expected)
            if "results" in answer.body:
                shown = [(one["product_id"], one["score"]) for one in answer.body["results"]]
                state = (answer.path, answer.body["generation"])
                assert alike.setdefault(state, shown) == shown
                if answer.tag:  # none where something was published as it was made
                    assert tags.setdefault((answer.path, answer.tag), shown) == shown
    counted = [len(client.answers) for client in clients]
    print(f"answers of the two servers: {counted}; {len(publisher.expected)} states published")


def test_what_one_server_signed_is_valid_at_the_other(two_servers):
    publisher, (one, other) = two_servers
    folder = publisher.settings.home.parent
    passwords = {(folder / name / "report-token").read_text() for name in ("home", "empty")}
    assert len(passwords) == 1
    _, headers, page = get(one, "/products/p03")
    cookie = headers["Set-Cookie"].partition(";")[0]
    token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', page)[1].decode()
    with closing(http.client.HTTPConnection(*other, timeout=LONG)) as connection:
        body = f"csrf_token={token}&add=p03"
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
        connection.request("POST", "/wishlist", body, kind)
        saved = connection.getresponse()
        saved.read()
    assert saved.status in (200, 302, 303)
    cookie = saved.headers["Set-Cookie"].partition(";")[0]
    assert b"/products/p03" in get(one, "/wishlist", Cookie=cookie)[2]
