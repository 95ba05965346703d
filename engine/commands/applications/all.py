"""`COMMANDS`, those of the applications."""

import click

from engine.commands.applications.clusters import clusters_command
from engine.commands.applications.duplicates import duplicates_command
from engine.commands.applications.fill import ingest_with_fill
from engine.commands.applications.gaps import gaps_command
from engine.commands.applications.map import map_command
from engine.commands.applications.recognise import recognise_command
from engine.commands.applications.report import report_with_styles
from engine.commands.applications.same import same_command
from engine.commands.applications.search import search_command

COMMANDS: list[click.Command] = [
    same_command,
    duplicates_command,
    recognise_command,
    ingest_with_fill,  # in the place of the catalogue's own
    report_with_styles,  # likewise
    search_command,
    clusters_command,
    gaps_command,
    map_command,
]
