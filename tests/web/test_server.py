"""A worker of the server is set up before it answers."""

import gc

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from web import server
from web.app.settings import WebSettings


@pytest.fixture
def undone():
    with threadpool_limits(2, user_api="blas"):
        yield
    gc.unfreeze()


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_a_worker_computes_on_one_core_and_is_not_searched_for_garbage(undone, tmp_path):
    assert np.ones(2) @ np.ones(2) == 2 and blas_threads() == {2}
    server.options(WebSettings(home=tmp_path))["post_worker_init"](None)
    assert blas_threads() == {1} and gc.get_freeze_count() > 10_000
