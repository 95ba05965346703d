"""The styles of a home: where they are stored."""

from pathlib import Path

from engine.applications.styles.styles import FILE
from engine.settings import EngineSettings


def styles_file(settings: EngineSettings) -> Path:
    """Where `lookalike clusters` stores the styles of a home."""
    return settings.resolved_home / FILE
