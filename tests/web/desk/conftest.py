"""Staff of the desk."""

import re

import pytest

from tests.web.logged import STAFF
from tests.web.styles.found import store_styles
from web.app.context import EXTENSION


@pytest.fixture
def styles(own_home):
    """Six styles, stored in the home."""
    return store_styles(own_home)


@pytest.fixture
def staff(logged):
    """A client with the password, and with the token of its forms."""
    client = logged.test_client()
    page = client.get("/desk/settings", headers=STAFF).get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]

    class Staff:
        shop = logged.extensions[EXTENSION]

        def get(self, path):
            return client.get(path, headers=STAFF)

        def post(self, path, **fields):
            data = {"csrf_token": token, **fields}
            return client.post(path, data=data, headers=STAFF, follow_redirects=True)

        def visit(self, path):
            return client.get(path)

    return Staff()
