"""Semi-hard mining with loss and gradient, beside pytorch-metric-learning.

``python -m tests.benchmarks.mining [--threads 1] [--repeats 9]`` measures each batch size in a
process of its own: median time of a whole step (mine, loss, gradient; 128 dimensions, float32,
CPU) and how far the process's peak of resident memory rises above what it held before. It exits
with 1 if at batch 1,024 we are not 20 times as fast in a tenth of the memory, or if we take more
than 1 GB at 8,192. More threads than idle cores slow small steps down many times, theirs and ours.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from tests.benchmarks._table import LARGE, SMALL, TINY, Case, Row

DIM, MARGIN = 128, 0.2
PHOTOS_PER_LABEL = (4, 32)
BOTH, OURS_ALONE = (256, 512, 1024), (4096, 8192)


def our_step() -> Callable[..., object]:
    from engine.training.losses.miners import SemiHardMiner
    from engine.training.losses.triplet import triplet_loss

    miner = SemiHardMiner()
    return lambda rows, labels: triplet_loss(rows, miner.chunks(rows, labels), margin=MARGIN).value


def their_step() -> Callable[..., object]:
    from pytorch_metric_learning.distances import LpDistance
    from pytorch_metric_learning.losses import TripletMarginLoss
    from pytorch_metric_learning.miners import TripletMarginMiner

    squared = LpDistance(p=2, power=2, normalize_embeddings=False)
    miner = TripletMarginMiner(margin=MARGIN, type_of_triplets="semihard", distance=squared)
    loss = TripletMarginLoss(margin=MARGIN, distance=squared)
    return lambda rows, labels: loss(rows, labels, miner(rows, labels))


STEPS = {"ours": our_step, "theirs": their_step}


def measure(who: str, batch: int, per_label: int, threads: int, repeats: int) -> dict[str, float]:
    """Run in a fresh process: seconds a step (median) and extra bytes at the peak."""
    import psutil
    import torch
    from torch.nn.functional import normalize

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    step = STEPS[who]()

    def data(size: int) -> tuple[torch.Tensor, torch.Tensor]:
        labels = torch.arange(size) // per_label
        centres = torch.randn(int(labels.max()) + 1, DIM)
        rows = normalize(centres[labels] + 1.5 * torch.randn(size, DIM), dim=1)
        return rows.requires_grad_(), labels

    def timed(rows: torch.Tensor, labels: torch.Tensor) -> float:
        rows.grad, start = None, time.perf_counter()
        step(rows, labels).backward()
        return time.perf_counter() - start

    small, given = data(2 * per_label), data(batch)
    timed(*small)  # libraries that load on first use are not this step's memory
    before = psutil.Process().memory_info().rss
    timed(*given)
    seconds = statistics.median(timed(*given) for _ in range(repeats))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds, "bytes": max(0, peak - before)}


def compared(case: Case) -> Iterator[Row]:
    """Ours beside pytorch-metric-learning, one thread each, for `make bench`."""
    for batch in {TINY: (64,), SMALL: (256, 512), LARGE: (256, 512, 1024)}[case.size]:
        both = [in_own_process(who, batch, 4, 1, case.of(1, 5, 9)) for who in STEPS]
        what = f"mine, loss and gradient of {batch:,} rows"
        seconds, sizes = ([one[key] for one in both] for key in ("seconds", "bytes"))
        for unit, each, values in (("ms", 1e3, seconds), ("MB", 1e-6, sizes)):
            mine, peer = (each * value for value in values)
            yield Row(f"{what}, {unit}", mine, "pytorch-metric-learning", peer, False)


def in_own_process(who: str, batch: int, per_label: int, threads: int, most: int) -> dict:
    repeats = most if batch <= 1024 else min(3, most)
    spec = json.dumps([who, batch, per_label, threads, repeats])
    command = [sys.executable, "-m", "tests.benchmarks.mining", "--measure", spec]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def cells(result: dict | None) -> str:
    if result is None:
        return f"{'':>10} {'':>10}"
    return f"{result['seconds'] * 1e3:>7.0f} ms {result['bytes'] / 1e6:>7.0f} MB"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(*json.loads(args.measure))))
        return 0
    print(f"{args.threads} threads, median of {args.repeats} (3 above 1,024); extra peak memory")
    print(f"{'batch':>6} {'labels x photos':>16} {'ours':>21} {'metric-learning':>21}  ratio")
    holds = True
    for per_label in PHOTOS_PER_LABEL:
        for batch in BOTH + OURS_ALONE:
            given = (batch, per_label, args.threads, args.repeats)
            ours = in_own_process("ours", *given)
            theirs = in_own_process("theirs", *given) if batch in BOTH else None
            ratio = ""
            if theirs:
                faster = theirs["seconds"] / ours["seconds"]
                leaner = theirs["bytes"] / max(1, ours["bytes"])
                ratio = f"{faster:.0f}x faster, {leaner:.0f}x leaner"
                holds &= batch != 1024 or (faster >= 20 and leaner >= 10)
            holds &= ours["bytes"] < 1e9
            shape = f"{batch // per_label} x {per_label}"
            print(
                f"{batch:>6} {shape:>16} {cells(ours):>21} {cells(theirs):>21}  {ratio}", flush=True
            )
    print("As promised." if holds else "NOT as promised.")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
