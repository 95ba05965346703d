"""Lists in cells, which many exports write as JSON."""

import json


def listed_in(value: object) -> list[object]:
    """The values of a list, of a text that holds one as JSON, or the value itself; none of None."""
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, str) and (text := value.strip()).startswith("[") and text.endswith("]"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return [value]
        if isinstance(found, list):
            return found
    return [value]
