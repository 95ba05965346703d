"""Text of feeds without HTML: tags, comments and entities, also where they are escaped twice."""

import html
import re

_INLINE = """
a abbr acronym b bdi bdo big cite code data del dfn em font i img input ins kbd label mark o
picture q s samp small source span strike strong sub sup svg time tt u var wbr
"""
_BLOCKS = """
address article aside blockquote body br button caption center dd div dl dt fieldset figcaption
figure footer form h1 h2 h3 h4 h5 h6 head header hr html iframe li main meta nav ol option p pre
section select table tbody td tfoot th thead tr ul video
"""
INLINE, BLOCKS = frozenset(_INLINE.split()), frozenset(_BLOCKS.split())
MOST_ESCAPES = 3  # times that a text may have been escaped once too often
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_HIDDEN = re.compile(r"<!--.*?-->|<(script|style)\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)\b[^<>]*>")


def plain_text(text: str) -> str:
    """The text that a browser would show; inline tags leave no gap, others one blank.

    What only looks like a tag or an entity stays: "size <M", "AT&T".
    """
    if "&" in text:
        text = unescaped(text)
    if "<" in text:
        text = _TAG.sub(_instead, _HIDDEN.sub(" ", text))
        if "&" in text:
            text = unescaped(text)
    return text


def unescaped(text: str) -> str:
    """The text with its entities replaced, again where that yields entities."""
    for _ in range(MOST_ESCAPES):
        before, text = text, _ENTITY.sub(lambda found: html.unescape(found.group()), text)
        if text == before or "&" not in text:
            break
    return text


def _instead(tag: "re.Match[str]") -> str:
    name = tag.group(1).lower()
    if name in INLINE:
        return ""
    return " " if name in BLOCKS else tag.group()
