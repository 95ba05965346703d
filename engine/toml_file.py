"""TOML files that people write for the engine."""

import tomllib
from pathlib import Path
from typing import Any

from engine.errors import SettingsError


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """The tables of a TOML file.

    Args:
        path: the file.
        what: how messages name it, such as "the label rules".

    Raises:
        SettingsError: it cannot be read, or is not TOML.
    """
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise SettingsError(f"Cannot read {what} {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        name = what[0].upper() + what[1:]
        raise SettingsError(f"{name} {path} is not valid TOML: {error}.") from error
    except RecursionError as error:
        raise SettingsError(f"{path} is nested too deeply to be {what}.") from error
