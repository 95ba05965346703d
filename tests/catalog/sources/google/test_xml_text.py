"""What feed readers forgive is forgiven; what is not costs its item, or says where and why."""

import pytest

from catalog.errors import SourceError
from catalog.ingest.run import ingest
from catalog.records import Rejection
from catalog.sources import open_source
from catalog.sources.google import xml_text
from catalog.sources.google.xml_text import repaired_text

ITEM = "<item><g:id>{}</g:id><title>{}</title></item>"
BODY = '<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>\n{}\n</channel></rss>'
UTF8 = '<?xml version="1.0" encoding="UTF-8"?>\n'


def rss(*titles):
    return BODY.format("\n".join(ITEM.format(at, title) for at, title in enumerate(titles, 1)))


def titles(path, data, **options):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return [getattr(entry, "title", None) for entry in open_source(path, **options).records()]


CAFE = rss("Café robe")
FORGIVEN = {
    "blank lines": "\n \r\n" + UTF8 + CAFE,
    "two byte order marks": "\ufeff\ufeff" + UTF8 + CAFE,
    "a mark behind a blank line": "\n\ufeff" + UTF8 + CAFE,
    "a comment": "<!-- cached -->\n" + CAFE,
    "a DOCTYPE": UTF8 + "<!DOCTYPE rss>\n" + CAFE,
    "a DOCTYPE of elements": UTF8 + "<!DOCTYPE rss [<!ELEMENT rss ANY>]>" + CAFE,
    "the DOCTYPE of old RSS": UTF8
    + '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://n.example/x">'
    + CAFE,
    "entities of HTML": UTF8 + rss("Caf&eacute;&nbsp;robe"),
    "a control character": UTF8 + rss("Café\x0brobe"),
    "a control character as an entity": UTF8 + rss("Café&#11;robe"),
    "UTF-16 that says UTF-8": (UTF8 + CAFE).encode("utf-16"),
    "UTF-16 without a mark": (UTF8 + CAFE).encode("utf-16-le"),
    "UTF-8 that says UTF-16": UTF8.replace("UTF-8", "utf-16") + CAFE,
    "UTF-8 that says Latin 1": UTF8.replace("UTF-8", "ISO-8859-1") + CAFE,
    "Latin 1": (UTF8.replace("UTF-8", "ISO-8859-1") + CAFE).encode("cp1252"),
    "HTML in the title": UTF8 + rss("<p>Café</p><b>rob</b>e"),
    "a title of XHTML": UTF8
    + rss('<div xmlns="http://www.w3.org/1999/xhtml">Café <i>robe</i></div>'),
}


@pytest.mark.parametrize("data", FORGIVEN.values(), ids=FORGIVEN)
@pytest.mark.parametrize("name", ["feed.xml", "feed.txt"])
def test_what_is_forgiven(tmp_path, data, name):
    assert titles(tmp_path / name, data) == ["Café robe"]


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
def test_pieces_of_any_size_make_the_same_text(tmp_path, monkeypatch, chunk):
    text = UTF8 + rss("a &eacute;&amp;&x;& <![CDATA[H&M &amp; <b>]]]> & <!-- & -- > & -->b")
    (tmp_path / "f.xml").write_text(text)
    whole = "".join(repaired_text(tmp_path / "f.xml"))
    assert (
        "a &#233;&amp;\ufdd0x;\ufdd0 <![CDATA[H&M &amp; <b>]]]> \ufdd0 <!-- & -- > & -->b" in whole
    )
    original = xml_text._decoded
    monkeypatch.setattr(
        xml_text,
        "_decoded",
        lambda *arguments: (
            text[at : at + chunk] if at else text[: len(UTF8) + 9]
            for text in original(*arguments)
            for at in (0, *range(len(UTF8) + 9, len(text), chunk))
        ),
    )
    assert "".join(repaired_text(tmp_path / "f.xml")) == whole


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("H&M shirt", "line 4, item 2: an & begins no entity in 'H&M shirt'; & must be written"),
        ("&logo; shirt", "line 4, item 2: the entity &logo; is not known"),
        ("<a>x</a> R&D", "an & begins no entity"),
    ],
)
def test_a_wrong_ampersand_costs_its_item(db, tmp_path, catalog_settings, title, words):
    path = tmp_path / "f.xml"
    path.write_text(UTF8 + rss("one", "two", "three"))
    ingest(db, open_source(path), settings=catalog_settings)
    path.write_text(UTF8 + rss("one", title, "three"))
    first, wrong, third = open_source(path).records()
    assert (first.title, third.title) == ("one", "three")
    assert isinstance(wrong, Rejection) and words in wrong.reason and wrong.product_id == "2"
    report = ingest(db, open_source(path), sync=True, settings=catalog_settings)
    assert (report.rejected, report.retired, report.unchanged) == (1, 0, 2)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("<br />\n<b>Warning</b>: foo\n" + UTF8 + CAFE, "before the XML in line 1 .*Warning"),
        ("\nWarning: x in y.php\n" + UTF8 + CAFE, "before the XML in line 2 .*Warning: x"),
        ((UTF8 + rss("Café")).encode("cp1252"), "Line 3 .*not UTF-8 text .byte 0xe9.*--encoding"),
        (UTF8.replace("UTF-8", "klingon") + CAFE, "the encoding 'klingon', which is not known"),
        (UTF8 + CAFE + "\n<b>Fatal error</b>", "junk after .* Remove what stands behind the end"),
        (UTF8 + rss("one", "5 < 6", "three"), "line 4, at item 2. Write < as &lt;.*were read"),
    ],
)
def test_what_is_not_forgiven_says_where_and_why(tmp_path, data, words):
    with pytest.raises(SourceError, match=words):
        titles(tmp_path / "feed.xml", data)


def test_items_before_a_bad_byte_are_kept(db, tmp_path, catalog_settings):
    (tmp_path / "f.xml").write_bytes((UTF8 + rss("one", "Café", "three")).encode("cp1252"))
    with pytest.raises(SourceError, match="Line 4"):
        ingest(db, open_source(tmp_path / "f.xml"), sync=True, settings=catalog_settings)
    options = {"encoding": "cp1252"}
    assert titles(tmp_path / "g.xml", (tmp_path / "f.xml").read_bytes(), **options)[1] == "Café"
