"""The catalogue's settings: the only file of this package that reads the environment."""

import os
from functools import cached_property
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from catalog.shared_files import check_address


class HomeSettings(BaseSettings):
    """The home folder, which the settings of every package share."""

    model_config = SettingsConfigDict(env_prefix="LOOKALIKE_", frozen=True)

    home: Path = Field(
        default=Path("var"), description="folder for everything that the program writes"
    )

    @cached_property
    def resolved_home(self) -> Path:
        """The home as an absolute path."""
        return self.home.expanduser().resolve()


class CatalogSettings(HomeSettings):
    """Where the catalogue lives and what it accepts; every field is ``LOOKALIKE_<NAME>``."""

    database_url: str | None = Field(
        default=None,
        description="SQLAlchemy address of the catalogue; default: catalog.db under the home",
    )
    max_photo_pixels: int = Field(
        default=64_000_000,
        gt=0,
        description="a photo with more pixels is rejected before it is decoded",
    )
    max_photo_bytes: int = Field(
        default=40_000_000,
        gt=0,
        description="a photo file with more bytes is rejected before it is read",
    )
    photos: str | None = Field(
        default=None,
        description="folder or s3://BUCKET/FOLDER where photos are kept for several web servers; a "
        "home that lacks one copies it from there",
    )
    photo_copies_mb: int = Field(
        default=1000, ge=10, description="most of such copies in a home, in MB"
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
        description="a feed from an address, standard input, gzip, zip or Parquet with more bytes "
        "is refused",
    )
    sync_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="a sync that would retire more than this share of a source's products, and "
        "more than 10, retires none, as the feed may be cut off; 1: no such check",
    )
    feed_seconds: float = Field(
        default=1800, gt=0, description="seconds within which a feed must be downloaded"
    )
    fetch_hosts: str = Field(
        default="",
        description="own hosts that may be requested though they are not public: names, "
        "name:port, addresses or networks such as 10.1.0.0/16, separated by commas",
    )
    fetch_workers: int = Field(
        default=16, ge=1, le=256, description="photos downloaded at the same time"
    )
    fetch_per_host: int = Field(
        default=6, ge=1, description="photos downloaded from one host at the same time"
    )
    fetch_seconds: float = Field(
        default=30,
        gt=0,
        description="seconds within which a photo must be downloaded, with redirects",
    )
    fetch_age: float = Field(
        default=7, gt=0, description="days after which a downloaded photo is checked for changes"
    )
    hook_days: float = Field(
        default=30,
        ge=3,
        le=3650,
        description="days for which applied webhooks are remembered, so that none is applied twice",
    )
    words: Path | None = Field(
        default=None,
        description="TOML file of synonyms of colours, categories and words of searches, beside "
        "the built-in ones",
    )

    @field_validator("photos")
    @classmethod
    def _can_be_shared(cls, address: str | None) -> str | None:
        return None if address is None else check_address(address)


def environment_with(**values: str) -> dict[str, str]:
    """This process's environment with some variables changed, for a process that it starts."""
    return {**os.environ, **values}
