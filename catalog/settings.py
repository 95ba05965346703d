"""The catalogue's settings: the only file of this package that reads the environment."""

from functools import cached_property
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class CatalogSettings(BaseSettings):
    """Where the catalogue lives and what it accepts; every field is ``LOOKALIKE_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="LOOKALIKE_", frozen=True)

    home: Path = Field(
        default=Path("var"), description="folder for everything that the program writes"
    )
    database_url: str | None = Field(
        default=None,
        description="SQLAlchemy address of the catalogue; default: catalog.db under the home",
    )
    max_photo_pixels: int = Field(
        default=64_000_000, gt=0, description="a photo with more pixels is rejected unread"
    )
    max_photo_bytes: int = Field(
        default=40_000_000, gt=0, description="a photo file with more bytes is rejected unread"
    )
    photo_names: str = Field(
        default="auto",
        min_length=1,
        description="which photos of a plain folder are one product: auto, by their names; photo "
        "or folder, each is one; or a regular expression with the product's id in brackets",
    )
    max_feed_bytes: int = Field(
        default=8_000_000_000,
        gt=0,
        description="a feed from standard input, gzip or zip with more bytes is refused",
    )
    words: Path | None = Field(
        default=None,
        description="TOML file of colour and category words that mean the same, beside our own",
    )

    @cached_property
    def resolved_home(self) -> Path:
        """The home as an absolute path."""
        return self.home.expanduser().resolve()

    @property
    def url(self) -> str:
        """The SQLAlchemy address that is really used."""
        return self.database_url or f"sqlite:///{self.resolved_home / 'catalog.db'}"
