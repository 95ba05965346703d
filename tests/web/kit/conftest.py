"""A shop of ours, a page of another origin, and what visits it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.web.kit.elsewhere import elsewhere
from tests.web.live import serving, visiting
from tests.web.logged import logging_app

SOURCES = Path(__file__).parents[3] / "web/kit"


@pytest.fixture
def other():
    with elsewhere() as shop:
        yield shop


@pytest.fixture
def ours(own_home, other):
    """Our shop, which pages of the other origin may ask; its log is its own."""
    with logging_app(own_home, origins=other.origin) as app:
        yield app


@pytest.fixture
def api(ours):
    with serving(ours) as address:
        yield address


@pytest.fixture
def visit(browser, api):
    """Open a page of the other origin, see `visiting`."""
    with visiting(browser) as visit:
        yield visit


@pytest.fixture(scope="session")
def workshop(tmp_path_factory):
    """The sources with npm's packages."""
    folder = tmp_path_factory.mktemp("web") / "kit"
    kept = shutil.ignore_patterns("node_modules", "__pycache__", "*.py")
    shutil.copytree(SOURCES.parent / "words", folder.parent / "words", ignore=kept)
    shutil.copytree(SOURCES, folder, ignore=kept, dirs_exist_ok=True)
    done = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"npm's registry cannot be reached: {done.stderr[-200:]}")
    return folder
