"""How the machines of a cluster are shared among workers that embed."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Share(NamedTuple):
    """The workers: how many, and the cores and GPUs that each of them has."""

    workers: int
    cores: int
    gpus: int


def share_of(nodes: Sequence[Mapping[str, Any]], gpus: bool, most: int) -> Share:
    """How the machines are shared among at most so many workers.

    With GPUs, each worker has one and its part of the cores of its machine; else a core each, which
    encodes more photos a second than many cores together. Cores and GPUs are counted in wholes.

    Args:
        nodes: the machines, as ``ray.nodes()`` lists them.
        gpus: whether GPUs are used where there are some.
        most: workers that there is something to do for.
    """
    alive = [node["Resources"] for node in nodes if node["Alive"]]
    with_gpu = [one for one in alive if one.get("GPU", 0) >= 1 and one.get("CPU", 0) >= 1]
    if gpus and with_gpu:
        cores = max(1, min(int(one["CPU"] // one["GPU"]) for one in with_gpu))
        count = sum(int(min(one["GPU"], one["CPU"] // cores)) for one in with_gpu)
        return Share(min(count, most), cores, 1)
    count = sum(int(one.get("CPU", 0)) for one in alive)
    return Share(max(1, min(count, most)), 1, 0)
