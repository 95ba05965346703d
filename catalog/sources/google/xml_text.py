"""The text of an XML file, with the mistakes mended that every browser or feed reader forgives.

Byte order marks and blank lines before the XML, a declared encoding that the bytes disprove,
HTML's named entities, and characters that XML does not allow are forgiven. A bare "&" and unknown
entities get `BAD_SIGN`, so that only their item is rejected. Lines keep their numbers.
"""

import codecs
import html.entities
import re
from collections.abc import Iterator
from pathlib import Path

from catalog.errors import SourceError
from catalog.text import shown

CHUNK = 1 << 16
LONGEST_ENTITY = 64
BAD_SIGN = "\ufdd0"  # in the place of an "&" that begins no known entity; never a character of text
PREDEFINED = frozenset({"amp", "lt", "gt", "quot", "apos"})
# What browsers take for these labels.
LABELS = {"iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "us-ascii": "cp1252",
          "ascii": "cp1252", "windows-1252": "cp1252", "utf8": "utf-8"}  # fmt: skip

START = re.compile(r"<\?xml\b|<!DOCTYPE\b|<(?:[\w-]+:)?(?:rss|feed|RDF|channel)\b", re.IGNORECASE)
_DECLARED = re.compile(rb"""<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([\w.:-]{1,40})""")
_DECLARATION = re.compile(r"<\?xml\b[^>]*>", re.IGNORECASE)
# Those of old RSS and of (X)HTML, which feed readers know and never load.
_KNOWN_DOCTYPE = re.compile(
    r"""<!DOCTYPE\s+[\w:-]+\s+PUBLIC\s+["']-//(?:Netscape|W3C)[^"'<>]*["']\s*(?:"[^"<>]*"|'[^'<>]*')?\s*>""",
    re.IGNORECASE,
)
_OPENING = re.compile(r"<!\[CDATA\[|<!--")
_CLOSING = {"<![CDATA[": "]]>", "<!--": "-->"}
_AMPERSAND = re.compile(r"&(?:(#[0-9]{1,9}|#[xX][0-9A-Fa-f]{1,8}|[A-Za-z_][\w.-]{0,60});)?")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufdd0\ufffe\uffff]")
_UNFINISHED = re.compile(r"(?:&[#\w.-]{0,63}|<!?\[?[A-Z-]{0,7})$")


def repaired_text(path: Path, encoding: str | None = None) -> Iterator[str]:
    """Yields the text of an XML file, without its XML declaration.

    Args:
        path: the file.
        encoding: what it is written in; by default as its first bytes and its declaration say.

    Raises:
        SourceError: something stands before the XML, or some bytes are not of the encoding. What
            comes before these bytes is yielded first.
        OSError: it cannot be read.
    """
    repair = _Repair()
    first = True
    for text in _decoded(path, encoding or encoding_of(path)):
        if first:
            text = _without_declaration(text, path)
            first = False
        yield repair.add(text)
    yield repair.rest()


def encoding_of(path: Path) -> str:
    """The encoding of an XML file: of its declaration, unless its bytes disprove that.

    Raises:
        SourceError: the declared one is not known.
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        start = stream.read(1024)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for name, blank in (("utf-16-le", b"<\0"), ("utf-16-be", b"\0<")):
        if start.startswith(blank):
            return name
    declared = _DECLARED.search(start)
    label = declared.group(1).decode("ascii").lower() if declared else "utf-8"
    label = LABELS.get(label, label)
    if start.startswith(codecs.BOM_UTF8) or label.startswith(("utf-16", "utf16", "ucs-2", "utf-8")):
        return "utf-8"  # what is written in single bytes is no UTF-16, whatever it says
    try:
        codecs.lookup(label)
        "".encode(label)
    except LookupError as error:
        raise SourceError(
            f"{path} declares the encoding {label!r}, which is not known. Write UTF-8, or name its "
            "encoding with --encoding."
        ) from error
    return "utf-8" if _is_utf8(path) else label


def _is_utf8(path: Path) -> bool:
    """Whether a file has UTF-8 sequences and nothing else beyond ASCII."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    beyond = False
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                beyond = beyond or not chunk.isascii()
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return beyond


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(
        "replace" if encoding == "cp1252" else "strict"
    )
    lines = 1
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                if error.end == len(error.object) and not chunk:
                    return  # cut off in the middle of a character, and so in the middle of an item
                before = bytes(error.object)[: error.start].decode(encoding)
                yield before
                raise SourceError(
                    f"Line {lines + before.count(chr(10))} of {path} is not {encoding.upper()} "
                    f"text (byte 0x{error.object[error.start]:02x}), though the file says so. What "
                    "comes before it was read. Write the feed as UTF-8, or name its encoding with "
                    "--encoding, such as --encoding cp1252."
                ) from error
            if text:
                yield text
            lines += text.count("\n")
            if not chunk:
                return


def _without_declaration(text: str, path: Path) -> str:
    text = text.lstrip("\ufeff")
    found = START.search(text)
    before = re.sub(r"<!--.*?-->", "", text[: found.start()], flags=re.DOTALL) if found else ""
    if before.strip("\ufeff \t\r\n"):
        line = text[: len(text) - len(text.lstrip())].count("\n") + 1
        raise SourceError(
            f"Something stands before the XML in line {line} of {path}: {shown(before.strip())}. "
            "It may be a message of the program that writes the feed. Remove it there."
        )
    for pattern in (_DECLARATION, _KNOWN_DOCTYPE):
        text = pattern.sub(lambda match: "\n" * match.group().count("\n"), text, count=1)
    return text.lstrip("\ufeff").replace("\ufeff", "", 1) if before else text


class _Repair:
    """Mends a text that comes in pieces."""

    def __init__(self) -> None:
        self._kept = ""  # the end of the last piece, which may go on in the next
        self._until = ""  # what ends the CDATA section or comment that the text is in

    def add(self, text: str) -> str:
        text, self._kept = self._kept + text, ""
        out: list[str] = []
        at = 0
        while at < len(text):
            if self._until:
                end = text.find(self._until, at)
                if end < 0:
                    cut = max(at, len(text) - 2)
                    out.append(_FORBIDDEN.sub(" ", text[at:cut]))
                    self._kept = text[cut:]
                    break
                end += len(self._until)
                out.append(_FORBIDDEN.sub(" ", text[at:end]))
                at, self._until = end, ""
                continue
            opening = _OPENING.search(text, at)
            stop = opening.start() if opening else self._safe_end(text, at)
            out.append(_mended(text[at:stop]))
            if opening is None:
                self._kept = text[stop:]
                break
            out.append(opening.group())
            at, self._until = opening.end(), _CLOSING[opening.group()]
        return "".join(out)

    def rest(self) -> str:
        return self._kept if self._until else _mended(self._kept)

    @staticmethod
    def _safe_end(text: str, at: int) -> int:
        found = _UNFINISHED.search(text, max(at, len(text) - LONGEST_ENTITY))
        return found.start() if found else len(text)


def _mended(text: str) -> str:
    text = _FORBIDDEN.sub(" ", text)
    return _AMPERSAND.sub(_entity, text) if "&" in text else text


def _entity(found: "re.Match[str]") -> str:
    name = found.group(1)
    if name is None:
        return BAD_SIGN
    if name in PREDEFINED:
        return found.group()
    if name.startswith("#"):
        code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
        return found.group() if _is_allowed(code) else " "
    known = html.entities.html5.get(f"{name};")
    if known is None:
        return f"{BAD_SIGN}{name};"
    return "".join(f"&#{ord(sign)};" for sign in known)


def _is_allowed(code: int) -> bool:
    """Whether XML allows a character, and it is not `BAD_SIGN`."""
    return code in (9, 10, 13) or (
        0x20 <= code <= 0x10FFFF
        and not 0xD800 <= code < 0xE000
        and code not in (0xFDD0, 0xFFFE, 0xFFFF)
    )
