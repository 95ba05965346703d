"""Mutates valid bytes: cut, swapped, repeated, and with inserted bytes that break readers."""

from random import Random

NASTY = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"'", b"\r", b"\n", b"\r\n", b",", b";", b"\t", b"|",
    b"<", b">", b"&", b"&#0;", b"&#xD800;", b"]]>", b"<![CDATA[", b"<!--", b"<?xml?>", b"{", b"[",
    b"}", b"]", b"\\", b"\\ud800", b"\xed\xa0\x80", b"-1", b"1e999", b"NaN", b"9" * 400, b"=1+1",
    b"../../../etc/passwd", b"file:///etc/passwd", b"http://127.0.0.1:1/x.jpg", b"%00", b"\x1b[2J",
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>', b"&b;",
    b'<!ENTITY x SYSTEM "file:///etc/passwd">', b"<g:price>", b"</item>", b"<item>", b"A" * 5_000,
    b"&eacute;", b"&amp;amp;", b"<!DOCTYPE rss>", b"sep=;\n", b"# ", b"\0x\0", b"R$", b"\xe9",
    "\u202e\u0000\u2028".encode(), b"\x80" * 7,
)  # fmt: skip


def mutated(data: bytes, random: Random, most: int = 12) -> bytes:
    """The bytes with some changes, the same for the same random numbers."""
    found = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 3, most))):
        at = random.randrange(len(found) + 1)
        end = min(len(found), at + int(random.expovariate(1 / 30)))
        match random.randrange(8):
            case 0:
                found[at:at] = random.choice(NASTY)
            case 1:
                found[at:end] = random.choice(NASTY)
            case 2:
                del found[at:end]
            case 3:
                found[at:end] = random.randbytes(end - at)
            case 4 if found:
                found[at % len(found)] ^= 1 << random.randrange(8)
            case 5:
                found[at:at] = found[at:end] * random.randrange(1, 40)
            case 6 if random.random() < 0.3:
                del found[at:]
            case 7:
                other = random.randrange(len(found) + 1)
                found[at:at] = found[other : other + end - at]
    return bytes(found)
