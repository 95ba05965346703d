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
        description="a feed from an address, standard input, gzip or zip with more bytes is "
        "refused",
    )
    sync_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="a sync that would retire a larger share of a source's products, and more than "
        "10, retires none: the feed may be cut off; 1: it always does",
    )
    feed_seconds: float = Field(
        default=1800, gt=0, description="most seconds that the download of a feed may take"
    )
    fetch_hosts: str = Field(
        default="",
        description="own hosts that may be asked though they are not public: names, name:port, "
        "addresses or networks such as 10.1.0.0/16, with commas between",
    )
    fetch_workers: int = Field(
        default=16, ge=1, le=256, description="photos that are fetched at once"
    )
    fetch_per_host: int = Field(
        default=6, ge=1, description="photos that are fetched from one host at once"
    )
    fetch_seconds: float = Field(
        default=30, gt=0, description="most seconds that one photo may take, redirects included"
    )
    fetch_age: float = Field(
        default=7, gt=0, description="days after which a fetched photo is asked for again"
    )
    hook_days: float = Field(
        default=30,
        ge=3,
        le=3650,
        description="days that webhooks which were applied are remembered, so that none counts "
        "twice",
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
