"""Streams the items of an RSS or Atom file: one in memory at a time; DTDs and entities refused."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from catalog.errors import SourceError
from catalog.sources.base import Row, RowError

CHUNK = 1 << 16
ITEMS = ("item", "entry")
MAX_ITEM = 1_000_000  # characters; Google allows a tenth of that
MAX_TOKEN = 4_000_000  # bytes of one tag or comment
MAX_DEPTH = 20  # of tags in an item
GOOGLE_NAMESPACE = "base.google.com/ns"  # part of its URL; its prefix is usually g


def read_items(path: Path) -> Iterator[tuple[int, Row | RowError]]:
    """Yields (number of the item, its values by tag name, or its error).

    Google's prefix is removed from names, and such a tag takes precedence over one without prefix;
    other prefixes stay. A tag that occurs several times becomes a list, one with tags in it a
    mapping.

    Raises:
        SourceError: it is not valid XML from some point on, or has a DTD.
    """
    parser: Any = DefusedExpatParser(forbid_dtd=True)
    items = _Items()
    parser.setContentHandler(items)
    without_event = 0  # bytes since the parser reported anything
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                before = items.events
                parser.feed(chunk)
                without_event = without_event + len(chunk) if items.events == before else 0
                if without_event > MAX_TOKEN:
                    raise SourceError(
                        f"{path} has a tag or comment of more than {MAX_TOKEN:,} bytes near item "
                        f"{items.number}. Is it a feed?"
                    )
                yield from items.taken()
    except DefusedXmlException as error:
        raise SourceError(
            f"{path} has a DTD or entities, which are refused. Remove the DOCTYPE."
        ) from error
    except (OSError, SAXException, ValueError, LookupError) as error:
        yield from items.taken()
        raise SourceError(f"{path} cannot be read to its end: {_message(error)}.") from error
    try:
        parser.close()
    except (SAXException, ValueError) as error:
        yield from items.taken()
        reason = f"the file ends in the middle of it: {_message(error)}"
        yield max(1, items.number), RowError("cut_off", reason, items.row())
    yield from items.taken()


class _Items(ContentHandler):
    """Collects the values of each item; everything outside of items is ignored."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 0
        self.events = 0
        self._done: list[tuple[int, Row | RowError]] = []
        self._prefixes = {"g"}
        self._depth = 0
        self._item_depth: int | None = None
        self._size = 0
        self._texts: list[list[str]] = []
        self._parts: list[dict[str, object]] = []
        self._unprefixed: dict[str, object] = {}

    def taken(self) -> list[tuple[int, Row | RowError]]:
        """Removes and returns the items that are complete."""
        done, self._done = self._done, []
        return done

    def row(self) -> Row:
        """The values of the current item so far."""
        return {**self._unprefixed, **self._parts[0]} if self._parts else {}

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        self.events += 1
        self._depth += 1
        for key, value in attrs.items():
            if key.startswith("xmlns:") and GOOGLE_NAMESPACE in value:
                self._prefixes.add(key.removeprefix("xmlns:"))
        if self._item_depth is None:
            if name in ITEMS:
                self.number += 1
                self._item_depth, self._size = self._depth, 0
                self._parts, self._texts, self._unprefixed = [{}], [], {}
            return
        if self._depth - self._item_depth > MAX_DEPTH:
            raise SAXException(f"item {self.number} has tags more than {MAX_DEPTH} deep")
        self._grow(len(name))
        self._parts.append({})
        self._texts.append([])
        href = attrs.get("href") if name == "link" else None
        if href and attrs.get("rel", "alternate") == "alternate":  # a link in Atom
            self._grow(len(href))
            self._texts[-1].append(href)

    def characters(self, content: str) -> None:
        self.events += 1
        if self._texts:
            self._grow(len(content))
            if self._size <= MAX_ITEM:
                self._texts[-1].append(content)

    def endElement(self, name: str) -> None:
        self.events += 1
        self._depth -= 1
        if self._item_depth is None:
            return
        if self._depth < self._item_depth:
            self._finish()
            return
        parts, text = self._parts.pop(), "".join(self._texts.pop()).strip()
        value: object = parts or text
        if not value or self._size > MAX_ITEM:
            return
        prefix, _, local = name.rpartition(":")
        googles = prefix in self._prefixes
        top = len(self._parts) == 1
        target = self._unprefixed if top and not googles else self._parts[-1]
        key = local if googles else name
        if key not in target:
            target[key] = value
        elif isinstance(earlier := target[key], list):
            earlier.append(value)
        else:
            target[key] = [earlier, value]

    def _grow(self, size: int) -> None:
        self._size += size + 1

    def _finish(self) -> None:
        row: Row | RowError = self.row()
        if self._size > MAX_ITEM:
            reason = f"item {self.number} has more than {MAX_ITEM:,} characters"
            row = RowError("too_large", reason, row if isinstance(row, Mapping) else None)
        self._done.append((self.number, row))
        self._item_depth = None
        self._parts, self._texts, self._unprefixed = [], [], {}


def _message(error: Exception) -> str:
    if isinstance(error, SAXParseException):
        return f"{error.getMessage()} in line {error.getLineNumber()}"
    return str(error)
