"""Settings of the shop that its staff change on a page: name, currency, locale and others."""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

from babel import Locale, UnknownLocaleError
from babel.numbers import is_currency
from sqlalchemy import delete, insert, select

from catalog.database.database import Database
from catalog.database.desk_models import ShopSettingRow
from catalog.errors import ShopSettingError
from catalog.text import one_line

MAX_NAME = 60  # characters
FRESH = 5.0  # seconds until a change by another process is seen
FACET = re.compile(r"[a-z][a-z0-9_]{0,30}")
MAX_SLIDERS = 12


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """The settings; the defaults are those of a shop that changed none.

    Attributes:
        name: of the shop, on its pages.
        currency: of products that name none, as ISO 4217; empty: none is shown.
        locale: of numbers, prices and dates, such as ``de_DE``; empty: as in "€1,234.50".
        show_match: whether shoppers see the match of similar items in per cent.
        sliders: the facets and "variety" that shoppers may weigh, in order; empty: all.
        no_sliders: whether they may weigh nothing.

    Raises:
        ShopSettingError: a value is not valid; ``field`` names it.
    """

    name: str = "Lookalike"
    currency: str = ""
    locale: str = ""
    show_match: bool = False
    sliders: tuple[str, ...] = ()
    no_sliders: bool = False

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Self:
        """The settings from texts, as of a form: unknown names are ignored."""
        name = one_line(values.get("name", "")) or "Lookalike"
        if len(name) > MAX_NAME:
            raise ShopSettingError("name", f"The name has over {MAX_NAME} characters. Shorten it.")
        currency = values.get("currency", "").strip().upper()
        if currency and not is_currency(currency, "en"):
            raise ShopSettingError(
                "currency", f"{currency[:20]!r} is no currency. Write three letters, such as EUR."
            )
        sliders = tuple(dict.fromkeys(values.get("sliders", "").replace(",", " ").split()))
        if len(sliders) > MAX_SLIDERS or not all(FACET.fullmatch(one) for one in sliders):
            raise ShopSettingError("sliders", "Sliders are names of facets, such as colour.")
        return cls(
            name,
            currency,
            _locale(values.get("locale", "").strip()),
            values.get("show_match") in ("true", "on", "1", "True"),
            sliders,
            values.get("no_sliders") in ("true", "on", "1", "True"),
        )

    def as_texts(self) -> dict[str, str]:
        """The same as texts: ``ShopSettings.of(settings.as_texts()) == settings``."""
        return asdict(self) | {
            "show_match": str(self.show_match).lower(),
            "sliders": " ".join(self.sliders),
            "no_sliders": str(self.no_sliders).lower(),
        }

    def shows(self, slider: str) -> bool:
        """Whether shoppers have a slider of this name."""
        return not self.no_sliders and (not self.sliders or slider in self.sliders)


NAMES = tuple(one.name for one in fields(ShopSettings))


class ShopSettingsBook:
    """The settings in the catalogue's database; safe to share between threads."""

    def __init__(self, db: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: tuple[float, ShopSettings] | None = None

    def current(self) -> ShopSettings:
        """The settings, as of at most `FRESH` seconds ago."""
        with self._lock:
            kept = self._kept
            if kept is None or self._clock() - kept[0] >= FRESH:
                kept = self._kept = (self._clock(), self._read())
            return kept[1]

    def save(self, settings: ShopSettings) -> None:
        """Stores the settings, at once for this process."""
        rows = [{"name": name, "value": value} for name, value in settings.as_texts().items()]
        with self._db.write() as connection, connection.begin():
            connection.execute(delete(ShopSettingRow))
            connection.execute(insert(ShopSettingRow), rows)
        with self._lock:
            self._kept = None

    def _read(self) -> ShopSettings:
        query = select(ShopSettingRow.name, ShopSettingRow.value)
        with self._db.read() as connection:
            texts = {name: value for name, value in connection.execute(query)}
        try:
            return ShopSettings.of(texts)
        except ShopSettingError:  # written by a later version
            return ShopSettings()


def _locale(text: str) -> str:
    if not text:
        return ""
    try:
        return str(Locale.parse(text.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        raise ShopSettingError(
            "locale", f"{text[:20]!r} is no known locale. Write one such as de_DE or en_GB."
        ) from None
