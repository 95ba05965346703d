"""The storefront's settings: the only file of this package that reads the environment."""

import os
from pathlib import Path
from typing import Literal, Self

from limits import parse_many
from pydantic import Field, SecretStr, field_validator

from catalog.settings import HomeSettings
from web.app.limits.rate_storage import check_address
from web.app.origins import parse_origins
from web.app.secrets import kept_secret

SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"  # the variable that Prometheus's client reads


class WebSettings(HomeSettings):
    """How the storefront is served; every field is ``LOOKALIKE_<NAME>``."""

    host: str = Field(default="127.0.0.1", description="address that `lookalike serve` listens on")
    port: int = Field(
        default=8000, ge=0, le=65535, description="port that `lookalike serve` listens on"
    )
    web_workers: int = Field(default=2, ge=1, le=64, description="server processes")
    web_threads: int = Field(
        default=4, ge=1, le=64, description="requests that one process serves at once"
    )
    address_connections: int = Field(
        default=64,
        ge=4,
        description="connections that one address may hold open to one process; no limit behind "
        "proxies",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="signs wishlist cookies, 16 characters or more; default: generated once and "
        "stored in the home, or in the catalogue's PostgreSQL for all web servers",
    )
    upload_mb: float = Field(default=12, gt=0, description="largest photo of a photo search, in MB")
    upload_megapixels: float = Field(
        default=50, gt=0, description="largest photo of a photo search, in megapixels"
    )
    photo_searches: int = Field(
        default=2, ge=1, description="photo searches that one process runs at once"
    )
    warm_encoder: bool = Field(
        default=False,
        description="load what photo searches need in the background when a server process starts, "
        "not at its first photo search",
    )
    costly_answers: int = Field(
        default=1,
        ge=1,
        description="expensive answers that one process computes at once, such as those to "
        "twenty seeds or filter values",
    )
    decode_seconds: float = Field(
        default=10, gt=0, description="seconds after which the decoding of such a photo is stopped"
    )
    secure_cookies: bool = Field(
        default=False,
        description="send cookies over HTTPS only, and tell browsers to use HTTPS (HSTS)",
    )
    proxies: int = Field(default=0, ge=0, description="number of trusted reverse proxies in front")
    api_key: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="key that programs must send to use /api/v1, of 16 characters of ASCII or "
        "more; without it, the API is open",
    )
    public_key: str | None = Field(
        default=None,
        min_length=8,
        max_length=100,
        pattern=r"^[A-Za-z0-9._~-]+$",
        description="key that pages send instead, as `key`, of 8 to 100 characters; everybody can "
        "read it, and it opens the routes of the panel and of events only",
    )
    origins: str | None = Field(
        default=None,
        description="origins whose pages may call the API and frame our pages, such as "
        "https://shop.example, separated by spaces",
    )
    proxy_prefix: bool = Field(
        default=False,
        description="believe the header X-Forwarded-Prefix of the trusted proxies, which must set "
        "it or remove it",
    )
    shared_seconds: int = Field(
        default=0,
        ge=0,
        le=3600,
        description="seconds that shared caches, such as a CDN, may keep similar items that were "
        "asked for without a visitor; 0: none keeps them",
    )
    rate_limit: str | None = Field(
        default=None,
        description="requests that one address may make, such as 120/minute; several limits "
        "separated by ;, counted by each process unless LOOKALIKE_RATE_STORAGE is set",
    )
    photo_rate_limit: str | None = Field(
        default=None,
        description="the same for photo searches, which count in both",
    )
    event_rate_limit: str | None = Field(
        default="3000/minute",
        description="events that one address may send without the API key; off: no limit",
    )
    rate_storage: SecretStr | None = Field(
        default=None,
        description="server that counts requests for all processes and web servers, such as "
        "redis://HOST:6379/0 or memcached://HOST:11211; without it, each process counts by itself",
    )
    show_match: bool = Field(
        default=False,
        description="show shoppers the match of each similar item in per cent; staff, who may open "
        "/report, see it anyway",
    )
    shopify_secret: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="secret of 16 characters or more that signs Shopify's webhooks; without it, "
        "webhooks are refused",
    )
    event_days: float = Field(
        default=90,
        ge=0,
        le=3650,
        allow_inf_nan=False,
        description="days that answers and events are kept; 0: the event log is off",
    )
    event_queue: int = Field(
        default=10_000,
        ge=1,
        description="answers and events that may wait to be written, in one process",
    )
    experiment: Path | None = Field(
        default=None, description="TOML file of the running A/B experiment"
    )
    other_homes: str = Field(
        default="",
        description="other homes with an index of the same catalogue, to compare with on the desk, "
        "separated by commas",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="password of 16 characters or more with which Prometheus reads /metrics, as a "
        "bearer token; without it, /metrics is off",
    )
    log_format: Literal["text", "json"] = Field(
        default="text",
        description="json: log lines as JSON objects, with one for each request and its id",
    )
    report_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="password that opens /report and /desk, 16 characters or more; default: "
        "generated once and stored as the secret key is, with a copy in the home",
    )

    @field_validator("api_key")
    @classmethod
    def _can_be_sent(cls, key: SecretStr | None) -> SecretStr | None:
        text = "" if key is None else key.get_secret_value()
        if not (text.isascii() and text.isprintable()) or text != text.strip():
            raise ValueError(
                "a header cannot carry this key, so no request would match; use letters, digits "
                "and signs of ASCII, without spaces at the ends"
            )
        return key

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, text: str | None) -> str | None:
        return " ".join(parse_origins(text)) if text and text.strip() else None

    @field_validator("event_rate_limit", mode="before")
    @classmethod
    def _may_be_off(cls, text: object) -> object:
        return None if text == "off" else text

    @field_validator("rate_limit", "photo_rate_limit", "event_rate_limit")
    @classmethod
    def _is_rate(cls, text: str | None) -> str | None:
        try:
            limits = parse_many(text) if text is not None else []
        except ValueError as error:
            raise ValueError(
                "write a number and a time, such as 120/minute; several with ; between them"
            ) from error
        if any(item.amount < 1 for item in limits):
            raise ValueError("a limit of 0 refuses every request; unset it for no limit")
        return text

    @field_validator("rate_storage")
    @classmethod
    def _counts_rates(cls, address: SecretStr | None) -> SecretStr | None:
        if address is not None:
            check_address(address.get_secret_value())
        return address

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins whose pages may call the API, in lower case."""
        return tuple(self.origins.split()) if self.origins else ()

    @property
    def compared_homes(self) -> dict[str, Path]:
        """The other homes that may be compared: name of the folder -> folder."""
        paths = [Path(part.strip()) for part in self.other_homes.split(",") if part.strip()]
        return {path.name: path for path in paths}

    @property
    def thumbs_dir(self) -> Path:
        """The folder of cached thumbnails."""
        return self.resolved_home / "thumbs"

    @property
    def upload_bytes(self) -> int:
        """The largest upload in bytes."""
        return int(self.upload_mb * 1_000_000)

    @property
    def report_token_file(self) -> Path:
        """Where the password of the report is stored, unless it is set."""
        return self.resolved_home / "report-token"

    def signing_key(self) -> str:
        """The secret that signs cookies: the one set, or one generated once and stored.

        Raises:
            SettingsError: the key file cannot be read or written.
            catalog.errors.DatabaseError: as `kept_secret`.
        """
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        return kept_secret(self.home, "secret-key", "LOOKALIKE_SECRET_KEY")

    def report_password(self) -> SecretStr:
        """The password of the report: the one set, or one generated once and stored.

        Raises:
            SettingsError: its file cannot be read or written.
            catalog.errors.DatabaseError: as `kept_secret`.
        """
        if self.report_token is not None:
            return self.report_token
        return SecretStr(
            kept_secret(self.home, self.report_token_file.name, "LOOKALIKE_REPORT_TOKEN")
        )

    def with_secrets(self) -> Self:
        """The same settings with the secrets in them, so that no process looks for them again.

        Raises:
            SettingsError, catalog.errors.DatabaseError: as `signing_key`.
        """
        key = SecretStr(self.signing_key())
        return self.model_copy(update={"secret_key": key, "report_token": self.report_password()})


def metrics_folder() -> Path | None:
    """The folder in which several processes share their numbers for Prometheus, if there is one."""
    folder = os.environ.get(SHARED_METRICS)
    return Path(folder) if folder else None


def share_metrics(folder: Path) -> None:
    """Let this process and those that it starts share their numbers in a folder.

    Call it before `prometheus_client` is imported, which reads that when it is.
    """
    os.environ[SHARED_METRICS] = str(folder)
