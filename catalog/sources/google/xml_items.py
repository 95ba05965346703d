"""Streams the items of an RSS or Atom file, one in memory at a time, without declared entities."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from catalog.errors import SourceError
from catalog.sources.base import Row, RowError
from catalog.sources.google.xml_text import BAD_SIGN, repaired_text
from catalog.vocabulary.markup import BLOCKS, INLINE

ITEMS = ("item", "entry")
MAX_ITEM = 1_000_000  # characters; Google allows a tenth of that
MAX_TOKEN = 4_000_000  # bytes of one tag or comment
MAX_DEPTH = 20  # of tags in an item
CURES = {
    "not well-formed": "Write < as &lt;, or put the text into CDATA",
    "mismatched tag": "Close each tag that is opened",
    "junk after": "Remove what stands behind the end of the feed",
    "unclosed": "It may be cut off: copy it again",
    "no element": "It may be cut off: copy it again",
}
HTML = INLINE | BLOCKS
GOOGLE_NAMESPACE = "base.google.com/ns"  # part of its URL; its prefix is usually g


def read_items(path: Path, encoding: str | None = None) -> Iterator[tuple[int, Row | RowError]]:
    """Yields (number of the item, its values by tag name, or its error).

    Google's prefix is removed from names, and such a tag takes precedence over one without prefix;
    other prefixes stay. A tag that occurs several times becomes a list, one with tags in it a
    mapping; HTML in a text is joined to it.

    Args:
        path: the file.
        encoding: what it is written in; None as it says, see `catalog.sources.google.xml_text`.

    Raises:
        SourceError: it is not valid XML from some point on, or declares entities.
    """
    parser: Any = DefusedExpatParser(forbid_dtd=False)
    items = _Items(parser.getLineNumber)
    parser.setContentHandler(items)
    without_event = 0  # characters since the parser reported anything
    try:
        for text in repaired_text(path, encoding):
            before = items.events
            parser.feed(text)
            without_event = without_event + len(text) if items.events == before else 0
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
    except SourceError:
        yield from items.taken()
        raise
    except (OSError, SAXException, ValueError, LookupError) as error:
        yield from items.taken()
        raise SourceError(
            f"{path} cannot be read to its end: {_message(error, items.number)}"
        ) from error
    try:
        parser.close()
    except (SAXException, ValueError) as error:
        yield from items.taken()
        reason = f"the file ends in the middle of it: {_message(error, items.number)}"
        yield max(1, items.number), RowError("cut_off", reason, items.row())
    yield from items.taken()


class _Items(ContentHandler):
    """Collects the values of each item; everything outside of items is ignored."""

    def __init__(self, line_now: Callable[[], int]) -> None:
        super().__init__()
        self._line_now = line_now
        self.number = 0
        self.events = 0
        self._done: list[tuple[int, Row | RowError]] = []
        self._prefixes = {"g"}
        self._depth = 0
        self._bad_sign: tuple[int, str] | None = None  # the line and text of a bare "&"
        self._markup: list[bool] = []  # of each open tag in an item: whether it is HTML in a text
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
        values = {**self._unprefixed, **self._parts[0]} if self._parts else {}
        return {name: _with_ampersands(value) for name, value in values.items()}

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
                self._markup, self._bad_sign = [], None
            return
        if self._depth - self._item_depth > MAX_DEPTH:
            raise SAXException(f"item {self.number} has tags more than {MAX_DEPTH} deep")
        self._grow(len(name))
        tag = name.rpartition(":")[2].lower()
        is_markup = bool(self._texts) and not name.startswith(
            tuple(f"{p}:" for p in self._prefixes)
        )
        self._markup.append(is_markup and (tag in INLINE or tag in BLOCKS))
        if self._markup[-1]:
            self._texts[-1].append(" " if tag in BLOCKS else "")
            return
        self._parts.append({})
        self._texts.append([])
        href = attrs.get("href") if name == "link" else None
        if href and BAD_SIGN in href:
            self._note_bad_sign(href)
        if href and attrs.get("rel", "alternate") == "alternate":  # a link in Atom
            self._grow(len(href))
            self._texts[-1].append(href)

    def characters(self, content: str) -> None:
        self.events += 1
        if self._texts:
            self._grow(len(content))
            if BAD_SIGN in content:
                self._note_bad_sign(content)
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
        if self._markup.pop():
            if name.rpartition(":")[2].lower() in BLOCKS:
                self._texts[-1].append(" ")
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

    def _note_bad_sign(self, text: str) -> None:
        self._bad_sign = self._bad_sign or (self._line_now(), text)

    def _grow(self, size: int) -> None:
        self._size += size + 1

    def _finish(self) -> None:
        values = self.row()
        row: Row | RowError = values
        if self._size > MAX_ITEM:
            reason = f"item {self.number} has more than {MAX_ITEM:,} characters"
            row = RowError("too_large", reason, values)
        elif self._bad_sign is not None:
            row = RowError("entity", _bad_sign_reason(self.number, *self._bad_sign), values)
        self._done.append((self.number, row))
        self._item_depth = None
        self._parts, self._texts, self._unprefixed = [], [], {}


def _with_ampersands(value: object) -> object:
    """A value with "&" again where the text had a wrong one."""
    if isinstance(value, str):
        return value.replace(BAD_SIGN, "&")
    if isinstance(value, list):
        return [_with_ampersands(one) for one in value]
    if isinstance(value, dict):
        return {name: _with_ampersands(one) for name, one in value.items()}
    return value


def _bad_sign_reason(number: int, line: int, text: str) -> str:
    before, _, after = text.partition(BAD_SIGN)
    near = f"{before[-20:]}&{after[:20]}".replace(BAD_SIGN, "&").strip()
    entity = re.match(r"[\w.-]+;", after)
    what = f"the entity &{entity.group()} is not known" if entity else "an & begins no entity"
    return f"line {line}, item {number}: {what} in {near!r}; & must be written &amp;"


def _message(error: Exception, item: int) -> str:
    """What is wrong where, and what to do about it."""
    if not isinstance(error, SAXParseException):
        return f"{error}. The items before it were read, and nothing was retired."
    message = str(error.getMessage())
    cure = next((cure for start, cure in CURES.items() if message.startswith(start)), "Correct it")
    return (
        f"{message} in line {error.getLineNumber()}, at item {item}. {cure} and ingest it again. "
        "The items before it were read, and nothing was retired."
    )
