"""Processes that fork from a server have the environment of the test that starts them."""

import os
from collections.abc import Callable, Mapping


def in_environment(values: Mapping[str, str], run: Callable[..., None], *given: object) -> None:
    """Runs a function with these variables only: the server may be older than those of the test."""
    os.environ.clear()
    os.environ.update(values)
    run(*given)
