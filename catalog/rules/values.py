"""Parses the values of a rule's fields: names, category paths, positions, amounts, times."""

from datetime import date, datetime

from catalog.errors import RuleError
from catalog.utc import in_utc
from catalog.vocabulary import category_path

MAX_TEXT = 200
MAX_POSITION = 1_000
MAX_AMOUNT = 2.0


def text_of(rule: str | None, field: str, value: object) -> str | None:
    """One line of text, or None for None and "".

    Raises:
        RuleError: it is not text, has several lines, or is too long.
    """
    if value is None or value == "":
        return None
    whose = f"Rule {rule!r}: " if rule else ""
    if not isinstance(value, str):
        raise RuleError("bad-type", field, f"{whose}{field} {value!r} is not text.")
    if not value.isprintable() or value != value.strip() or len(value) > MAX_TEXT:
        raise RuleError(
            "bad-text",
            field,
            f"{whose}{field} {value[:40]!r} must be one line of 1 to {MAX_TEXT} characters "
            "without leading or trailing spaces.",
        )
    return value


def path_of(rule: str, value: object) -> str | None:
    """A category path in its normal form, "Tops > T-shirts".

    Raises:
        RuleError: it names no category.
    """
    text = text_of(rule, "category", value)
    if text is None:
        return None
    path = category_path.join(category_path.names_of(text))
    if not path:
        raise RuleError(
            "bad-text",
            "category",
            f"Rule {rule!r}: category {text!r} is empty. Write a path such as Tops > T-shirts.",
        )
    return path


def position_of(rule: str, value: object) -> int | None:
    """A position from 1 to `MAX_POSITION`, from a number or its text.

    Raises:
        RuleError: it is anything else.
    """
    if value is None:
        return None
    number = value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9:
        number = int(value)
    if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= MAX_POSITION:
        return number
    raise RuleError(
        "bad-position",
        "position",
        f"Rule {rule!r}: position {value!r} must be a whole number from 1 to {MAX_POSITION:,}.",
    )


def amount_of(rule: str, value: object) -> float | None:
    """An amount above 0 and at most `MAX_AMOUNT`, from a number or its text.

    Raises:
        RuleError: it is anything else.
    """
    if value is None:
        return None
    number = value
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            number = None
    if (
        isinstance(number, int | float)
        and not isinstance(number, bool)
        and 0 < number <= MAX_AMOUNT  # False for NaN
    ):
        return float(number)
    raise RuleError(
        "bad-amount",
        "amount",
        f"Rule {rule!r}: amount {value!r} must be a number above 0 and at most {MAX_AMOUNT:g}; "
        "it is added to (boost) or subtracted from (bury) a cosine.",
    )


def moment_of(rule: str, field: str, value: object) -> datetime | None:
    """A moment in UTC, from a time, a date (its first moment), or ISO 8601 text of either.

    Values without a time zone are UTC.

    Raises:
        RuleError: it is anything else.
    """
    if value is None:
        return None
    moment: object = value
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
        elif isinstance(value, date) and not isinstance(value, datetime):
            moment = datetime(value.year, value.month, value.day)
        if isinstance(moment, datetime):
            return in_utc(moment)
    except (ValueError, OverflowError):
        pass
    raise RuleError(
        "bad-date",
        field,
        f"Rule {rule!r}: {field} {str(value)[:40]!r} is not a date or time. "
        "Write 2026-11-27 or 2026-11-27T18:00:00Z; without a zone it is UTC.",
    )


def moment_text(moment: datetime) -> str:
    """A moment in ISO 8601, in UTC: 2026-11-27T00:00:00Z."""
    return in_utc(moment).replace(tzinfo=None).isoformat() + "Z"
