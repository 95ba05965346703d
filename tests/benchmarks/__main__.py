"""All comparisons in one go and one table: `python -m tests.benchmarks [HOME] [--large]`.

Each runs in a process of its own, one after the other; sizes are such that all of them take some
minutes on two quiet cores, and ``--large`` takes those that the project's goals speak of.
``--only NAME`` chooses comparisons. Each module of this folder is run by itself, too, with more
numbers and options: ``python -m tests.benchmarks.NAME --help``.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from engine.settings import EngineSettings
from tests.benchmarks._table import LARGE, SMALL, TINY, Case, Row, table

NAMES = ("encode", "index", "mining", "step", "recommend", "web_load")
MARK = "row: "  # starts the lines that are no messages


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; the exit status is 1 if a comparison failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("home", nargs="?", type=Path, default=EngineSettings().resolved_home)
    parser.add_argument("--large", action="store_const", const=LARGE, dest="size", default=SMALL)
    parser.add_argument("--tiny", action="store_const", const=TINY, dest="size")
    parser.add_argument("--only", action="append", choices=NAMES)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rows", choices=NAMES, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    case = Case(args.size, args.home, args.threads)
    if args.rows:
        for row in import_module(f"tests.benchmarks.{args.rows}").compared(case):
            print(MARK + json.dumps(row), flush=True)
        return 0
    begun, load = time.monotonic(), os.getloadavg()[0]
    rows: list[Row] = []
    failed = []
    for name in args.only or NAMES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            rows += measured(name, case)
        except subprocess.CalledProcessError:
            failed.append(name)
    print(f"{case.threads} threads, size {case.size}, load {load:.1f} at the start;", end=" ")
    print(f"{time.monotonic() - begun:.0f} s. Ratios above 1: ours is the better number.\n")
    print("\n".join(table(rows)))
    if failed:
        print(f"\nFailed, see above: {', '.join(failed)}.")
    return int(bool(failed))


def measured(name: str, case: Case) -> Iterator[Row]:
    """The rows of one comparison, from a process of its own.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    command = [sys.executable, "-m", "tests.benchmarks", str(case.home.absolute())]
    command += ["--rows", name, "--threads", str(case.threads)]
    if case.size != SMALL:
        command.append(f"--{case.size}")
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    for line in done.stdout.splitlines():
        if line.startswith(MARK):
            yield Row(*json.loads(line.removeprefix(MARK)))


if __name__ == "__main__":
    sys.exit(main())
