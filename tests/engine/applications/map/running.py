"""Runs `lookalike map`."""

from click.testing import CliRunner, Result

from engine.commands.applications.map import map_command


def command(shop, *arguments: str) -> Result:
    """What the command says for a shop of the tests."""
    env = {"LOOKALIKE_HOME": str(shop.settings.home)}
    return CliRunner().invoke(map_command, arguments, env=env, catch_exceptions=False)
