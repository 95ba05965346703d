"""The prices of a row: what a product costs, on sale or not, and in which currency."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from catalog.errors import RecordError
from catalog.records import FieldNote
from catalog.sources.rows.field_values import normal
from catalog.text import shown
from catalog.vocabulary.prices import DecimalSign, contradicts, currency, price

PRICES = ("price", "sale_price", "old_price")


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of a product; ``sale`` is below ``amount``."""

    amount: Decimal | None
    sale: Decimal | None
    currency: str | None


def prices_of(
    raw: Mapping[str, object], decimal_sign: DecimalSign, notes: list[FieldNote]
) -> Prices:
    """The price, the lower sale price if any, and the currency.

    A sale price of 0 means no sale. Of an old and a new price, the new one is the sale price. A
    sale or old price that cannot be used is left out, with a note.

    Args:
        raw: field -> value as in the source.
        decimal_sign: see `catalog.vocabulary.prices.price`.
        notes: what is left out is added here.

    Raises:
        RecordError: the price cannot be parsed, or is not in the currency of its column.
    """
    now, code = price(normal(raw.get("price")), decimal_sign)
    sale, sale_code = _other("sale_price", raw, decimal_sign, notes)
    old, old_code = _other("old_price", raw, decimal_sign, notes)
    named = currency(None if raw.get("currency") is None else str(raw["currency"]))
    if not sale and now and old and old > now and (not old_code or code in (None, old_code)):
        now, sale, code, sale_code = old, now, code or old_code, code
    elif now is None and sale and old:
        now, code = old, old_code
    if now is None:
        now, code, sale = (sale or None), sale_code, None
    if sale and not _is_sale(now, code, sale, sale_code, raw, notes):
        sale = None
    if named:
        for field in PRICES:
            if contradicts(raw.get(field), named) and not _is_left_out(field, notes):
                raise RecordError(f"{field} {shown(raw[field])} is not in the currency {named}")
    code = named or code or (sale_code if sale else None)
    return Prices(now, sale or None, code if now is not None else None)


def _other(
    field: str, raw: Mapping[str, object], decimal_sign: DecimalSign, notes: list[FieldNote]
) -> tuple[Decimal | None, str | None]:
    """A price that the product can do without."""
    try:
        return price(normal(raw.get(field)), decimal_sign)
    except RecordError as error:
        notes.append(FieldNote(field, "price", str(raw[field]), f"{field} is left out: {error}"))
        return None, None


def _is_sale(
    now: Decimal | None,
    code: str | None,
    sale: Decimal,
    sale_code: str | None,
    raw: Mapping[str, object],
    notes: list[FieldNote],
) -> bool:
    """Whether a sale price is below the price; one that cannot be is left out with a note."""
    if code and sale_code and code != sale_code:
        reason = f"the sale price is in {sale_code} and the price in {code}"
    elif now is None or sale > now:
        reason = f"the sale price {sale} is above the price {now}"
    else:
        return sale < now
    given = str(raw.get("sale_price"))
    notes.append(FieldNote("sale_price", "sale_price", given, f"{reason}, so it is left out"))
    return False


def _is_left_out(field: str, notes: list[FieldNote]) -> bool:
    return any(note.field == field for note in notes)
