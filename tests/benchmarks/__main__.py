"""Run every benchmark, one process each: `python -m tests.benchmarks [NAME...]`."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The benchmarks, by module name."""
    return sorted(path.stem for path in FOLDER.glob("[!_]*.py"))


def main(chosen: list[str]) -> int:
    """Run the chosen benchmarks, or all; the exit status is that of the worst."""
    worst = 0
    for name in chosen or names():
        print(f"\n== {name}", flush=True)
        worst = max(
            worst, subprocess.run([sys.executable, "-m", f"{__package__}.{name}"]).returncode
        )
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
