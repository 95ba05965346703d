"""Workers of a cluster: how many, and what each of them has."""

import pytest

from engine.embedding.embedders.shares import share_of


def node(cpu: float, gpu: float = 0, alive: bool = True) -> dict:
    resources = {"CPU": cpu} | ({"GPU": gpu} if gpu else {})
    return {"Alive": alive, "Resources": resources}


@pytest.mark.parametrize(
    ("nodes", "most", "expected"),
    [
        ([node(2)], 99, (2, 1, 0)),
        ([node(16), node(8), node(64, alive=False)], 99, (24, 1, 0)),
        ([node(16)], 3, (3, 1, 0)),
        ([node(0)], 3, (1, 1, 0)),  # Ray waits for a machine that has a core
        ([node(16, 1)], 99, (1, 16, 1)),
        ([node(96, 8), node(16, 1), node(64)], 99, (9, 12, 1)),
        ([node(2, 4)], 99, (2, 1, 1)),
    ],
)
def test_workers_have_a_gpu_each_or_a_core_each(nodes, most, expected):
    assert tuple(share_of(nodes, True, most)) == expected


def test_gpus_can_be_left_alone():
    assert tuple(share_of([node(8, 1)], False, 99)) == (8, 1, 0)
