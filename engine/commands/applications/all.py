"""`COMMANDS`, those of the applications."""

import click

from engine.commands.applications.clusters import clusters_command
from engine.commands.applications.same import same_command

COMMANDS: list[click.Command] = [same_command, clusters_command]
