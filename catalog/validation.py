"""What is wrong with a value that a pydantic model refused, in plain words."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

PREFIX = "Value error, "  # of messages of our own validators
MESSAGES = {  # kind of a validation error -> what is wrong
    "bool_parsing": "should be true or false",
    "bool_type": "should be true or false",
    "extra_forbidden": "there is no such key",
    "float_parsing": "should be a number",
    "float_type": "should be a number",
    "int_from_float": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_parsing_size": "should be a smaller number",
    "int_type": "should be a whole number",
    "missing": "is missing",
    "string_type": "should be text",
}
LENGTHS = {
    "string_too_short": "should have {min_length} characters or more",
    "string_too_long": "should have {max_length} characters or fewer",
    "too_short": "should have {min_length} {unit} or more",
    "too_long": "should have {max_length} {unit} or fewer",
    "string_pattern_mismatch": "should be of the form {pattern}",
}
SECRET_TEXT = "Value"  # pydantic's name of a SecretStr in errors of its length


def first_problem(error: ValidationError) -> str:
    """Where the first invalid value is and what is wrong, such as "count: should be a number"."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {problem(first)}" if where else problem(first)


def problem(error: Mapping[str, Any]) -> str:
    """What is wrong, such as "should be a whole number".

    Args:
        error: one of a ``ValidationError.errors()``. Its value is not quoted, except where a
            validator of ours does so.
    """
    kind, message, context = str(error["type"]), str(error["msg"]), error.get("ctx", {})
    if kind in MESSAGES:
        return MESSAGES[kind]
    if kind in LENGTHS:
        unit = "characters" if context.get("field_type") == SECRET_TEXT else "entries"
        return LENGTHS[kind].format_map({"unit": unit, **context})
    if message.startswith(PREFIX):
        return message.removeprefix(PREFIX)
    _, sign, expected = message.partition(" should ")
    return f"should {expected}" if sign else message
