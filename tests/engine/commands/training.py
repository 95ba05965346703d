"""Runs of `lookalike train` that are small enough for tests."""

from click.testing import CliRunner, Result

from engine.commands.train import train_command

SMALL = ["--steps", "2", "--batch-labels", "4", "--batch-photos", "2", "--threads", "1"]


def run(*args: object) -> Result:
    return CliRunner().invoke(train_command, [str(arg) for arg in args], catch_exceptions=False)
