"""TOML files that people write for the engine."""

import tomllib
from pathlib import Path
from typing import Any

from engine.errors import SettingsError

MAX_BYTES = 1_000_000


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
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise SettingsError(f"{path} has over {MAX_BYTES / 1e6:.0f} MB; is it {what}?")
        return tomllib.loads(content.decode())
    except OSError as error:
        raise SettingsError(f"Cannot read {what} {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        name = what[0].upper() + what[1:]
        raise SettingsError(f"{name} {path} is not valid TOML: {error}.") from error
    except RecursionError as error:
        raise SettingsError(f"{path} is nested too deeply to be {what}.") from error
