"""Says at the end how many inputs of each kind were tried, also by tests that ran in parallel."""

import pytest

from tests.fuzz.guard import counted, refused

KEY = "fuzzed"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hands the counts of a worker to the process that started it."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[KEY] = [dict(counted), dict(refused)]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Adds the counts of a worker that has ended."""
    for counts, more in zip(
        (counted, refused), getattr(node, "workeroutput", {}).get(KEY, ()), strict=False
    ):
        counts.update(more)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the counts."""
    if counted:
        listed = ", ".join(
            f"{count:,} {kind} ({refused[kind]:,} refused)"
            for kind, count in sorted(counted.items())
        )
        terminalreporter.write_line(f"Fuzzed: {sum(counted.values()):,} inputs: {listed}")
