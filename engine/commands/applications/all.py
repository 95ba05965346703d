"""`COMMANDS`, those of the applications."""

import click

from engine.commands.applications.same import same_command

COMMANDS: list[click.Command] = [same_command]
